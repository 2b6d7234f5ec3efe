"""An address that is taken is answered like any other (A-01, M-30, S-02)."""

from __future__ import annotations

from services.identity.domain.code import Code
from services.identity.domain.decoy import Decoy
from tests.integration.identity.desk import Desk


def test_a_taken_address_is_answered_like_a_free_one(desk: Desk) -> None:
    """A-01: the same fields, the same draft, the same refusals; the owner is told (M-30)."""
    who = desk.registered()
    codes = len(desk.room.events(Code.Issued))
    desk.clock.forward(hours=1)
    decoy, real = desk.start("ANA@example.com"), desk.start("bea@example.com")
    assert len(desk.room.events(Code.Issued)) == codes + 1
    assert [one.account_id for one in desk.room.events(Decoy.AddressTaken)] == [who.account_id]
    for answer in (decoy, real):
        answer.ClearField("receipt")
    assert decoy.code.destination == "ANA@example.com"
    assert (decoy.code.expires_at, decoy.code.resend_at) == (real.code.expires_at, real.code.resend_at)
    assert len(decoy.registration_token) == len(real.registration_token) == 43
    drafts = [desk.ask("GetRegistration", registration_token=one.registration_token) for one in (decoy, real)]
    for draft, email in zip(drafts, ("ANA@example.com", "bea@example.com"), strict=True):
        assert draft.email == email
        draft.ClearField("email")
        draft.code.ClearField("destination")
    assert drafts[0] == drafts[1]


def test_no_code_is_ever_right_for_a_taken_address(desk: Desk) -> None:
    """The same refusals in the same order as a real one: wrong four times, spent at the fifth, and at every other."""
    desk.registered()
    desk.clock.forward(hours=1)
    told = []
    for email in ("ana@example.com", "bea@example.com"):
        token = desk.start(email).registration_token
        wrong = desk.wrong_code() if email == "bea@example.com" else "123456"
        told.append([desk.codes("VerifyRegistrationEmail", registration_token=token, code=wrong) for _ in range(7)])
    assert told[0] == told[1]
    assert [one[1] for one in told[0]] == ["CODE_WRONG"] * 4 + ["CODE_SPENT"] * 3


def test_a_resend_for_a_taken_address_is_limited_alike(desk: Desk) -> None:
    desk.registered()
    desk.clock.forward(hours=1)
    for email in ("ana@example.com", "bea@example.com"):
        token = desk.start(email).registration_token
        error = desk.refused("ResendRegistrationCode", registration_token=token)
        assert (error.details[0].code, error.details[0].retry_after_seconds) == ("RESEND_TOO_EARLY", 30)
        desk.clock.forward(seconds=30)
        again = desk.ask("ResendRegistrationCode", registration_token=token)
        assert again.code.destination == email


def test_an_open_registration_past_step_1_keeps_its_address(desk: Desk) -> None:
    token = desk.proven()
    desk.choose(token)
    desk.start()
    assert len(desk.room.events(Decoy.AddressTaken)) == 1
