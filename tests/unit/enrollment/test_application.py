"""4.6: an enrollment application, each row of its table (PE-X-02, PE-X-03, PE-X-05, PE-X-10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.enrollment.domain.application import Application
from services.enrollment.domain.application_refusals import (
    NoStatementError,
    SignatureOverError,
    SignatureWindowOverError,
    StateForbidsError,
    TooManyDocumentsError,
    UnknownSignatureError,
)
from services.enrollment.domain.signatures import GROUP_OFFICIAL, PRACTITIONER, Needed, Signer
from tests.given import Fact, fact, given

NOW = datetime(2026, 5, 4, 14, 0, tzinfo=UTC)
LAST = NOW + timedelta(days=20)
DOCTOR, GROUP, STAFF, OFFICIAL, PERSON, MAC = (uuid4() for _ in range(6))
FIRST, SECOND, STATEMENT, RECORD = (uuid4() for _ in range(4))
BOTH = {PRACTITIONER: (FIRST, DOCTOR), GROUP_OFFICIAL: (SECOND, GROUP)}

Act = Callable[[Application], None]


def started(**fields: Any) -> Fact:
    return fact(
        Application.Started,
        **{
            "provider_id": DOCTOR,
            "npi": "2000000002",
            "form": "855I",
            "purpose": "INITIAL",
            "enrollment_id": None,
            "contractor": "Northern Contractor",
            "tracking_id": "T0504202600000019",
            "started_by": STAFF,
            "expires_at": NOW + timedelta(days=60),
        }
        | fields,
    )


STARTED = started()
SUBMITTED = fact(Application.Submitted, submitted_by=STAFF, reassignment_id=None, expires_at=LAST)
RESUBMITTED = fact(Application.Resubmitted, submitted_by=STAFF, reassignment_id=None, expires_at=LAST)
RECEIVED = fact(Application.Received, filing_date="2026-05-04", again=False)
RECEIVED_AGAIN = fact(Application.Received, filing_date="2026-05-04", again=True)
REVIEWED = fact(Application.ReviewStarted, started_by=MAC)
ASKED = fact(
    Application.CorrectionsRequested, requested_by=MAC, reason="The phone", expires_at=NOW + timedelta(days=30)
)
REOPENED = fact(Application.Reopened, reopened_by=STAFF, expires_at=NOW + timedelta(days=60))
EXPIRED = fact(Application.SignatureWindowExpired, missing=[GROUP_OFFICIAL])
UNSIGNED = fact(Application.Rejected, because="SIGNATURES_MISSING", reason="", rejected_by=None)


def asked(capacity: str) -> Fact:
    id_, provider = BOTH[capacity]
    return fact(
        Application.SignatureRequested, signature_id=id_, capacity=capacity, provider_id=provider, signer="sealed"
    )


def signed(capacity: str, by: UUID, **fields: Any) -> Fact:
    id_, provider = BOTH[capacity]
    return fact(
        Application.Signed,
        **{
            "signature_id": id_,
            "capacity": capacity,
            "provider_id": provider,
            "signed_by": by,
            "method": "ELECTRONIC",
            "attestation": "v1",
            "document_id": None,
            "signed_at": NOW,
        }
        | fields,
    )


PENDING = (STARTED, SUBMITTED, asked(PRACTITIONER), asked(GROUP_OFFICIAL))
HALF = (*PENDING, signed(PRACTITIONER, PERSON))
FILED = (*HALF, signed(GROUP_OFFICIAL, OFFICIAL), RECEIVED)
IN_PROCESS = (*FILED, REVIEWED)
RETURNED = (*IN_PROCESS, ASKED)


def submit(*capacities: str, now: datetime = NOW) -> Act:
    signers = [Signer(BOTH[one][0], Needed(one, BOTH[one][1]), "sealed") for one in capacities]
    return lambda a: a.submit(submitted_by=STAFF, signers=signers, reassignment_id=None, expires_at=LAST, now=now)


def sign(capacity: str, by: UUID, now: datetime = NOW, **more: Any) -> Act:
    more = {"attestation": "v1"} | more
    return lambda a: a.sign(signature_id=BOTH[capacity][0], signed_by=by, now=now, filing_date="2026-05-04", **more)


def save(fields: dict[str, str]) -> Act:
    return lambda a: a.save(topic="FINAL_ADVERSE_ACTIONS", fields=fields, saved_by=STAFF, expires_at=LAST)


def take_up(a: Application) -> None:
    a.take_up(started_by=MAC)


def approve(a: Application) -> None:
    a.approve(enrollment_id=RECORD, effective_date="2026-05-04", approved_by=MAC)


def deny(a: Application) -> None:
    a.deny(denied_by=MAC, reason="No license")


def reject(a: Application) -> None:
    a.reject(rejected_by=MAC, reason="No answer")


def give_back(a: Application) -> None:
    a.give_back(returned_by=MAC, reason="Wrong contractor")


def withdraw(a: Application) -> None:
    a.withdraw(withdrawn_by=STAFF)


def reopen(a: Application) -> None:
    a.reopen(reopened_by=STAFF, expires_at=NOW + timedelta(days=60))


def ask_corrections(a: Application) -> None:
    a.request_corrections(requested_by=MAC, reason="The phone", expires_at=NOW + timedelta(days=30))


def decline(a: Application) -> None:
    a.decline(signature_id=SECOND, declined_by=OFFICIAL, reason="Not mine", now=NOW, expires_at=LAST)


APPROVED = fact(Application.Approved, enrollment_id=RECORD, effective_date="2026-05-04", approved_by=MAC)
DENIED = fact(Application.Denied, denied_by=MAC, reason="No license")
REJECTED = fact(Application.Rejected, because="INFORMATION_MISSING", reason="No answer", rejected_by=MAC)
GIVEN_BACK = fact(Application.Returned, returned_by=MAC, reason="Wrong contractor")
WITHDRAWN = fact(Application.Withdrawn, withdrawn_by=STAFF)
DECLINED = fact(
    Application.SignatureDeclined, signature_id=SECOND, declined_by=OFFICIAL, reason="Not mine", expires_at=LAST
)


def test_a_topic_is_saved_once() -> None:
    saved = fact(Application.TopicSaved, topic="FINAL_ADVERSE_ACTIONS", fields={"any": "NO"})
    given(Application, STARTED).when(save({"any": "NO"})).then(saved)
    kept = fact(
        Application.TopicSaved,
        topic="FINAL_ADVERSE_ACTIONS",
        fields={"any": "NO"},
        saved_by=STAFF,
        expires_at=LAST,
    )
    given(Application, STARTED, kept).when(save({"any": "NO"})).then()


def test_a_submission_asks_every_signer() -> None:
    given(Application, STARTED).when(submit(PRACTITIONER, GROUP_OFFICIAL)).then(
        SUBMITTED, asked(PRACTITIONER), asked(GROUP_OFFICIAL)
    )


def test_a_practitioner_who_submits_alone_signs_inside_and_it_is_received() -> None:
    """PE-X-05: without new reassignments nobody else signs."""

    def submit_and_sign(a: Application) -> None:
        submit()(a)
        a.sign_present(
            signature_id=FIRST,
            needed=Needed(PRACTITIONER, DOCTOR),
            signed_by=PERSON,
            now=NOW,
            attestation="v1",
            filing_date="2026-05-04",
        )

    given(Application, STARTED).when(submit_and_sign).then(SUBMITTED, signed(PRACTITIONER, PERSON), RECEIVED)


def test_it_is_received_with_the_last_signature_and_not_before() -> None:
    """PE-X-03."""
    given(Application, *PENDING).when(sign(PRACTITIONER, PERSON)).then(signed(PRACTITIONER, PERSON))
    given(Application, *HALF).when(sign(GROUP_OFFICIAL, OFFICIAL)).then(signed(GROUP_OFFICIAL, OFFICIAL), RECEIVED)


def test_a_signature_given_twice_is_the_same_as_once() -> None:
    given(Application, *HALF).when(sign(PRACTITIONER, PERSON)).then()


def test_a_signature_that_was_given_is_refused_to_anybody_else() -> None:
    given(Application, *HALF).when(sign(PRACTITIONER, OFFICIAL)).then_raises(SignatureOverError)


def test_a_signature_counts_until_the_last_second_of_the_window() -> None:
    """D-23: 20 days to 23:59:59 Eastern; `LAST` is the first moment that is too late."""
    at = LAST - timedelta(seconds=1)
    last = signed(GROUP_OFFICIAL, OFFICIAL, signed_at=at)
    given(Application, *HALF).when(sign(GROUP_OFFICIAL, OFFICIAL, at)).then(last, RECEIVED)
    given(Application, *HALF).when(sign(GROUP_OFFICIAL, OFFICIAL, LAST)).then_raises(SignatureWindowOverError)


def test_missing_signatures_reject_it_when_the_window_is_over() -> None:
    given(Application, *HALF).when(lambda a: a.expire_signatures(now=LAST - timedelta(seconds=1))).then()
    given(Application, *HALF).when(lambda a: a.expire_signatures(now=LAST)).then(EXPIRED, UNSIGNED)
    given(Application, *HALF, EXPIRED, UNSIGNED).when(lambda a: a.expire_signatures(now=LAST)).then()


def test_after_the_window_a_signature_is_refused_though_the_timer_came_first() -> None:
    late = given(Application, *HALF, EXPIRED, UNSIGNED).when(sign(GROUP_OFFICIAL, OFFICIAL, LAST))
    late.then_raises(SignatureWindowOverError)


def test_a_statement_stands_for_a_signature() -> None:
    """PE-BEN-03."""
    attached = fact(Application.DocumentAttached, document_id=STATEMENT, document_type="SIGNED_STATEMENT")
    given(Application, *HALF).when(lambda a: a.attach(document_id=STATEMENT, document_type="SIGNED_STATEMENT")).then(
        attached
    )
    by_paper = signed(GROUP_OFFICIAL, STAFF, method="STATEMENT", attestation="", document_id=STATEMENT)
    filed = sign(GROUP_OFFICIAL, STAFF, document_id=STATEMENT, attestation="")
    given(Application, *HALF, attached).when(filed).then(by_paper, RECEIVED)
    given(Application, *HALF).when(filed).then_raises(NoStatementError)


def test_a_refusal_makes_a_draft_of_it_and_voids_what_was_signed() -> None:
    given(Application, *HALF).when(decline).then(DECLINED)
    given(Application, *HALF, DECLINED).when(decline).then()
    given(Application, *HALF, DECLINED).when(sign(PRACTITIONER, OFFICIAL)).then_raises(SignatureOverError)
    given(Application, *HALF, DECLINED).when(submit(PRACTITIONER, GROUP_OFFICIAL)).then(
        SUBMITTED, asked(PRACTITIONER), asked(GROUP_OFFICIAL)
    )


def test_a_signature_of_an_earlier_submission_is_unknown() -> None:
    again = given(Application, *HALF, DECLINED, SUBMITTED, asked(PRACTITIONER))
    again.when(sign(GROUP_OFFICIAL, OFFICIAL)).then_raises(UnknownSignatureError)


@pytest.mark.parametrize("before", [PENDING, (*HALF, EXPIRED, UNSIGNED)])
def test_correct_and_resubmit_makes_a_draft_again(before: tuple[Fact, ...]) -> None:
    """PE-REA-02, PE-X-03: while signatures are awaited, or after they were missed."""
    given(Application, *before).when(reopen).then(REOPENED)
    given(Application, *before, REOPENED).when(reopen).then()
    given(Application, *before, REOPENED).when(save({"any": "NO"})).then(fact(Application.TopicSaved))


def test_what_the_contractor_rejected_is_not_reopened() -> None:
    given(Application, *IN_PROCESS, REJECTED).when(reopen).then_raises(StateForbidsError)


def test_the_contractor_takes_up_what_was_received() -> None:
    given(Application, *FILED).when(take_up).then(REVIEWED)
    given(Application, *IN_PROCESS).when(take_up).then()
    given(Application, *HALF).when(take_up).then_raises(StateForbidsError)


def test_corrections_are_answered_by_signing_anew() -> None:
    given(Application, *IN_PROCESS).when(ask_corrections).then(ASKED)
    given(Application, *RETURNED).when(ask_corrections).then()
    given(Application, *RETURNED).when(save({"any": "NO"})).then(fact(Application.TopicSaved))
    given(Application, *RETURNED).when(submit(PRACTITIONER)).then(RESUBMITTED, asked(PRACTITIONER))
    answered = (*RETURNED, RESUBMITTED, asked(PRACTITIONER))
    given(Application, *answered).when(sign(PRACTITIONER, PERSON)).then(signed(PRACTITIONER, PERSON), RECEIVED_AGAIN)
    given(Application, *answered, signed(PRACTITIONER, PERSON), RECEIVED_AGAIN).when(take_up).then(REVIEWED)


def test_corrections_that_nobody_makes_in_30_days_reject_it() -> None:
    """PE-X-10."""
    over = NOW + timedelta(days=30)
    silent = fact(Application.Rejected, because="NO_RESPONSE", reason="", rejected_by=None)
    given(Application, *RETURNED).when(lambda a: a.expire_corrections(now=over - timedelta(seconds=1))).then()
    given(Application, *RETURNED).when(lambda a: a.expire_corrections(now=over)).then(silent)
    given(Application, *RETURNED).when(submit(PRACTITIONER, now=over)).then_raises(StateForbidsError)
    given(Application, *RETURNED, silent).when(reopen).then_raises(StateForbidsError)


@pytest.mark.parametrize(("act", "fact_"), [(approve, APPROVED), (deny, DENIED), (reject, REJECTED)])
def test_the_contractor_decides_once(act: Act, fact_: Fact) -> None:
    given(Application, *IN_PROCESS).when(act).then(fact_)
    given(Application, *IN_PROCESS, fact_).when(act).then()
    given(Application, *FILED).when(act).then_raises(StateForbidsError)


@pytest.mark.parametrize(("act", "own"), [(approve, APPROVED), (deny, DENIED), (reject, REJECTED)])
@pytest.mark.parametrize("decided", [APPROVED, DENIED, REJECTED, WITHDRAWN])
def test_what_is_decided_stays_decided(act: Act, own: Fact, decided: Fact) -> None:
    if own is not decided:
        given(Application, *IN_PROCESS, decided).when(act).then_raises(StateForbidsError)


def test_what_is_not_acceptable_is_returned_unprocessed() -> None:
    """PE-X-11."""
    given(Application, *FILED).when(give_back).then(GIVEN_BACK)
    given(Application, *FILED, GIVEN_BACK).when(give_back).then()
    given(Application, *IN_PROCESS).when(give_back).then_raises(StateForbidsError)


@pytest.mark.parametrize("before", [(STARTED,), PENDING, FILED, IN_PROCESS, RETURNED])
def test_it_can_be_withdrawn_until_it_is_decided(before: tuple[Fact, ...]) -> None:
    given(Application, *before).when(withdraw).then(WITHDRAWN)
    given(Application, *before, WITHDRAWN).when(withdraw).then()


def test_what_is_decided_is_not_withdrawn() -> None:
    given(Application, *IN_PROCESS, APPROVED).when(withdraw).then_raises(StateForbidsError)


def test_an_idle_draft_is_abandoned_after_60_days() -> None:
    over = NOW + timedelta(days=60)
    given(Application, STARTED).when(lambda a: a.abandon(now=over - timedelta(seconds=1))).then()
    given(Application, STARTED).when(lambda a: a.abandon(now=over)).then(fact(Application.Abandoned))
    given(Application, *PENDING).when(lambda a: a.abandon(now=over)).then()


def test_a_signer_is_asked_again_until_he_has_signed() -> None:
    """PE-REA-11."""

    def again(a: Application) -> None:
        a.request_again(signature_id=FIRST, signer="elsewhere", now=NOW)

    anew = fact(Application.SignatureRequestedAgain, signature_id=FIRST, signer="elsewhere")
    given(Application, *PENDING).when(again).then(anew)
    given(Application, *HALF).when(again).then_raises(SignatureOverError)


def test_an_application_takes_20_documents() -> None:
    there = [fact(Application.DocumentAttached, document_id=uuid4(), document_type="SUPPORTING") for _ in range(20)]
    one_more = given(Application, STARTED, *there).when(
        lambda a: a.attach(document_id=uuid4(), document_type="SUPPORTING")
    )
    one_more.then_raises(TooManyDocumentsError)
    given(Application, STARTED, *there[1:]).when(
        lambda a: a.attach(document_id=uuid4(), document_type="SUPPORTING")
    ).then(fact(Application.DocumentAttached))


def test_what_was_submitted_is_not_edited() -> None:
    given(Application, *PENDING).when(save({"any": "NO"})).then_raises(StateForbidsError)
    given(Application, *FILED).when(submit(PRACTITIONER)).then_raises(StateForbidsError)
