"""Step-up: a second factor again, inside a session (S-08, S-09)."""

from __future__ import annotations

from typing import Any

from chassis import nature
from services.identity.domain.account import Account
from services.identity.domain.sign_in import SignIn
from tests.integration.identity.desk import Desk


def send(desk: Desk, session: str) -> None:
    desk.ask("SendStepUpCode", session_token=session)


def mfa_age(desk: Desk, session: str) -> float:
    answer = desk.ask("CheckSession", session_token=session, audiences=["access"], activity=True)
    claims = desk.verifier("access").verify(answer.tokens[0].token)
    assert claims.mfa_at is not None
    return (nature.now() - claims.mfa_at).total_seconds()


def test_s_09_a_code_in_the_session_makes_its_second_factor_new(desk: Desk) -> None:
    """S-08: under a new token; the old one is dead at once."""
    who = desk.registered()
    desk.clock.forward(minutes=14)
    assert mfa_age(desk, who.session) >= 14 * 60
    send(desk, who.session)
    session = desk.ask("VerifyStepUpCode", session_token=who.session, code=desk.last_code()).session_token
    assert session != who.session
    assert mfa_age(desk, session) < 5
    assert desk.codes("CheckSession", session_token=who.session)[1] == "SESSION_ENDED"
    assert len(desk.room.events(SignIn.SteppedUp)) == 1


def test_a_repeat_of_the_right_code_is_right_again(desk: Desk) -> None:
    who = desk.registered()
    desk.clock.forward(minutes=1)
    send(desk, who.session)
    fields: dict[str, Any] = {
        "command_id": str(nature.new_id()),
        "session_token": who.session,
        "code": desk.last_code(),
    }
    first, again = (desk.ask("VerifyStepUpCode", **fields) for _ in range(2))
    assert first == again
    assert len(desk.room.events(SignIn.SteppedUp)) == 1


def test_a_code_of_another_session_or_purpose_is_wrong(desk: Desk) -> None:
    """A-06: bound to the session."""
    who = desk.registered()
    desk.clock.forward(minutes=1)
    other = desk.session()
    signing_in = desk.last_code()
    send(desk, who.session)
    right = desk.last_code()
    assert desk.codes("VerifyStepUpCode", session_token=other, code=right)[1] == "CODE_SPENT"
    assert desk.codes("VerifyStepUpCode", session_token=who.session, code=signing_in)[1] == "CODE_WRONG"
    assert desk.ask("VerifyStepUpCode", session_token=who.session, code=right).session_token


def test_without_a_code_asked_for_there_is_none(desk: Desk) -> None:
    who = desk.registered()
    assert desk.codes("VerifyStepUpCode", session_token=who.session, code="123456")[1] == "CODE_SPENT"
    assert not desk.ask("GetStepUp", session_token=who.session).HasField("code")


def test_a_session_that_is_over_steps_up_to_nothing(desk: Desk) -> None:
    who = desk.registered()
    desk.clock.forward(minutes=15)
    for rpc in ("SendStepUpCode", "GetStepUp"):
        assert desk.codes(rpc, session_token=who.session)[1] == "SESSION_ENDED"
    assert desk.codes("VerifyStepUpCode", session_token=who.session, code="123456")[1] == "SESSION_ENDED"


def test_three_spent_codes_lock_as_at_the_sign_in(desk: Desk) -> None:
    """D-24."""
    who = desk.registered()
    for number in range(3):
        desk.clock.forward(seconds=31)
        send(desk, who.session)
        wrong = desk.wrong_code()
        answers = [desk.codes("VerifyStepUpCode", session_token=who.session, code=wrong)[1] for _ in range(5)]
        assert answers == ["CODE_WRONG"] * 4 + ["ACCOUNT_LOCKED" if number == 2 else "CODE_SPENT"]
    assert len(desk.room.events(Account.Locked)) == 1
    assert desk.codes("CheckSession", session_token=who.session)[1] == "SESSION_ENDED"


def test_ten_codes_an_hour_and_none_too_early(desk: Desk) -> None:
    """limits: an allowance of its own; signing in is not held back by it."""
    who = desk.registered()
    assert desk.ask("SendStepUpCode", session_token=who.session).code.destination
    assert desk.codes("SendStepUpCode", session_token=who.session)[1] == "RESEND_TOO_EARLY"
    for _ in range(9):
        desk.clock.forward(seconds=31)
        desk.look(who.session)
        send(desk, who.session)
    desk.clock.forward(seconds=31)
    assert desk.codes("SendStepUpCode", session_token=who.session)[1] == "TOO_MANY_CODES"
    assert desk.session()
    shown = desk.ask("GetStepUp", session_token=who.session)
    assert shown.code.method_id in {one.id for one in shown.methods}
    assert (
        desk.codes("SendStepUpCode", session_token=who.session, method_id=str(nature.new_id()))[1] == "METHOD_UNKNOWN"
    )
