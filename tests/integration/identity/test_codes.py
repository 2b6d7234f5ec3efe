"""Codes: ten minutes, five tries, one use, five sendings an hour (S-05, D-24, D-25, X-05, X-06)."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from chassis import nature
from services.identity.domain.account import Account
from services.identity.domain.code import Code
from tests.integration.identity.desk import SMS, TICK, Desk

WRONG = ["INVALID_ARGUMENT", "CODE_WRONG"]
SPENT = ["FAILED_PRECONDITION", "CODE_SPENT"]


@pytest.fixture
def token(desk: Desk) -> str:
    """A sign-in that waits for its code."""
    desk.registered()
    desk.clock.forward(hours=1)
    return str(desk.sign_in().sign_in_token)


def verify(desk: Desk, token: str, code: str) -> list[str]:
    return desk.codes("VerifySignInCode", sign_in_token=token, code=code)


def test_a_code_has_six_digits_and_reaches_the_notifier_sealed(desk: Desk, token: str) -> None:
    """X-05."""
    assert re.fullmatch(r"[0-9]{6}", desk.last_code())
    issued = desk.room.events(Code.Issued)[-1]
    assert issued.secret.startswith("x1.")
    assert issued.purpose == "sign_in"


def test_who_dies_after_the_sending_was_counted_sends_it_when_asked_again(desk: Desk) -> None:
    """The same command is no second sending: the code was counted and kept at once."""
    asked: dict[str, Any] = {"email": "bea@example.com", "confirm_email": "bea@example.com", "challenge_id": "c" * 22}
    asked["command_id"] = str(nature.new_id())
    with patch.object(desk.parts.hasher, "hash", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        desk.ask("StartRegistration", **asked)
    token = desk.ask("StartRegistration", **asked).registration_token
    assert desk.ask("VerifyRegistrationEmail", registration_token=token, code=desk.last_code()).registration_token


def test_five_tries_a_code(desk: Desk, token: str) -> None:
    """D-24: the fifth wrong try spends it, and then the right one is no better; the fifth may be right."""
    assert [verify(desk, token, desk.wrong_code()) for _ in range(5)] == [WRONG] * 4 + [SPENT]
    assert verify(desk, token, desk.last_code()) == SPENT
    desk.clock.forward(seconds=30)
    desk.ask("SendSignInCode", sign_in_token=token)
    assert [verify(desk, token, desk.wrong_code()) for _ in range(4)] == [WRONG] * 4
    assert desk.ask("VerifySignInCode", sign_in_token=token, code=desk.last_code()).session_token


def test_fifty_parallel_tries_are_five(desk: Desk, token: str) -> None:
    """A-05, S-03: counted before they are compared; the right one after them is refused."""
    wrong = desk.wrong_code()
    with ThreadPoolExecutor(10) as pool:
        told = list(pool.map(lambda _: verify(desk, token, wrong)[1], range(50)))
    assert sorted(told) == sorted(["CODE_WRONG"] * 4 + ["CODE_SPENT"] * 46)
    with desk.app.session() as session:
        assert session.one("SELECT tries FROM codes WHERE purpose = 'sign_in'") == (5,)
    assert verify(desk, token, desk.last_code()) == SPENT


def test_a_code_is_used_once_however_many_use_it_at_once(desk: Desk, token: str) -> None:
    """S-05: one session comes of it."""
    code = desk.last_code()

    def use(_: int) -> str:
        try:
            return str(desk.ask("VerifySignInCode", sign_in_token=token, code=code).session_token)
        except Exception:  # noqa: BLE001 - whoever is late
            return ""

    with ThreadPoolExecutor(5) as pool:
        sessions = [one for one in pool.map(use, range(5)) if one]
    assert len(sessions) == 1


def test_a_code_dies_after_ten_minutes(desk: Desk, token: str) -> None:
    """D-25, at the edge; ten minutes later the sign-in itself has ended."""
    right = desk.last_code()
    desk.clock.forward(minutes=10)
    desk.clock.at -= TICK
    assert verify(desk, token, desk.wrong_code()) == WRONG
    desk.clock.at += TICK
    assert verify(desk, token, right) == ["FAILED_PRECONDITION", "CODE_EXPIRED"]
    desk.ask("SendSignInCode", sign_in_token=token)
    desk.clock.forward(minutes=20)
    desk.clock.at -= TICK
    assert verify(desk, token, desk.last_code()) == ["FAILED_PRECONDITION", "CODE_EXPIRED"]
    desk.clock.at += TICK
    assert verify(desk, token, desk.last_code()) == ["UNAUTHENTICATED", "SIGN_IN_ENDED"]


def test_an_empty_code_is_no_try(desk: Desk, token: str) -> None:
    for _ in range(6):
        assert verify(desk, token, "") == ["INVALID_ARGUMENT", "FIELD_REQUIRED"]
    assert verify(desk, token, desk.wrong_code()) == WRONG


def test_an_expired_code_of_a_registration_is_told(desk: Desk) -> None:
    """D-25: the registration goes on, so the code is told to be too old; at 10:00 it is."""
    started = desk.start()
    right = desk.last_code()
    desk.clock.forward(minutes=10)
    told = desk.codes("VerifyRegistrationEmail", registration_token=started.registration_token, code=right)
    assert told == ["FAILED_PRECONDITION", "CODE_EXPIRED"]
    assert not desk.ask("GetRegistration", registration_token=started.registration_token).HasField("code")


def test_three_spent_codes_in_a_row_lock(desk: Desk, token: str) -> None:
    """D-24, X-06: MfaLocked; the third is told so."""
    for number in range(3):
        told = [verify(desk, token, desk.wrong_code()) for _ in range(5)][-1]
        if number < 2:
            assert told == SPENT
            desk.clock.forward(seconds=30)
            desk.ask("SendSignInCode", sign_in_token=token)
    assert told == ["FAILED_PRECONDITION", "ACCOUNT_LOCKED"]
    assert [one.reason for one in desk.room.events(Account.Locked)] == ["mfa"]
    assert verify(desk, token, desk.last_code()) == ["UNAUTHENTICATED", "SIGN_IN_ENDED"]
    assert desk.codes("SignIn", user_id="arivera26", password="tide-Pool42")[1] == "ACCOUNT_LOCKED"


def test_a_right_code_begins_the_count_of_spent_ones_anew(desk: Desk, token: str) -> None:
    """D-24."""
    for _ in range(3):
        for _try in range(5):
            verify(desk, token, desk.wrong_code())
        desk.clock.forward(seconds=30)
        desk.ask("SendSignInCode", sign_in_token=token)
        desk.ask("VerifySignInCode", sign_in_token=token, code=desk.last_code())
        desk.clock.forward(hours=1)
        token = desk.sign_in().sign_in_token
    assert desk.room.events(Account.Locked) == []


def test_another_code_can_be_asked_for_after_thirty_seconds(desk: Desk, token: str) -> None:
    """D-25, at the edge; the code before it dies."""
    old = desk.last_code()
    error = desk.refused("SendSignInCode", sign_in_token=token)
    assert (error.details[0].code, error.details[0].retry_after_seconds) == ("RESEND_TOO_EARLY", 30)
    desk.clock.forward(seconds=30)
    desk.clock.at -= TICK
    assert desk.refused("SendSignInCode", sign_in_token=token).details[0].retry_after_seconds == 1
    desk.clock.at += TICK
    desk.ask("SendSignInCode", sign_in_token=token)
    new = desk.last_code()
    if old != new:  # one pair in a million
        assert verify(desk, token, old) == WRONG
    assert desk.ask("VerifySignInCode", sign_in_token=token, code=new).session_token


def test_five_sendings_an_hour(desk: Desk, token: str) -> None:
    """D-25, S-05: whichever sign-in asks; at the full hour after the first there is one more."""
    first = desk.clock.at
    for _ in range(4):
        desk.clock.forward(seconds=30)
        desk.ask("SendSignInCode", sign_in_token=token)
    desk.clock.forward(seconds=30)
    refused = desk.codes("SendSignInCode", sign_in_token=token)
    assert refused == ["RESOURCE_EXHAUSTED", "TOO_MANY_CODES"]
    assert desk.codes("SignIn", user_id="arivera26", password="tide-Pool42")[1] == "TOO_MANY_CODES"
    desk.clock.at = first + timedelta(hours=1)
    assert desk.sign_in().sign_in_token


def test_thirty_sendings_a_day(desk: Desk) -> None:
    """S-05."""
    desk.registered()
    for _ in range(30):
        desk.clock.forward(minutes=13)
        desk.sign_in()
    desk.clock.forward(minutes=13)
    assert desk.codes("SignIn", user_id="arivera26", password="tide-Pool42")[1] == "TOO_MANY_CODES"


def test_a_repeated_sending_is_one(desk: Desk, token: str) -> None:
    desk.clock.forward(seconds=30)
    asked: dict[str, Any] = {"command_id": str(nature.new_id()), "sign_in_token": token}
    first = desk.ask("SendSignInCode", **asked)
    assert desk.ask("SendSignInCode", **asked) == first
    assert len([one for one in desk.room.events(Code.Issued) if one.purpose == "sign_in"]) == 2


def test_a_code_belongs_to_its_sign_in(desk: Desk, token: str) -> None:
    """A-06: a code of another session is wrong here."""
    first = desk.last_code()
    other = desk.sign_in().sign_in_token
    if desk.last_code() != first:
        assert verify(desk, other, first) == WRONG


def test_another_method_can_be_used_at_once(desk: Desk) -> None:
    """IA-MFA-07: a method that is not proven, or nobody's, is unknown."""
    token = desk.ready()
    sms = desk.with_method(token, SMS, "+15855550144")
    desk.ask("CompleteRegistration", registration_token=token)
    desk.clock.forward(hours=1)
    answer = desk.sign_in()
    assert [one.id for one in answer.methods if not one.primary] == [sms]
    sent = desk.ask("SendSignInCode", sign_in_token=answer.sign_in_token, method_id=sms).code
    assert (sent.kind, sent.destination) == (SMS, "0144")
    unknown = desk.codes("SendSignInCode", sign_in_token=answer.sign_in_token, method_id=str(nature.new_id()))
    assert unknown == ["NOT_FOUND", "METHOD_UNKNOWN"]
    assert desk.ask("VerifySignInCode", sign_in_token=answer.sign_in_token, code=desk.last_code()).session_token
