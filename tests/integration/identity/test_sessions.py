"""Sessions: 15 minutes idle, 12 hours in all, tokens for services, signing out (S-08, S-12, D-26)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chassis import nature
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims
from services.identity.commands import sessions
from services.identity.domain.sign_in import SignIn
from tests.integration.identity.desk import BEGIN, PASSWORD, TICK, Desk

ENDED = ["UNAUTHENTICATED", "SESSION_ENDED"]


def alive(desk: Desk, token: str, *, activity: bool = True) -> bool:
    try:
        desk.look(token, activity=activity)
    except RefusedError as error:
        return [error.status.name, error.details[0].code] != ENDED
    return True


def test_a_session_ends_after_15_minutes_without_a_page(desk: Desk) -> None:
    """S-08, at the edge: a look without activity does not keep it alive."""
    token = desk.registered().session
    for _ in range(3):
        desk.clock.at += timedelta(minutes=15) - TICK
        assert alive(desk, token)
    desk.clock.at += timedelta(minutes=15) - TICK
    assert alive(desk, token, activity=False)
    desk.clock.at += TICK
    assert not alive(desk, token)
    assert not alive(desk, token, activity=False)


def test_a_session_ends_after_12_hours_in_any_case(desk: Desk) -> None:
    """D-26, at the edge."""
    token = desk.registered().session
    while desk.clock.at <= BEGIN + timedelta(hours=12) - timedelta(minutes=10):
        assert alive(desk, token)
        desk.clock.forward(minutes=10)
    desk.clock.at = BEGIN + timedelta(hours=12) - TICK  # ten minutes after the last page
    session = desk.look(token).session
    assert session.ends_at.ToDatetime() == (BEGIN + timedelta(hours=12)).replace(tzinfo=None)
    assert session.idle_ends_at.ToDatetime() == (desk.clock.at + timedelta(minutes=15)).replace(tzinfo=None)
    desk.clock.at += TICK
    assert not alive(desk, token)


def test_looking_at_a_session_writes_no_event(desk: Desk) -> None:
    token = desk.registered().session
    end = desk.room.end()
    desk.look(token, audiences=["access"])
    assert desk.room.end() == end


def test_tokens_for_services_come_with_the_look(desk: Desk) -> None:
    """S-12: bound to one audience, 15 seconds, the session's hash, the second factor's time."""
    who = desk.registered()
    desk.clock.forward(minutes=5)
    answer = desk.look(who.session, audiences=["access", "connections", "access"])
    assert [one.audience for one in answer.tokens] == ["access", "connections"]
    claims = desk.verifier("access").verify(answer.tokens[0].token)
    assert (claims.account_id, claims.roles, claims.mfa_at) == (who.account_id, frozenset(), BEGIN)
    assert len(claims.session) == 64
    assert who.session not in answer.tokens[0].token
    life = answer.tokens[0].expires_at.ToDatetime() - desk.clock.at.replace(tzinfo=None)
    assert life == timedelta(seconds=15)
    unknown = desk.codes("CheckSession", session_token=who.session, audiences=["elsewhere"])
    assert unknown == ["INVALID_ARGUMENT", "AUDIENCE_UNKNOWN"]


def test_signing_out_ends_the_session(desk: Desk) -> None:
    """S-08; what has ended already is success."""
    token = desk.registered().session
    asked: dict[str, Any] = {"command_id": str(nature.new_id()), "session_token": token}
    first = desk.ask("EndSession", **asked)
    assert first.HasField("receipt")
    assert desk.ask("EndSession", **asked) == first
    assert not alive(desk, token)
    assert not desk.ask("EndSession", session_token=token).HasField("receipt")
    assert not desk.ask("EndSession", session_token="nobody's").HasField("receipt")
    assert len(desk.room.events(SignIn.Ended)) == 1


def test_every_sign_in_has_a_token_of_its_own(desk: Desk) -> None:
    """S-08: new at each sign-in, stored hashed."""
    first = desk.registered().session
    desk.clock.forward(minutes=1)
    second = desk.session()
    assert first != second
    assert len(first) == len(second) == 43
    with desk.app.session() as session:
        hashes = session.run("SELECT encode(hash, 'hex') FROM sessions")
    assert len(hashes) == 2
    assert not alive(desk, hashes[0][0])


def test_a_sign_in_that_broke_off_before_its_event_can_be_finished_with_another_code(desk: Desk) -> None:
    """The session's row is written first: one without its event is worth nothing, and stands in nobody's way."""
    who = desk.registered()
    desk.clock.forward(hours=1)
    token = desk.sign_in().sign_in_token
    sign_in_id = desk.room.events(SignIn.CodeAsked)[-1].originator_id
    sessions.begin(desk.app, desk.parts, "broken off", sign_in_id=sign_in_id, account_id=who.account_id)
    assert not alive(desk, "broken off")
    done = desk.ask("VerifySignInCode", sign_in_token=token, code=desk.last_code())
    assert alive(desk, done.session_token)
    assert not alive(desk, "broken off")


def test_the_last_sign_in_is_shown(desk: Desk) -> None:
    """IA-SIGN-05."""
    desk.registered()
    desk.clock.forward(hours=2)
    token = desk.session()
    assert desk.look(token).session.last_signed_in_at.ToDatetime() == BEGIN.replace(tzinfo=None)


def test_an_expired_password_still_signs_in_for_changing_it(desk: Desk) -> None:
    """X-01, D-31: at 60 x 24 h none of its days is left."""
    desk.registered()
    desk.clock.forward(days=59, hours=23)
    assert desk.look(desk.session()).session.password_days_left == 1
    desk.clock.forward(hours=1)
    assert desk.look(desk.session()).session.password_days_left == 0


def test_a_profile_is_its_owners(desk: Desk) -> None:
    """IA-PROF-01, IA-CONF-06: everything but the SSN."""
    who = desk.registered()
    caller = Caller(claims=Claims(account_id=who.account_id))
    profile = desk.ask("GetProfile", caller=caller)
    assert (profile.account_id, profile.user_id, profile.email) == (str(who.account_id), "arivera26", who.email)
    assert (profile.information.ssn, profile.ssn_last_four) == ("", "9999")
    assert profile.information.date_of_birth == "1980-02-29"
    assert profile.registered_at.ToDatetime() == BEGIN.replace(tzinfo=None)
    assert PASSWORD not in str(profile)
