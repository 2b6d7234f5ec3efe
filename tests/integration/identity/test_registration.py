"""Registration from start to finish, and what it refuses (2.4, 4.1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from mandate.identity.v1 import service_pb2 as m

from chassis import nature
from chassis.server import RefusedError
from services.identity.domain.account import Account
from services.identity.domain.sign_in import SignIn
from tests.integration.identity.desk import BEGIN, EMAIL, PASSWORD, SMS, VOICE, Desk, answers, person

STEPS = m.RegistrationStep.Name


def step(desk: Desk, token: str) -> str:
    draft = desk.ask("GetRegistration", registration_token=token)
    return STEPS(draft.step).removeprefix("REGISTRATION_STEP_")


def test_a_person_registers_from_start_to_finish(desk: Desk) -> None:
    """IA-REG-01, IA-REG-05, IA-USEC-01, IA-UINF-01, IA-UINF-03, IA-MFA-06, IA-REV-01, IA-DONE-01."""
    started = desk.start("Ana@Example.com")
    assert started.code.destination == "Ana@Example.com"
    assert step(desk, started.registration_token) == "EMAIL"
    proof = desk.ask("VerifyRegistrationEmail", registration_token=started.registration_token, code=desk.last_code())
    token = proof.registration_token
    assert step(desk, token) == "SECURITY"
    desk.choose(token)
    assert step(desk, token) == "INFO"
    assert desk.record(token).next == m.REGISTRATION_STEP_MFA
    assert step(desk, token) == "MFA"
    desk.with_method(token, SMS, "+15855550144")
    draft = desk.ask("GetRegistration", registration_token=token)
    assert (draft.step, draft.user_id, draft.ssn_last_four) == (m.REGISTRATION_STEP_REVIEW, "arivera26", "9999")
    assert (draft.information.ssn, draft.information.first_name) == ("", "Ana")
    assert draft.information.home_address.postal_code == "14604"
    assert list(draft.questions) == [1, 2, 3, 4, 5]
    assert [(one.kind, one.destination, one.primary, one.verified) for one in draft.methods] == [
        (SMS, "0144", True, True)
    ]
    done = desk.ask("CompleteRegistration", registration_token=token)
    assert done.session.user_id == "arivera26"
    assert not done.session.HasField("last_signed_in_at")
    assert done.session.password_days_left == 60
    session = desk.look(done.session_token).session
    assert (session.first_name, session.last_name) == ("Ana", "Rivera")
    assert desk.codes("GetRegistration", registration_token=token) == ["UNAUTHENTICATED", "REGISTRATION_ENDED"]
    assert len(desk.room.events(SignIn.Succeeded)) == 1


def test_the_token_of_the_start_dies_with_the_proof(desk: Desk) -> None:
    """No fixation: the token that proves the address is worth nothing afterwards."""
    token = desk.start().registration_token
    desk.ask("VerifyRegistrationEmail", registration_token=token, code=desk.last_code())
    for rpc in ("GetRegistration", "ResendRegistrationCode"):
        assert desk.codes(rpc, registration_token=token) == ["UNAUTHENTICATED", "REGISTRATION_ENDED"]
    assert desk.codes("VerifyRegistrationEmail", registration_token=token, code="000000")[1] == "REGISTRATION_ENDED"


def test_proving_again_with_the_new_token_is_success(desk: Desk) -> None:
    token = desk.proven()
    again = desk.ask("VerifyRegistrationEmail", registration_token=token, code="whatever")
    assert again.registration_token == token


def test_steps_come_in_their_order(desk: Desk) -> None:
    """S-35: nothing is kept of a step whose turn has not come."""
    token = desk.proven()
    with pytest.raises(RefusedError) as caught:
        desk.record(token)
    assert (caught.value.details[0].code, caught.value.details[0].field) == ("STEP_MISSING", "security")
    error = desk.refused("AddMfaMethod", registration_token=token, kind=EMAIL)
    assert (error.details[0].code, error.details[0].field) == ("STEP_MISSING", "security")
    desk.choose(token)
    assert desk.refused("AddMfaMethod", registration_token=token, kind=EMAIL).details[0].field == "info"
    desk.record(token)
    assert desk.refused("CompleteRegistration", registration_token=token).details[0].field == "mfa"


def test_an_address_is_asked_for_twice_and_must_be_one(desk: Desk) -> None:
    """IA-REG-02, S-25."""
    given: dict[str, Any] = {"challenge_id": "c" * 22}
    two: dict[str, Any] = {"email": "ana@example.com", "confirm_email": "bea@example.com"}
    assert desk.codes("StartRegistration", **two, **given) == ["INVALID_ARGUMENT", "EMAIL_MISMATCH"]
    bad: dict[str, Any] = {"email": "ana@example.com, b@x.test", "confirm_email": "ana@example.com, b@x.test"}
    assert desk.codes("StartRegistration", **bad, **given) == ["INVALID_ARGUMENT", "EMAIL_MALFORMED"]
    assert desk.codes("StartRegistration", **given)[1:] == ["FIELD_REQUIRED", "FIELD_REQUIRED"]


def test_a_challenge_is_good_once(desk: Desk) -> None:
    """IA-REG-04."""
    asked: dict[str, Any] = {"email": "ana@example.com", "confirm_email": "ana@EXAMPLE.com", "challenge_id": "c" * 22}
    desk.ask("StartRegistration", **asked)
    assert desk.codes("StartRegistration", **asked) == ["FAILED_PRECONDITION", "CHALLENGE_USED"]


def test_broken_rules_of_step_1_are_an_answer_and_nothing_is_kept(desk: Desk) -> None:
    """IA-UID-01, IA-UID-03, IA-PW-01, IA-PW-09, IA-USEC-02, D-34."""
    token = desk.proven()
    twice = answers()
    twice[4].question, twice[4].answer = 1, " hilltop "
    refused = desk.choose(token, "a12345", "short1-", confirm_password="other", answers=twice).refused
    assert [(one.code, one.field, one.rule) for one in refused.errors] == [
        ("USER_ID_RULES", "user_id", "IA-UID-03"),
        ("PASSWORD_RULES", "password", "IA-PW-01"),
        ("PASSWORD_MISMATCH", "confirm_password", "IA-PW-09"),
        ("QUESTION_REPEATED", "answers.4.question", "IA-USEC-02"),
        ("ANSWER_REPEATED", "answers.4.answer", "IA-USEC-02"),
    ]
    assert len(refused.user_id_rules) == 5
    assert next(one.rule for one in refused.password_rules) == "IA-PW-01"
    assert step(desk, token) == "SECURITY"


def test_the_lists_of_step_1_are_judged_without_keeping_anything(desk: Desk) -> None:
    """IA-RST-02: what is empty is not judged yet. IA-UID-02: a user id that is taken is told."""
    desk.registered()
    token = desk.proven("bea@example.com")
    end = desk.room.end()
    empty = desk.ask("CheckCompliance", registration_token=token)
    assert {one.state for one in (*empty.user_id_rules, *empty.password_rules)} == {m.COMPLIANCE_STATE_NOT_YET}
    assert len(empty.special_characters) == 17
    taken = desk.ask("CheckCompliance", registration_token=token, user_id="ARivera26", password=PASSWORD)
    states = {one.rule: one.state for one in (*taken.user_id_rules, *taken.password_rules)}
    assert states["IA-UID-02"] == m.COMPLIANCE_STATE_NOT_MET
    assert (states["IA-PW-01"], states["IA-PW-09"]) == (m.COMPLIANCE_STATE_MET, m.COMPLIANCE_STATE_NOT_YET)
    assert desk.room.end() == end


def test_the_live_lists_are_limited(desk: Desk) -> None:
    """TOO_MANY_TRIES: they tell whether a user id is free."""
    token = desk.proven()
    for _ in range(desk.parts.settings.compliance_checks_per_minute):
        desk.ask("CheckCompliance", registration_token=token)
    error = desk.refused("CheckCompliance", registration_token=token)
    assert (error.status.name, error.details[0].code) == ("RESOURCE_EXHAUSTED", "TOO_MANY_TRIES")
    assert error.details[0].retry_after_seconds == 60


def test_a_user_id_is_unique_whatever_its_case(desk: Desk) -> None:
    """IA-UID-02."""
    desk.registered()
    refused = desk.choose(desk.proven("bea@example.com"), "ARIVERA26").refused
    assert [(one.code, one.rule) for one in refused.errors] == [("USER_ID_TAKEN", "IA-UID-02")]


def test_step_1_may_be_repeated_and_gives_the_first_user_id_back(desk: Desk) -> None:
    token = desk.proven()
    desk.choose(token, "arivera26")
    desk.choose(token, "anarivera")
    assert desk.ask("GetRegistration", registration_token=token).user_id == "anarivera"
    assert desk.choose(desk.proven("bea@example.com"), "arivera26").HasField("receipt")


def test_what_is_wrong_with_step_2_is_told_by_field(desk: Desk) -> None:
    """IA-UINF-01, D-05, TX-01, S-25."""
    token = desk.proven()
    desk.choose(token)
    wrong = person(
        first_name="=?utf-8?q?hi?=",
        business_phone="12",
        date_of_birth="2030-01-01",
        ssn="666123456",
        home={"postal_code": "1", "state": "ZZ"},
    )
    error = desk.refused("RecordPersonalInformation", registration_token=token, information=wrong)
    assert [(one.code, one.field) for one in error.details] == [
        ("NAME_MALFORMED", "information.first_name"),
        ("PHONE_MALFORMED", "information.business_phone"),
        ("DATE_IN_FUTURE", "information.date_of_birth"),
        ("SSN_INVALID", "information.ssn"),
        ("STATE_UNKNOWN", "information.home_address.state"),
        ("POSTAL_CODE_MALFORMED", "information.home_address.postal_code"),
    ]


def test_a_user_id_must_not_hold_the_last_four_of_the_ssn(desk: Desk) -> None:
    """IA-UID-05, D-04: known at step 2, and at a repeated step 1."""
    token = desk.proven()
    desk.choose(token, "ana9999x")
    error = desk.refused("RecordPersonalInformation", registration_token=token, information=person())
    assert [(one.code, one.rule) for one in error.details] == [("USER_ID_HOLDS_SSN", "IA-UID-05")]
    desk.choose(token, "arivera26")
    desk.record(token)
    refused = desk.choose(token, "ana9999x").refused
    assert [(one.code, one.rule) for one in refused.errors] == [("USER_ID_RULES", "IA-UID-05")]


def test_an_ssn_that_is_recorded_stays_when_none_is_typed(desk: Desk) -> None:
    token = desk.proven()
    desk.choose(token)
    desk.record(token)
    desk.record(token, ssn="", last_name="Rivera-Soto")
    draft = desk.ask("GetRegistration", registration_token=token)
    assert (draft.ssn_last_four, draft.information.last_name) == ("9999", "Rivera-Soto")


@pytest.mark.parametrize("born", ["1899-01-01", "2012-01-01"])
def test_an_implausible_birth_date_goes_to_review(desk: Desk, born: str) -> None:
    """IA-UINF-02, 4.1 ProofingReview: External User Services decide first."""
    token = desk.proven()
    desk.choose(token)
    assert desk.record(token, date_of_birth=born).next == m.REGISTRATION_STEP_PROOFING
    assert step(desk, token) == "PROOFING"
    for rpc in ("AddMfaMethod", "CompleteRegistration"):
        assert desk.codes(rpc, registration_token=token) == ["FAILED_PRECONDITION", "PROOFING_PENDING"]
    assert desk.codes("SignIn", user_id="arivera26", password=PASSWORD) == ["FAILED_PRECONDITION", "PROOFING_PENDING"]


def test_one_account_an_ssn(desk: Desk) -> None:
    """The second account with an SSN goes to review, and nothing tells why."""
    desk.registered()
    token = desk.proven("bea@example.com")
    desk.choose(token, "beatrice")
    assert desk.record(token).next == m.REGISTRATION_STEP_PROOFING
    assert desk.room.events(Account.IdentityProofingFailed)[0].reasons == ["SSN_TAKEN"]


def test_two_methods_of_different_kinds_at_most(desk: Desk) -> None:
    """IA-MFA-01, IA-MFA-02, IA-MFA-03: one of the same kind replaces; the first is primary."""
    token = desk.proven()
    desk.choose(token)
    desk.record(token)
    first = desk.ask("AddMfaMethod", registration_token=token, kind=SMS, destination="+15855550144").method_id
    desk.ask("AddMfaMethod", registration_token=token, kind=EMAIL)
    third = desk.codes("AddMfaMethod", registration_token=token, kind=VOICE, destination="+15855550145")
    assert third == ["FAILED_PRECONDITION", "TOO_MANY_METHODS"]
    again = desk.ask("AddMfaMethod", registration_token=token, kind=SMS, destination="+15855550146").method_id
    draft = desk.ask("GetRegistration", registration_token=token)
    assert next((one.id, one.primary) for one in draft.methods) == (again, True)
    assert desk.codes("RemoveMfaMethod", registration_token=token, method_id=first) == ["NOT_FOUND", "METHOD_UNKNOWN"]
    desk.ask("RemoveMfaMethod", registration_token=token, method_id=again)
    left = desk.ask("GetRegistration", registration_token=token).methods
    assert [(one.kind, one.destination, one.primary) for one in left] == [(EMAIL, "a***@example.com", True)]
    abroad = desk.codes("AddMfaMethod", registration_token=token, kind=SMS, destination="+442079460000")
    assert abroad == ["INVALID_ARGUMENT", "PHONE_NOT_US"]


def test_a_method_counts_once_its_code_is_entered(desk: Desk) -> None:
    """IA-MFA-05, IA-MFA-07."""
    token = desk.proven()
    desk.choose(token)
    desk.record(token)
    method_id = desk.ask("AddMfaMethod", registration_token=token, kind=EMAIL).method_id
    sent = desk.ask("SendMfaCode", registration_token=token, method_id=method_id).code
    assert (sent.method_id, sent.destination) == (method_id, "a***@example.com")
    assert desk.ask("GetRegistration", registration_token=token).code == sent
    typed: dict[str, Any] = {"registration_token": token, "method_id": method_id}
    assert desk.codes("VerifyMfaCode", **typed, code=desk.wrong_code()) == ["INVALID_ARGUMENT", "CODE_WRONG"]
    desk.ask("VerifyMfaCode", **typed, code=desk.last_code())
    desk.ask("VerifyMfaCode", **typed, code="000000")  # proven already
    assert step(desk, token) == "REVIEW"


def test_a_registration_is_abandoned_after_72_hours(desk: Desk) -> None:
    """4.1: a microsecond before, it goes on; at 72:00:00 it has ended, timer or not, and all it had is free again."""
    token = desk.ready()
    desk.clock.at = BEGIN + timedelta(hours=72, microseconds=-1)
    assert step(desk, token) == "REVIEW"
    desk.clock.at = BEGIN + timedelta(hours=72)
    assert desk.codes("CompleteRegistration", registration_token=token)[1] == "REGISTRATION_ENDED"
    assert desk.codes("SignIn", user_id="arivera26", password=PASSWORD) == ["UNAUTHENTICATED", "SIGN_IN_FAILED"]
    desk.house.settle()
    assert len(desk.room.events(Account.Abandoned)) == 1
    assert desk.registered().user_id == "arivera26"


def test_a_repeat_gets_the_first_answer_secrets_included(desk: Desk) -> None:
    """COMMANDS: the same id with equal fields is one command, with other fields a foreign one."""
    asked: dict[str, Any] = {"email": "ana@example.com", "confirm_email": "ana@example.com", "challenge_id": "c" * 22}
    command_id = str(nature.new_id())
    first = desk.ask("StartRegistration", command_id=command_id, **asked)
    assert desk.ask("StartRegistration", command_id=command_id, **asked) == first
    other = asked | {"challenge_id": "d" * 22}
    taken = desk.codes("StartRegistration", command_id=command_id, **other)
    assert taken == ["PERMISSION_DENIED", "COMMAND_ID_TAKEN"]
    token = desk.ready("bea@example.com", "beatrice")
    complete: dict[str, Any] = {"command_id": str(nature.new_id()), "registration_token": token}
    done = desk.ask("CompleteRegistration", **complete)
    assert desk.ask("CompleteRegistration", **complete) == done
    desk.clock.forward(hours=13)
    assert desk.ask("CompleteRegistration", **complete) == done


def test_a_repeat_is_answered_alike_where_the_answer_was_lost(desk: Desk) -> None:
    """A crash between the commit and the keeping of the answer: it is made again of what was decided."""
    token = desk.ready()
    complete: dict[str, Any] = {"command_id": str(nature.new_id()), "registration_token": token}
    asked: dict[str, Any] = {"email": "bea@example.com", "confirm_email": "bea@example.com", "challenge_id": "c" * 22}
    asked["command_id"] = str(nature.new_id())
    first = [desk.ask("CompleteRegistration", **complete), desk.ask("StartRegistration", **asked)]
    with desk.app.session() as session:
        session.run("UPDATE taken SET answer = NULL")
    assert [desk.ask("CompleteRegistration", **complete), desk.ask("StartRegistration", **asked)] == first


def test_a_command_has_a_young_uuidv7(desk: Desk) -> None:
    asked: dict[str, Any] = {"user_id": "arivera26", "password": PASSWORD}
    for malformed in ("", "x", str(uuid4())):
        assert desk.codes("SignIn", command_id=malformed, **asked) == ["INVALID_ARGUMENT", "COMMAND_ID_MALFORMED"]
    old = str(nature.new_id())
    desk.clock.forward(hours=24, seconds=1)
    assert desk.codes("SignIn", command_id=old, **asked) == ["FAILED_PRECONDITION", "COMMAND_TOO_OLD"]


def test_whoever_proves_an_address_takes_it_from_a_registration_that_has_not_gone_on(desk: Desk) -> None:
    """IA-REG-02: a registration past step 1 keeps it."""
    first = desk.proven()
    second = desk.proven()
    assert desk.codes("GetRegistration", registration_token=first)[1] == "REGISTRATION_ENDED"
    desk.choose(second)
    third = desk.start()
    wrong = desk.codes("VerifyRegistrationEmail", registration_token=third.registration_token, code="123456")
    assert wrong[1] == "CODE_WRONG"  # a decoy: no code is right


def test_so_many_registrations_begin_from_one_address_in_an_hour(desk: Desk) -> None:
    """S-04: another address does not wait."""
    limits = desk.parts.settings.model_copy(update={"registrations_per_address_hour": 2})
    object.__setattr__(desk.parts, "settings", limits)
    desk.start("a@example.com")
    desk.start("b@example.com")
    with pytest.raises(RefusedError) as caught:
        desk.start("c@example.com")
    assert (caught.value.details[0].code, caught.value.details[0].retry_after_seconds) == ("TOO_MANY_TRIES", 3600)
    desk.address = "198.51.100.8"
    desk.start("c@example.com")


def test_six_codes_to_one_address_in_an_hour_are_too_many(desk: Desk) -> None:
    """A-06: however many registrations ask for them, and whether the address is taken or not."""
    for _ in range(5):
        desk.start()
    with pytest.raises(RefusedError) as caught:
        desk.start()
    assert caught.value.details[0].code == "TOO_MANY_CODES"
