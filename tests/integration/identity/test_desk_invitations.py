"""People of External User Services are invited by one of them; every step is named in history (4.4, S-06, S-09)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.domain import NotAllowedError, NotFoundError
from chassis.sealing import open_sealed
from chassis.server import Caller
from chassis.stepping_up import StepUpRequiredError
from chassis.tokens import Claims
from services.identity.commands import accounts
from services.identity.commands.desk import SECRET_CONTEXT
from services.identity.domain.account import Account
from services.identity.domain.desk_invitation import DeskInvitation
from tests.integration.identity.at_desk import ask, codes, person
from tests.integration.identity.desk import Desk

OLA = {"first_name": "Ola", "last_name": "Fenn", "email": "ola@desk.example", "confirm_email": "ola@desk.example"}


def invited(desk: Desk, ewa: UUID, **fields: Any) -> str:
    """An invitation of Ola's."""
    return str(ask(desk, "InviteToDesk", person(desk, ewa), **(OLA | fields)).receipt.id)


def pin_of(desk: Desk, invitation_id: str) -> str:
    """As the notifier opens it."""
    [issued] = [e for e in desk.room.events(DeskInvitation.PinIssued) if str(e.originator_id) == invitation_id]
    return open_sealed(desk.notifier_private, issued.secret, f"{SECRET_CONTEXT}{invitation_id}")


PORTAL = Caller(claims=Claims(service="portal"))


def test_somebody_with_an_account_joins_the_desk_at_once(desk: Desk, ewa: UUID) -> None:
    """4.4: the role is in the next session check; the invitation and the account say who did what."""
    ana = desk.registered()
    pin = pin_of(desk, invited(desk, ewa))
    ask(desk, "EnterDeskPin", person(desk, ana.account_id, roles=()), email=OLA["email"], pin=pin.lower())
    assert desk.look(ana.session).session.roles
    [accepted] = desk.room.events(DeskInvitation.Accepted)
    assert accepted.account_id == ana.account_id
    assert desk.room.events(Account.RolesGiven)[-1].roles == ["EUS"]
    desk.house.settle()
    listed = ask(desk, "ListDeskPeople", person(desk, ewa)).account_ids
    assert sorted(listed) == sorted([str(ewa), str(ana.account_id)])
    assert list(ask(desk, "ListDeskInvitations", person(desk, ewa)).invitations) == []


def test_who_has_no_account_registers_with_the_proof(desk: Desk, ewa: UUID) -> None:
    pin = pin_of(desk, invited(desk, ewa))
    proof = ask(desk, "EnterDeskPin", PORTAL, email=OLA["email"], pin=pin).proof
    begun = desk.ask(
        "StartRegistration", email="ola@home.example", confirm_email="ola@home.example", challenge_id=uuid4().hex[:22],
        invitation_proof=proof,
    )  # fmt: skip
    token = desk.ask(
        "VerifyRegistrationEmail", registration_token=begun.registration_token, code=desk.last_code()
    ).registration_token
    desk.choose(token)
    desk.record(token)
    desk.with_method(token)
    assert desk.room.events(DeskInvitation.Accepted) == []
    answer = desk.ask("CompleteRegistration", registration_token=token)
    assert desk.look(answer.session_token).session.roles
    [accepted] = desk.room.events(DeskInvitation.Accepted)
    assert str(accepted.account_id) == answer.session.account_id
    account = UUID(answer.session.account_id)
    assert codes(desk, "AcceptDeskInvitation", person(desk, account), proof=proof) == [
        "FAILED_PRECONDITION",
        "PIN_REFUSED",
    ]


def test_a_proof_is_accepted_after_signing_in_once(desk: Desk, ewa: UUID) -> None:
    ana = desk.registered()
    proof = ask(desk, "EnterDeskPin", PORTAL, email=OLA["email"], pin=pin_of(desk, invited(desk, ewa))).proof
    me = person(desk, ana.account_id, roles=())
    fields = {"proof": proof, "command_id": str(nature.new_id())}
    first = ask(desk, "AcceptDeskInvitation", me, **fields)
    assert ask(desk, "AcceptDeskInvitation", me, **fields) == first
    ben = desk.registered("ben@example.com", "benrivera1", ssn="219099998")
    assert "PIN_REFUSED" in codes(desk, "AcceptDeskInvitation", person(desk, ben.account_id), proof=proof)


def test_only_the_desk_invites_withdraws_and_looks(desk: Desk, ewa: UUID) -> None:
    """A role in a token that the account has lost since is none (D-50)."""
    id_, ana = invited(desk, ewa), desk.registered()
    for roles in ((), ("MAC",), ("EUS",)):
        stranger = person(desk, ana.account_id, roles=roles)
        for rpc, fields in (("InviteToDesk", OLA), ("WithdrawDeskInvitation", {"invitation_id": id_})):
            with pytest.raises(NotAllowedError):
                ask(desk, rpc, stranger, **fields)
    for rpc in ("ListDeskPeople", "ListDeskInvitations"):
        with pytest.raises(NotAllowedError):
            ask(desk, rpc, person(desk, ana.account_id, roles=("MAC",)))
    for service in ("portal", "access"):
        with pytest.raises(NotAllowedError):
            ask(desk, "GetDeskInvitee", Caller(claims=Claims(service=service)), invitation_id=id_)


