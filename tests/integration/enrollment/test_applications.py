"""An application from draft to decision, asked as pages ask (4.6; PE-X-03 to PE-X-05, X-22, D-23, D-50)."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest

from chassis import nature
from chassis.domain import FaultsError
from services.enrollment.domain.application import Application
from services.enrollment.domain.reassignment import Reassignment
from tests.access_office import refused
from tests.attested import ATTESTATION, SIGNATURE
from tests.integration.enrollment.pecos import (
    DOCTOR,
    GROUP,
    GROUP_OFFICIAL,
    OFFICIAL,
    PRACTICE,
    PRACTITIONER,
    STAFF,
    STRANGER,
    TOPICS,
    Pecos,
    signers,
)
from tests.scenario import CP_575 as PDF


def faults(call: partial[object]) -> list[tuple[str, str]]:
    with pytest.raises(FaultsError) as caught:
        call()
    assert all(one.message for one in caught.value.faults)
    return [(one.code, one.field) for one in caught.value.faults]


def test_it_is_received_when_both_have_signed_and_the_contractor_approves(pecos: Pecos) -> None:
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    assert pecos.status(application_id) == "PENDING_SIGNATURES"
    assert pecos.sign(DOCTOR, application_id, ids[PRACTITIONER]).status == "PENDING_SIGNATURES"
    assert pecos.sign(OFFICIAL, application_id, ids[GROUP_OFFICIAL]).status == "SUBMITTED"
    [queued] = pecos.mac("ListContractorQueue").applications
    assert queued.application_id == application_id
    record = pecos.approved(application_id)
    [card] = pecos.ask("ListEnrollments", DOCTOR, provider_id=str(PRACTICE)).enrollments
    assert (card.enrollment_id, card.form, card.state, list(card.ptans)) == (record, "855I", "ME", ["ME7777"])
    assert card.practice_location == "Harbor Point, ME"
    assert card.existing_reassignments == 1
    [established] = pecos.room.events(Reassignment.Established)
    assert str(established.enrollment_id) == record


def test_who_has_no_right_to_act_prepares_nothing(pecos: Pecos) -> None:
    start = partial(pecos.ask, "StartApplication", provider_id=str(PRACTICE), form="855I", purpose="INITIAL")
    assert refused(partial(start, STRANGER)) == "NO_RIGHT_TO_ACT"
    application_id = pecos.draft()
    for rpc, more in (
        ("SaveTopic", {"topic": "FINAL_ADVERSE_ACTIONS", "fields": {"any": "YES"}}),
        ("SubmitApplication", {"signers": signers()}),
        ("WithdrawApplication", {}),
        ("ReopenApplication", {}),
    ):
        assert refused(partial(pecos.ask, rpc, STRANGER, application_id=application_id, **more)) == "NO_RIGHT_TO_ACT"
    assert refused(partial(pecos.ask, "GetApplication", STRANGER, application_id=application_id)) == "NOT_FOUND"


def test_after_a_disconnection_the_refusal_says_why_and_who_could_help(pecos: Pecos) -> None:
    """D-50; step 9 of the story."""
    application_id = pecos.draft()
    pecos.disconnect()
    pecos.settle()
    save = partial(
        pecos.ask, "SaveTopic", STAFF, application_id=application_id, topic="FINAL_ADVERSE_ACTIONS", fields={}
    )
    with pytest.raises(Exception, match=r"was disconnected\. The provider can approve a new request"):
        save()


def test_submitting_asks_access_at_that_moment(pecos: Pecos) -> None:
    """D-50: access knows already what enrollment has not heard yet."""
    application_id = pecos.draft()
    pecos.leave(STAFF)
    while pecos.office.servicer._authority.step():
        pass
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=application_id, signers=signers())
    assert refused(submit) == "NO_RIGHT_TO_ACT"
    assert pecos.room.events(Application.Submitted) == []


def test_while_access_is_silent_nothing_is_submitted_or_signed(pecos: Pecos) -> None:
    application_id = pecos.draft()
    pecos.owner.silent = True
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=application_id, signers=signers())
    assert refused(submit) == "ACCESS_SILENT"
    pecos.owner.silent = False
    ids = pecos.submit(application_id)
    pecos.owner.silent = True
    assert refused(partial(pecos.sign, DOCTOR, application_id, ids[PRACTITIONER])) == "ACCESS_SILENT"


def test_what_was_heard_too_long_ago_decides_nothing(pecos: Pecos) -> None:
    application_id = pecos.draft()
    pecos.clock.forward(seconds=31)
    save = partial(pecos.ask, "SaveTopic", STAFF, application_id=application_id, topic="X", fields={})
    assert refused(save) == "VIEW_STALE"


def test_a_surrogate_never_signs(pecos: Pecos) -> None:
    """X-22: the manager of the group may prepare, and is a delegated official, but not the practitioner."""
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    for who in (STAFF, OFFICIAL, STRANGER):
        assert refused(partial(pecos.sign, who, application_id, ids[PRACTITIONER])) == "WRONG_SIGNER"
    for who in (DOCTOR, STRANGER):
        assert refused(partial(pecos.sign, who, application_id, ids[GROUP_OFFICIAL])) == "WRONG_SIGNER"
    assert pecos.room.events(Application.Signed) == []


def test_a_preparer_cannot_sign_for_the_practitioner_while_submitting(pecos: Pecos) -> None:
    application_id = pecos.draft(group=False)
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=application_id, attestation=SIGNATURE)
    assert refused(submit) == "WRONG_SIGNER"


def test_nobody_signs_a_statement_that_no_page_shows(pecos: Pecos) -> None:
    """PE-X-04: the mark of another statement, and a wrong one; nothing is signed, nothing submitted."""
    application_id = pecos.draft(who=DOCTOR, group=False)
    submit = partial(pecos.ask, "SubmitApplication", DOCTOR, application_id=application_id)
    for agreed in (ATTESTATION, SIGNATURE[:-1]):
        assert refused(partial(submit, attestation=agreed)) == "ATTESTATION_UNKNOWN"
    group = pecos.draft()
    sign = partial(pecos.ask, "SignApplication", DOCTOR, application_id=group)
    needed = pecos.submit(group)[PRACTITIONER]
    for agreed in (ATTESTATION, SIGNATURE[:-1]):
        assert refused(partial(sign, signature_id=needed, attestation=agreed)) == "ATTESTATION_UNKNOWN"
    assert pecos.room.events(Application.Signed) == []


def test_a_practitioner_alone_signs_while_submitting(pecos: Pecos) -> None:
    """PE-X-05."""
    application_id = pecos.draft(who=DOCTOR, group=False)
    answer = pecos.ask("SubmitApplication", DOCTOR, application_id=application_id, attestation=SIGNATURE)
    assert answer.status == "SUBMITTED"
    assert pecos.room.events(Application.SignatureRequested) == []


def test_an_official_who_left_the_group_does_not_sign(pecos: Pecos) -> None:
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    pecos.leave(OFFICIAL)
    pecos.settle()
    assert refused(partial(pecos.sign, OFFICIAL, application_id, ids[GROUP_OFFICIAL])) == "WRONG_SIGNER"


def test_an_official_does_not_sign_what_nobody_may_submit_any_more(pecos: Pecos) -> None:
    """D-50: the submitter's right has ended; the practitioner's own signature makes good for it."""
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    pecos.disconnect()
    pecos.settle()
    assert refused(partial(pecos.sign, OFFICIAL, application_id, ids[GROUP_OFFICIAL])) == "NO_RIGHT_TO_ACT"
    assert pecos.sign(DOCTOR, application_id, ids[PRACTITIONER]).status == "PENDING_SIGNATURES"


def test_a_link_used_twice_is_harmless(pecos: Pecos) -> None:
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    for _ in range(2):
        pecos.sign(DOCTOR, application_id, ids[PRACTITIONER])
    assert len(pecos.room.events(Application.Signed)) == 1


def test_a_repeat_gets_the_first_answer_whatever_has_become_of_it(pecos: Pecos) -> None:
    """A late retry of a form: submitting, signing and uploading look at the state before they are executed."""
    application_id = pecos.draft()
    command_id = str(nature.new_id())
    upload = partial(pecos.upload, STAFF, PDF, command_id=command_id, application_id=application_id)
    uploaded = upload().receipt
    submit = partial(
        pecos.ask,
        "SubmitApplication",
        STAFF,
        command_id=str(nature.new_id()),
        application_id=application_id,
        signers=signers(),
    )
    submitted = submit().receipt
    assert submit().receipt == submitted
    ids = pecos.signatures(application_id)
    sign = partial(
        pecos.ask,
        "SignApplication",
        DOCTOR,
        command_id=str(nature.new_id()),
        application_id=application_id,
        signature_id=ids[PRACTITIONER],
        attestation=SIGNATURE,
    )
    signed = sign().receipt
    pecos.sign(OFFICIAL, application_id, ids[GROUP_OFFICIAL])
    before = pecos.room.end()
    pecos.disconnect()
    pecos.settle()
    assert [submit().receipt, sign().receipt, upload().receipt] == [submitted, signed, uploaded]
    assert len(pecos.room.events(Application.Submitted)) == len(pecos.room.events(Application.Signed)) - 1 == 1
    assert pecos.room.end() >= before
    stranger = partial(submit.func, *submit.args[:1], STRANGER, **submit.keywords)
    assert refused(stranger) == "COMMAND_ID"


def test_the_window_ends_at_midnight_after_the_twentieth_day(pecos: Pecos) -> None:
    """D-23: the timer rejects it, the reassignment falls, and a late link is refused."""
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    seen = pecos.ask("GetApplication", STAFF, application_id=application_id)
    left = seen.application.due_at.ToDatetime() - pecos.clock.now().replace(tzinfo=None)
    pecos.forward(seconds=left.total_seconds() - 5)
    assert pecos.status(application_id) == "PENDING_SIGNATURES"
    pecos.forward(seconds=10)
    assert pecos.status(application_id) == "REJECTED"
    [rejected] = pecos.room.events(Application.Rejected)
    assert rejected.because == "SIGNATURES_MISSING"
    assert len(pecos.room.events(Reassignment.Voided)) == 1
    assert refused(partial(pecos.sign, DOCTOR, application_id, ids[PRACTITIONER])) == "SIGNATURE_WINDOW_OVER"
    pecos.ask("ReopenApplication", STAFF, application_id=application_id)
    again = pecos.submit(application_id)
    assert set(again.values()).isdisjoint(ids.values())
    assert pecos.sign(DOCTOR, application_id, again[PRACTITIONER]).status == "PENDING_SIGNATURES"


def test_corrections_that_do_not_come_reject_it(pecos: Pecos) -> None:
    """PE-X-10."""
    application_id = pecos.filed()
    pecos.mac("TakeUpApplication", application_id=application_id)
    pecos.mac("RequestCorrections", application_id=application_id, reason="The phone number")
    assert pecos.status(application_id) == "RETURNED_FOR_CORRECTIONS"
    pecos.forward(days=32)
    seen = pecos.ask("GetApplication", DOCTOR, application_id=application_id)
    assert (seen.application.status, seen.rejected_because) == ("REJECTED", "NO_RESPONSE")


def test_corrections_are_signed_anew_and_go_back_to_the_contractor(pecos: Pecos) -> None:
    application_id = pecos.filed()
    pecos.mac("TakeUpApplication", application_id=application_id)
    pecos.mac("RequestCorrections", application_id=application_id, reason="The phone number")
    changed = TOPICS["PRACTICE_LOCATION"] | {"phone": "207-555-0199"}
    pecos.ask("SaveTopic", STAFF, application_id=application_id, topic="PRACTICE_LOCATION", fields=changed)
    ids = pecos.submit(application_id)
    pecos.sign(DOCTOR, application_id, ids[PRACTITIONER])
    assert pecos.sign(OFFICIAL, application_id, ids[GROUP_OFFICIAL]).status == "RESUBMITTED"
    assert pecos.approved(application_id)


def test_an_idle_draft_is_abandoned(pecos: Pecos) -> None:
    application_id = pecos.draft()
    pecos.forward(days=59)
    assert pecos.status(application_id) == "DRAFT"
    pecos.forward(days=2)
    assert pecos.status(application_id) == "ABANDONED"


def test_everything_that_is_missing_is_named_at_once(pecos: Pecos) -> None:
    started = pecos.ask("StartApplication", STAFF, provider_id=str(PRACTICE), form="855I", purpose="INITIAL")
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=started.receipt.id)
    assert faults(submit) == [
        ("TOPIC_MISSING", "topics.IDENTIFYING_INFORMATION"),
        ("TOPIC_MISSING", "topics.PRACTICE_LOCATION"),
        ("TOPIC_MISSING", "topics.FINAL_ADVERSE_ACTIONS"),
        ("SIGNER_MISSING", "signers"),
    ]


def test_signers_are_judged_field_by_field(pecos: Pecos) -> None:
    application_id = pecos.draft()
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=application_id)
    wrong = signers(name="=?utf-8?q?x?=", email="nobody")
    assert faults(partial(submit, signers=wrong)) == [
        ("NAME_MALFORMED", "signers.0.name"),
        ("EMAIL_MALFORMED", "signers.0.email"),
        ("NAME_MALFORMED", "signers.1.name"),
        ("EMAIL_MALFORMED", "signers.1.email"),
    ]
    elsewhere = signers(provider_id=str(uuid4()))
    assert [code for code, _ in faults(partial(submit, signers=elsewhere))] == [
        "SIGNER_NOT_NEEDED",
        "SIGNER_NOT_NEEDED",
        "SIGNER_MISSING",
        "SIGNER_MISSING",
    ]


def test_benefits_go_to_an_enrolled_group_only(pecos: Pecos) -> None:
    """PE-X-06."""
    application_id = pecos.draft(group=False)
    for group in (uuid4(), PRACTICE):
        save = partial(
            pecos.ask,
            "SaveTopic",
            STAFF,
            application_id=application_id,
            topic="REASSIGNMENT",
            fields={"receiving_provider_id": str(group)},
        )
        assert refused(save) == "NO_RECEIVING_ENROLLMENT"


def test_a_second_application_for_the_same_reassignment_is_refused(pecos: Pecos) -> None:
    pecos.submit(pecos.draft())
    second = pecos.draft()
    submit = partial(pecos.ask, "SubmitApplication", STAFF, application_id=second, signers=signers())
    assert refused(submit) == "ALREADY_REASSIGNED"


def test_addresses_and_names_of_signers_are_sealed(pecos: Pecos) -> None:
    """S-18: neither log nor bus holds them; only who prepares sees an address."""
    application_id = pecos.draft()
    pecos.submit(application_id)
    with pecos.room.app.session() as session:
        kept = b"".join(bytes(one) for (one,) in session.run("SELECT state FROM log"))
    with pecos.house.bus.session() as session:
        kept += b"".join(bytes(one) for (one,) in session.run("SELECT value FROM bus.records"))
    for personal in (b"alma@harbor", b"Oddsen", b"871204417", b"Merriweld"):
        assert personal not in kept
    shown = pecos.ask("GetApplication", STAFF, application_id=application_id).signatures
    assert {one.email for one in shown} == {"r@practice.example", "alma@harbor.example"}
    shown = pecos.mac("GetApplication", application_id=application_id).signatures
    assert {one.email for one in shown} == {""}


def test_a_declined_signature_makes_a_draft_of_it(pecos: Pecos) -> None:
    application_id = pecos.draft()
    ids = pecos.submit(application_id)
    pecos.ask(
        "DeclineSignature",
        OFFICIAL,
        application_id=application_id,
        signature_id=ids[GROUP_OFFICIAL],
        reason="Not our provider",
    )
    seen = pecos.ask("GetApplication", STAFF, application_id=application_id)
    assert (seen.application.status, seen.reason) == ("DRAFT", "Not our provider")


def test_the_contractors_desk_is_the_contractors(pecos: Pecos) -> None:
    application_id = pecos.filed()
    for rpc in ("TakeUpApplication", "RequestCorrections", "DenyApplication", "RejectApplication", "ReturnApplication"):
        call = partial(pecos.ask, rpc, OFFICIAL, application_id=application_id)
        assert refused(call) == "CONTRACTOR_ONLY"
    assert refused(partial(pecos.ask, "ListContractorQueue", OFFICIAL)) == "CONTRACTOR_ONLY"
    assert refused(partial(pecos.ask, "ImportEnrollment", OFFICIAL, provider_id=str(GROUP))) == "CONTRACTOR_ONLY"


def test_a_decision_needs_a_reason_and_an_approval_a_medicare_id(pecos: Pecos) -> None:
    application_id = pecos.filed()
    pecos.mac("TakeUpApplication", application_id=application_id)
    assert refused(partial(pecos.mac, "DenyApplication", application_id=application_id, reason=" ")) == "FIELD_REQUIRED"
    approve = partial(pecos.mac, "ApproveApplication", application_id=application_id)
    today = pecos.clock.now().date().isoformat()
    assert refused(partial(approve, effective_date="soon", ptan="ME1")) == "DATE_MALFORMED"
    assert refused(partial(approve, effective_date="2020-01-01", ptan="ME1")) == "EFFECTIVE_TOO_EARLY"
    assert refused(partial(approve, effective_date=today, ptan="!")) == "PTAN_MALFORMED"
    assert refused(partial(approve, effective_date=today, ptan="GR1000")) == "PTAN_TAKEN"


def test_a_denied_application_voids_its_reassignment(pecos: Pecos) -> None:
    """4.8."""
    application_id = pecos.filed()
    pecos.mac("TakeUpApplication", application_id=application_id)
    pecos.mac("DenyApplication", application_id=application_id, reason="No license")
    assert pecos.status(application_id) == "DENIED"
    assert len(pecos.room.events(Reassignment.Voided)) == 1
