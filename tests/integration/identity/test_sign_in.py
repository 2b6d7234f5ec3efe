"""Sign-in: what it answers, how often, and what it never tells (IA-SIGN-01, S-02, S-03, X-04, X-07)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chassis import nature
from chassis.domain import NotAllowedError
from chassis.hashing import Argon2Hasher, HashQueueFullError
from services.identity.commands import accounts
from services.identity.commands.settings import IdentitySettings
from services.identity.domain.account import Account
from services.identity.domain.sign_in import SignIn
from tests.integration.identity.desk import PASSWORD, Desk

FAILED = ["UNAUTHENTICATED", "SIGN_IN_FAILED"]
LOCKED = ["FAILED_PRECONDITION", "ACCOUNT_LOCKED"]
WRONG = "wrong-Pool42"


def fail(desk: Desk, *, password: str = WRONG, address: str = "") -> list[str]:
    """One wrong password, long enough after the one before."""
    desk.clock.forward(seconds=60)
    desk.address = address or desk.address
    return desk.codes("SignIn", user_id="arivera26", password=password)


def test_a_person_signs_in_with_user_id_or_address(desk: Desk) -> None:
    """IA-SIGN-01, IA-SIGN-02, IA-SIGN-05, X-04."""
    who = desk.registered()
    desk.clock.forward(days=3)
    for user_id in ("ARivera26", " Ana@Example.com "):
        answer = desk.sign_in(user_id)
        assert (answer.code.destination, len(answer.methods)) == ("a***@example.com", 1)
        waiting = desk.ask("GetSignIn", sign_in_token=answer.sign_in_token)
        assert (waiting.code, list(waiting.methods)) == (answer.code, list(answer.methods))
        done = desk.ask("VerifySignInCode", sign_in_token=answer.sign_in_token, code=desk.last_code())
        session = desk.look(done.session_token).session
        assert session.account_id == str(who.account_id)
        assert session.password_days_left == 57  # IA-PW-13, D-31
        assert session.HasField("last_signed_in_at")
        ended = desk.codes("GetSignIn", sign_in_token=answer.sign_in_token)
        assert ended == ["UNAUTHENTICATED", "SIGN_IN_ENDED"]


def test_an_unknown_user_and_a_wrong_password_are_one_answer(desk: Desk) -> None:
    """S-02: the same refusal, and as many events in the log."""
    desk.registered()
    told, written = [], []
    for user_id in ("arivera26", "nobody1"):
        before = desk.room.end()
        error = desk.refused("SignIn", user_id=user_id, password=WRONG)
        told.append((error.status, error.details))
        written.append(desk.room.end() - before)
    assert told[0] == told[1]
    assert written[0] == written[1]


@pytest.mark.parametrize("password", ["", "x" * 513, "tide-Pool4", "Tide-Pool42", f"{PASSWORD} "])
def test_only_the_password_itself_is_right(desk: Desk, password: str) -> None:
    desk.registered()
    expected = FAILED if password else ["INVALID_ARGUMENT", "FIELD_REQUIRED"]
    assert desk.codes("SignIn", user_id="arivera26", password=password) == expected


def test_the_third_wrong_password_in_a_row_locks(desk: Desk) -> None:
    """X-07: two do not; the right password of a locked account is told that it is locked, a wrong one is not."""
    who = desk.registered()
    assert [fail(desk), fail(desk)] == [FAILED] * 2
    assert desk.room.events(Account.Locked) == []
    assert fail(desk) == FAILED
    assert [one.reason for one in desk.room.events(Account.Locked)] == ["password"]
    assert fail(desk) == FAILED
    assert fail(desk, password=PASSWORD) == LOCKED
    assert desk.codes("CheckSession", session_token=who.session) == ["UNAUTHENTICATED", "SESSION_ENDED"]  # D-26


def test_a_right_password_begins_the_count_anew(desk: Desk) -> None:
    """D-24."""
    desk.registered()
    for _ in range(3):
        fail(desk)
        fail(desk)
        desk.clock.forward(minutes=61)
        desk.session()
    assert desk.room.events(Account.Locked) == []


def test_wrong_passwords_add_up_within_120_minutes(desk: Desk) -> None:
    """X-07, at the edge: 120 minutes after the first, the third is the second; a moment before, it is the third."""
    desk.registered()
    for early, locks in ((timedelta(0), 0), (timedelta(microseconds=1), 1)):
        fail(desk)
        first = desk.clock.at
        fail(desk)
        desk.clock.at = first + timedelta(minutes=120) - early
        assert desk.codes("SignIn", user_id="arivera26", password=WRONG) == FAILED
        assert len(desk.room.events(Account.Locked)) == locks
        desk.clock.forward(hours=3)


def test_a_locked_account_compares_five_passwords_in_120_minutes_at_most(desk: Desk) -> None:
    """A-03: after that the right one is told nothing either."""
    desk.registered()
    for number in range(5):
        fail(desk, address=f"198.51.100.{number}")
    assert fail(desk, password=PASSWORD) == FAILED
    desk.clock.forward(minutes=121)
    assert fail(desk, password=PASSWORD) == LOCKED


def test_parallel_wrong_passwords_are_counted_one_by_one(desk: Desk) -> None:
    """S-03: of forty at once, five are compared; the third in a row locks (X-07), where so many come to be compared."""
    desk.registered()
    together = Barrier(10)

    def guess(number: int) -> Any:
        if number < together.parties:  # who comes later may be told to wait for those before, and is not compared
            together.wait(10)
        return desk.codes("SignIn", user_id="arivera26", password=f"wrong{number}-A1")

    with ThreadPoolExecutor(together.parties) as pool:
        told = list(pool.map(guess, range(40)))
    assert {one[1] for one in told} <= {"SIGN_IN_FAILED", "TOO_MANY_TRIES"}
    reasons = [one.reason for one in desk.room.events(SignIn.Failed)]
    compared = reasons.count("WRONG_PASSWORD")
    assert compared <= 5
    assert len(desk.room.events(Account.Locked)) == int(compared >= 3)


def test_a_delay_grows_for_one_user_id_from_one_address(desk: Desk) -> None:
    """S-04: the same for a user id that nobody has; another address does not wait."""
    desk.registered()
    for user_id in ("arivera26", "nobody1"):
        asked = {"user_id": user_id, "password": WRONG}
        assert desk.codes("SignIn", **asked) == desk.codes("SignIn", **asked) == FAILED
        error = desk.refused("SignIn", **asked)
        assert (error.status.name, error.details[0].code) == ("RESOURCE_EXHAUSTED", "TOO_MANY_TRIES")
        assert error.details[0].retry_after_seconds == 1
        desk.clock.forward(seconds=1)
        assert desk.codes("SignIn", **asked) == FAILED
        assert desk.refused("SignIn", **asked).details[0].retry_after_seconds == 2


def test_a_repeated_wrong_password_is_one_try(desk: Desk) -> None:
    """COMMANDS: the first answer again, and no second count."""
    desk.registered()
    asked: dict[str, Any] = {"command_id": str(nature.new_id()), "user_id": "arivera26", "password": WRONG}
    for _ in range(5):
        assert desk.codes("SignIn", **asked) == FAILED
    assert desk.room.events(Account.Locked) == []
    taken = desk.codes("SignIn", **(asked | {"password": PASSWORD}))
    assert taken == ["PERMISSION_DENIED", "COMMAND_ID_TAKEN"]


def test_a_registration_is_gone_on_with_after_sign_in(desk: Desk) -> None:
    """Its code goes to its address; then the step that is missing."""
    token = desk.proven()
    desk.choose(token)
    answer = desk.sign_in()
    assert (answer.code.method_id, list(answer.methods)) == ("", [])
    asked: dict[str, Any] = {
        "command_id": str(nature.new_id()),
        "sign_in_token": answer.sign_in_token,
        "code": desk.last_code(),
    }
    resumed = desk.ask("VerifySignInCode", **asked)
    assert desk.ask("VerifySignInCode", **asked) == resumed
    draft = desk.ask("GetRegistration", registration_token=resumed.registration.registration_token)
    assert (draft.step, draft.user_id) == (resumed.registration.step, "arivera26")


def test_external_user_services_unlock(desk: Desk) -> None:
    """4.1 AccountUnlocked; nobody else may."""
    who = desk.registered()
    for _ in range(3):
        fail(desk)
    desk.room.execute(accounts.unlock, who.account_id, roles=["EUS"], account_id=who.account_id)
    desk.clock.forward(hours=3)
    assert desk.session()


def test_hashes_wait_for_their_turn_and_then_say_busy() -> None:
    """S-01: at most two at a time a process; whoever waits too long is told BUSY, and no try was counted."""
    hasher = Argon2Hasher(IdentitySettings(hashes_at_once=1, hash_wait_seconds=0.01, hash_memory_kib=64), b"p" * 32)
    with hasher._place(), pytest.raises(HashQueueFullError) as caught:
        hasher.hash("x")
    assert caught.value.code == "BUSY"


def test_a_busy_moment_is_not_a_try(desk: Desk) -> None:
    who = desk.registered()
    hasher = desk.parts.hasher
    assert isinstance(hasher, Argon2Hasher)
    hasher._wait_s = 0.01
    with hasher._place(), hasher._place():
        for _ in range(4):
            with pytest.raises(HashQueueFullError):
                desk.ask("SignIn", user_id="arivera26", password=WRONG)
    assert desk.room.events(Account.Locked) == []
    assert desk.look(who.session)


def test_a_record_of_older_parameters_is_made_anew_at_sign_in(desk: Desk) -> None:
    """S-01."""
    desk.registered()

    def record() -> str:
        with desk.app.session() as session:
            return str(session.one("SELECT verifier FROM verifiers WHERE what = 'password'")[0])

    assert "m=64,t=1,p=1" in record()
    stronger = IdentitySettings(hash_memory_kib=128, hash_passes=2)
    object.__setattr__(desk.parts, "hasher", Argon2Hasher(stronger, desk.parts.keys.pepper))
    desk.session()
    assert "m=128,t=2,p=1" in record()


def test_the_real_parameters_are_those_of_the_limits() -> None:
    """S-01: Argon2id, 19 MiB, two passes, one lane, with a pepper's id in front."""
    hasher = Argon2Hasher(IdentitySettings(), b"p" * 32)
    record = hasher.hash("x")
    assert record.startswith("p1$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify(record, "x")
    assert not hasher.verify(record, "y")
    assert not hasher.verify(None, "x")
    assert not Argon2Hasher(IdentitySettings(), b"q" * 32).verify(record, "x")


def test_nobody_else_unlocks(desk: Desk) -> None:
    who = desk.registered()
    with pytest.raises(NotAllowedError):
        desk.room.execute(accounts.unlock, who.account_id, account_id=who.account_id)
