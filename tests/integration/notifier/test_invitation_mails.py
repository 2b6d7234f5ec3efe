"""Mails about invitations and documents: M-01, M-11, M-20."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from mandate.access.v1 import events_pb2 as access
from mandate.identity.v1 import events_pb2 as identity
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.messages import timestamp
from chassis.sealing import seal_for
from services.notifier.domain.notification import Notification
from tests.integration.notifier.bureau import PUBLIC, Bureau

CLINIC, BRANCH = uuid4(), uuid4()
TRACKING = "V7F3K2QX9V"
INVITED = "cleo@harbor.example"


def pin_issued(invitation_id: UUID, inviter: UUID) -> access.PinIssued:
    now = nature.now()
    return access.PinIssued(
        invitation_id=str(invitation_id),
        invited_by=str(inviter),
        employer_ids=[str(CLINIC), str(BRANCH)],
        tracking_id=TRACKING,
        sealed_pin=seal_for(PUBLIC, "ABCD2345", f"mandate.access.v1.PinIssued/{invitation_id}"),
        issued_at=timestamp(now),
        expires_at=timestamp(now + timedelta(hours=72)),
    )


def known(bureau: Bureau) -> tuple[UUID, UUID]:
    """An invitation and its inviter."""
    bureau.called.known |= {CLINIC: "AAG Org One", BRANCH: "AAG Org Two"}
    return bureau.people.add(INVITED, name="Cleo Vargas"), bureau.people.add("jon@harbor.example", name="Jon Snow")


def test_m_01_the_invitation_carries_the_pin_once(bureau: Bureau) -> None:
    """IA-INV-01: inviter, all employers, address, PIN, tracking id."""
    invitation, inviter = known(bureau)
    bureau.hear(pin_issued(invitation, inviter), key=invitation, times=2)
    [mail] = bureau.inbox.messages(INVITED)
    assert mail.subject.startswith("You've been invited to register with the Centers")
    for word in ("Jon Snow", "AAG Org One, AAG Org Two", INVITED, "ABCD2345", "V7F3-K2QX-9V", "/pin", "72 hours"):
        assert word in " ".join(mail.text.split())


def test_an_invitation_that_was_withdrawn_is_not_sent(bureau: Bureau) -> None:
    """In either order; a PIN mail that has gone out stays so."""
    invitation, inviter = known(bureau)
    bureau.hear(access.InvitationWithdrawn(invitation_id=str(invitation), tracking_id=TRACKING), key=invitation)
    bureau.hear(pin_issued(invitation, inviter), key=invitation)
    assert bureau.inbox.messages(INVITED) == []
    assert [type(one) for one in bureau.ends()] == [Notification.Superseded]


def test_a_pin_mail_is_never_sent_after_72_hours(bureau: Bureau) -> None:
    """limits: mail."""
    invitation, inviter = known(bureau)
    bureau.people.away = True
    bureau.hear(pin_issued(invitation, inviter), key=invitation)
    bureau.clock.pass_(hours=72)
    bureau.people.away = False
    bureau.house.settle()
    assert bureau.inbox.messages(INVITED) == []
    assert [type(one) for one in bureau.ends()] == [Notification.Expired]


def test_m_20_the_inviter_is_told_what_became_of_it(bureau: Bureau) -> None:
    invitation, inviter = known(bureau)
    ids: dict[str, Any] = {"invitation_id": str(invitation), "invited_by": str(inviter), "tracking_id": TRACKING}
    accepted = access.InvitationAccepted(**ids, employers=[access.InvitedTo(employer_id=str(CLINIC))])
    bureau.hear(accepted, key=invitation)
    bureau.hear(access.PinExpired(**ids, employer_ids=[str(CLINIC), str(BRANCH)]), key=invitation)
    bureau.hear(access.NewPinAsked(**ids, employer_ids=[str(CLINIC)]), key=invitation, times=3)
    first, second, third = bureau.inbox.messages("jon@harbor.example")
    assert first.subject == "Your invitation was accepted"
    assert "Cleo Vargas" in first.text
    assert "AAG Org Two" not in first.text
    assert second.subject == "Your invitation has expired"
    assert "AAG Org One, AAG Org Two" in second.text
    assert third.subject == "A new PIN is asked for"
    assert "Cleo Vargas could not use the PIN" in " ".join(third.text.split())


def desk_pin(invitation_id: UUID, inviter: UUID) -> identity.DeskPinIssued:
    now = nature.now()
    return identity.DeskPinIssued(
        invitation_id=str(invitation_id),
        invited_by=str(inviter),
        tracking_id=TRACKING,
        sealed_pin=seal_for(PUBLIC, "ABCD2345", f"mandate.identity.v1.DeskPinIssued/{invitation_id}"),
        issued_at=timestamp(now),
        expires_at=timestamp(now + timedelta(hours=72)),
    )


def test_m_01_and_m_20_of_the_desk_name_no_employer(bureau: Bureau) -> None:
    """Sent once; what became of it is told to the inviter, in both languages."""
    invitation = bureau.people.add(INVITED, language="es", name="Cleo Vargas")
    inviter = bureau.people.add("ewa@desk.example", name="Ewa Usher")
    bureau.hear(desk_pin(invitation, inviter), key=invitation, times=2)
    [mail] = bureau.inbox.messages(INVITED)
    for word in (
        "Ewa Usher le invita a trabajar en la mesa de ayuda de External User Services",
        "ABCD2345",
        "V7F3-K2QX-9V",
    ):
        assert word in " ".join(mail.text.split())
    assert "empleador" not in mail.text
    ids: dict[str, Any] = {"invitation_id": str(invitation), "invited_by": str(inviter), "tracking_id": TRACKING}
    bureau.hear(identity.DeskInvitationAccepted(**ids, account_id=str(uuid4())), key=invitation)
    bureau.hear(identity.DeskPinExpired(**ids), key=invitation)
    accepted, expired = bureau.inbox.messages("ewa@desk.example")
    assert "Cleo Vargas has accepted" in accepted.text
    assert "/eus/people" in expired.text
    assert expired.subject == "Your invitation has expired"


def test_a_withdrawn_invitation_to_the_desk_is_not_sent(bureau: Bureau) -> None:
    invitation, inviter = known(bureau)
    gone = identity.DeskInvitationWithdrawn(invitation_id=str(invitation), tracking_id=TRACKING)
    bureau.hear(gone, key=invitation)
    bureau.hear(desk_pin(invitation, inviter), key=invitation)
    assert bureau.inbox.messages(INVITED) == []


def test_m_11_documents_are_told_to_the_requester_and_to_the_desk(bureau: Bureau) -> None:
    """Everybody of External User Services who can sign in; nobody else."""
    jane = bureau.people.add("jane@harbor.example")
    for name, active, roles in (("ewa", True, ["EUS"]), ("old", False, ["EUS"]), ("kim", True, ["AUDITOR"])):
        account_id = bureau.people.add(f"{name}@desk.example")
        bureau.hear(AccountState(account_id=str(account_id), active=active, roles=roles), key=account_id)
    bureau.called.known[CLINIC] = "Marlbrook Family Clinic"
    completed = access.RoleRequestDocumentsCompleted(
        role_request_id=str(uuid4()),
        account_id=str(jane),
        employer_id=str(CLINIC),
        role="AUTHORIZED_OFFICIAL",
        tracking_id="R7F3K2QX9V",
    )
    bureau.hear(completed, times=2)
    [mine], [theirs] = bureau.inbox.messages("jane@harbor.example"), bureau.inbox.messages("ewa@desk.example")
    assert mine.subject == theirs.subject == "Your documents were received"
    assert "5 to 10 business days" in " ".join(mine.text.split())
    assert "/eus" in theirs.text
    assert len(bureau.inbox.messages()) == 2


def test_m_11_who_works_at_the_desk_is_told_once_of_an_own_request(bureau: Bureau) -> None:
    """One for an event and a recipient; the policy goes on. Nobody decides their own request."""
    ewa = bureau.people.add("ewa@desk.example")
    bureau.hear(AccountState(account_id=str(ewa), active=True, roles=["EUS"]), key=ewa)
    completed = access.RoleRequestDocumentsCompleted(
        role_request_id=str(uuid4()),
        account_id=str(ewa),
        employer_id=str(CLINIC),
        role="AUTHORIZED_OFFICIAL",
        tracking_id="R7F3K2QX9V",
    )
    bureau.hear(completed)
    [mail] = bureau.inbox.messages("ewa@desk.example")
    assert "5 to 10 business days" in " ".join(mail.text.split())