def test_inviting_asks_for_a_second_factor_of_just_now(desk: Desk, ewa: UUID) -> None:
    """S-09: whoever is at the desk approves officials."""
    with pytest.raises(StepUpRequiredError):
        ask(desk, "InviteToDesk", person(desk, ewa, minutes=16), **OLA)
    assert desk.room.events(DeskInvitation.Invited) == []


def test_what_is_typed_is_judged(desk: Desk, ewa: UUID) -> None:
    """S-25: what passes may stand in a mail's header."""
    me = person(desk, ewa)
    assert codes(desk, "InviteToDesk", me, **OLA | {"first_name": "=?utf-8?q?hi?="})[1:] == ["NAME_MALFORMED"]
    assert codes(desk, "InviteToDesk", me, **OLA | {"last_name": ""})[1:] == ["FIELD_REQUIRED"]
    assert codes(desk, "InviteToDesk", me, **OLA | {"confirm_email": "other@desk.example"})[1:] == ["EMAIL_MISMATCH"]
    two = "ola@desk.example,eve@desk.example"
    assert codes(desk, "InviteToDesk", me, **OLA | {"email": two, "confirm_email": two})[1:] == ["EMAIL_MALFORMED"]


def test_the_pin_is_nowhere_but_sealed_for_the_notifier(desk: Desk, ewa: UUID) -> None:
    """Neither the PIN nor who is invited can be read in the log or beside it."""
    pin = pin_of(desk, invited(desk, ewa))
    with desk.app.session() as session:
        log = b"".join(row[0] for row in session.run("SELECT state FROM log"))
        table = repr(session.run("SELECT * FROM pins"))
    for secret in (pin, "ola@desk.example", "Fenn"):
        assert secret.encode() not in log
        assert secret not in table
    found = ask(desk, "GetDeskInvitee", Caller(claims=Claims(service="notifier")), invitation_id=invited(desk, ewa))
    assert (found.email, found.name, found.language) == ("ola@desk.example", "Ola Fenn", "en")
    with pytest.raises(NotFoundError):
        ask(desk, "GetDeskInvitee", Caller(claims=Claims(service="notifier")), invitation_id=str(uuid4()))


def test_who_is_invited_is_written_to_in_the_language_of_the_page(desk: Desk, ewa: UUID) -> None:
    """M-01: nobody knows the person's own."""
    sent = ask(desk, "InviteToDesk", replace(person(desk, ewa), language="es"), **OLA)
    notifier = Caller(claims=Claims(service="notifier"))
    assert ask(desk, "GetDeskInvitee", notifier, invitation_id=sent.receipt.id).language == "es"


def test_at_72_hours_the_pin_is_dead(desk: Desk, ewa: UUID) -> None:
    """D-27, IA-PIN-02: with or without the timer."""
    id_, ana = invited(desk, ewa), desk.registered()
    me = person(desk, ana.account_id, roles=())
    desk.clock.forward(hours=72)
    assert codes(desk, "EnterDeskPin", me, email=OLA["email"], pin=pin_of(desk, id_))[1:] == ["PIN_REFUSED"]
    desk.house.settle()
    assert [str(one.originator_id) for one in desk.room.events(DeskInvitation.PinExpired)] == [id_]
    [listed] = ask(desk, "ListDeskInvitations", person(desk, ewa)).invitations
    assert listed.status == "EXPIRED"


def test_five_wrong_tries_at_once_or_one_by_one_block_it(desk: Desk, ewa: UUID) -> None:
    """A-05: at most five are compared, however many come together."""
    id_, ana = invited(desk, ewa), desk.registered()
    me, right = person(desk, ana.account_id, roles=()), pin_of(desk, id_)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")

    def guess(_: int) -> list[str]:
        return codes(desk, "EnterDeskPin", me, email=OLA["email"], pin=wrong)

    with ThreadPoolExecutor(8) as pool:
        assert all(one[1:] in (["PIN_REFUSED"], ["BUSY"]) for one in pool.map(guess, range(20)))
    assert len(desk.room.events(DeskInvitation.PinRejected)) == 5
    assert len(desk.room.events(DeskInvitation.PinBlocked)) == 1
    assert codes(desk, "EnterDeskPin", me, email=OLA["email"], pin=right)[1:] == ["PIN_REFUSED"]


def test_a_withdrawn_invitation_and_one_of_somebody_who_left_give_nothing(desk: Desk, ewa: UUID) -> None:
    ana = desk.registered()
    me = person(desk, ana.account_id, roles=())
    first = invited(desk, ewa)
    ask(desk, "WithdrawDeskInvitation", person(desk, ewa), invitation_id=first)
    assert codes(desk, "EnterDeskPin", me, email=OLA["email"], pin=pin_of(desk, first))[1:] == ["PIN_REFUSED"]
    [withdrawn] = desk.room.events(DeskInvitation.Withdrawn)
    assert withdrawn.withdrawn_by == ewa
    second = invited(desk, ewa, email="ola2@desk.example", confirm_email="ola2@desk.example")
    cause = person(desk, ewa).cause(str(nature.new_id()))
    desk.app.execute(accounts.give_roles, cause, account_id=ewa, roles=[])
    assert codes(desk, "EnterDeskPin", me, email="ola2@desk.example", pin=pin_of(desk, second))[1:] == [
        "INVITATION_VOID"
    ]
