"""4.7 to 4.9: records, reassignments, documents, and what the forms ask (PE-X-05, PE-X-06, PE-X-08, PE-X-13)."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from chassis.domain import FaultsError
from services.enrollment.domain import forms
from services.enrollment.domain.document import Document
from services.enrollment.domain.enrollment import Enrollment, revalidation_date
from services.enrollment.domain.forms import UnknownTopicError, judged
from services.enrollment.domain.reassignment import AlreadyReassignedError, Reassignment
from services.enrollment.domain.signatures import GROUP_OFFICIAL, PRACTITIONER, Needed, mismatches, needed
from tests.given import fact, given

DOCTOR, GROUP, RECORD, FIRST, SECOND = (uuid4() for _ in range(5))

PROPOSED = fact(
    Reassignment.Proposed,
    provider_id=DOCTOR,
    npi="2000000002",
    receiving_enrollment_id=RECORD,
    receiving_provider_id=GROUP,
    receiving_npi="2000000010",
    application_id=FIRST,
)
ESTABLISHED = fact(Reassignment.Established, enrollment_id=uuid4(), effective_date="2026-05-04")
VOIDED = fact(Reassignment.Voided)


def test_a_record_is_revalidated_after_five_years_at_the_end_of_the_month() -> None:
    """PE-X-13; DMEPOS after three."""
    assert revalidation_date(date(2026, 5, 4), "855I") == date(2031, 5, 31)
    assert revalidation_date(date(2024, 2, 29), "855B") == date(2029, 2, 28)
    assert revalidation_date(date(2026, 5, 4), "855S") == date(2029, 5, 31)


def test_a_medicare_id_is_given_once() -> None:
    established = fact(
        Enrollment.Established,
        provider_id=GROUP,
        npi="2000000010",
        form="855B",
        state="ME",
        specialty="Clinic",
        contractor="Northern Contractor",
        practice_location="",
        effective_date="2020-01-01",
        origin="PAPER",
        application_id=None,
        officials=[],
        established_by=uuid4(),
    )
    assigned = fact(Enrollment.MedicareIdAssigned, ptan="ME1234", effective_date="2020-01-01")
    given(Enrollment, established).when(lambda e: e.assign(ptan="ME1234", effective_date="2020-01-01")).then(assigned)
    given(Enrollment, established, assigned).when(lambda e: e.assign(ptan="ME1234", effective_date="2020-01-01")).then()


def test_a_reassignment_is_established_by_the_application_that_proposed_it() -> None:
    def establish(r: Reassignment) -> None:
        r.establish(application_id=FIRST, enrollment_id=RECORD, effective_date="2026-05-04")

    given(Reassignment, PROPOSED).when(establish).then(fact(Reassignment.Established))
    given(Reassignment, PROPOSED, ESTABLISHED).when(establish).then()
    given(Reassignment, PROPOSED, VOIDED).when(establish).then()


def test_one_application_at_a_time_proposes_a_reassignment() -> None:
    again = fact(Reassignment.ProposedAgain, application_id=SECOND)
    given(Reassignment, PROPOSED).when(lambda r: r.propose(application_id=FIRST)).then()
    given(Reassignment, PROPOSED).when(lambda r: r.propose(application_id=SECOND)).then_raises(AlreadyReassignedError)
    given(Reassignment, PROPOSED, VOIDED).when(lambda r: r.propose(application_id=SECOND)).then(again)
    established = given(Reassignment, PROPOSED, ESTABLISHED).when(lambda r: r.propose(application_id=SECOND))
    established.then_raises(AlreadyReassignedError)


def test_another_applications_failure_leaves_a_reassignment_alone() -> None:
    given(Reassignment, PROPOSED).when(lambda r: r.void(application_id=SECOND)).then()
    given(Reassignment, PROPOSED).when(lambda r: r.void(application_id=FIRST)).then(VOIDED)


def test_a_reassignment_ends_once() -> None:
    ended = fact(Reassignment.Ended, end_date="2026-12-31", ended_by=DOCTOR)

    def end(r: Reassignment) -> None:
        r.end(end_date="2026-12-31", ended_by=DOCTOR)

    given(Reassignment, PROPOSED, ESTABLISHED).when(end).then(ended)
    given(Reassignment, PROPOSED, ESTABLISHED, ended).when(end).then()
    given(Reassignment, PROPOSED).when(end).then()


def test_a_document_that_was_submitted_is_end_dated() -> None:
    """PE-X-08."""
    uploaded = fact(
        Document.Uploaded,
        application_id=FIRST,
        account_id=DOCTOR,
        document_type="SUPPORTING",
        file_name="sealed",
        media_type="application/pdf",
        content_bytes=7,
        content_sha256="",
    )
    given(Document, uploaded).when(lambda d: d.remove(was_submitted=True)).then(fact(Document.EndDated))
    given(Document, uploaded).when(lambda d: d.remove(was_submitted=False)).then(fact(Document.Deleted))
    given(Document, uploaded, fact(Document.EndDated)).when(lambda d: d.remove(was_submitted=False)).then()


def test_a_new_reassignment_needs_an_official_of_the_group() -> None:
    """PE-X-05."""
    alone = needed(DOCTOR, {})
    both = needed(DOCTOR, {"REASSIGNMENT": {"receiving_provider_id": str(GROUP)}})
    assert alone == [Needed(PRACTITIONER, DOCTOR)]
    assert both == [Needed(PRACTITIONER, DOCTOR), Needed(GROUP_OFFICIAL, GROUP)]


def test_signers_who_are_missing_or_not_needed_are_named() -> None:
    both = [Needed(PRACTITIONER, DOCTOR), Needed(GROUP_OFFICIAL, GROUP)]
    assert mismatches(both, both, present=False) == []
    assert mismatches(both, both[1:], present=True) == []
    assert [one.code for one in mismatches(both, both[:1], present=False)] == ["SIGNER_MISSING"]
    twice = mismatches(both[:1], [both[0], both[0]], present=False)
    assert [(one.code, one.field) for one in twice] == [("SIGNER_NOT_NEEDED", "signers.1")]


def test_every_field_of_a_topic_that_is_wrong_is_named() -> None:
    with pytest.raises(FaultsError) as caught:
        judged(
            "855I",
            "PRACTICE_LOCATION",
            {
                "street": "x" * 56,
                "city": " ",
                "state": "ZZ",
                "zip": "12",
                "phone": "1",
                "first_service_date": "2026-02-30",
                "fax": "1",
            },
        )
    assert [(one.code, one.field) for one in caught.value.faults] == [
        ("FIELD_TOO_LONG", "fields.street"),
        ("FIELD_REQUIRED", "fields.city"),
        ("FIELD_MALFORMED", "fields.state"),
        ("FIELD_MALFORMED", "fields.zip"),
        ("FIELD_MALFORMED", "fields.phone"),
        ("FIELD_MALFORMED", "fields.first_service_date"),
        ("FIELD_UNKNOWN", "fields"),
    ]
    assert all(one.message for one in caught.value.faults)


def test_a_topic_is_kept_in_one_spelling() -> None:
    kept = judged("855I", "IDENTIFYING_INFORMATION", {"state": " me ", "specialty": "Family  Practice"})
    assert kept == {"state": "ME", "specialty": "Family Practice"}


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(UnknownTopicError):
        judged("855I", "SHOE_SIZE", {})


@pytest.mark.parametrize("text", ["2026-5-4", "20260504", "2026-W19-1", "0026-05-04", "x", ""])
def test_a_date_has_one_form(text: str) -> None:
    with pytest.raises(ValueError):
        forms.day(text)
