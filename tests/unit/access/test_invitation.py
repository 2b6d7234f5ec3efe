"""4.4: an invitation, from its PIN to its end; and what joining by one changes (4.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.access.domain.association import Association
from services.access.domain.invitation import (
    Invitation,
    InvitationOverError,
    InvitationVoidError,
    Offer,
    PinRefusedError,
)
from tests.given import Fact, fact, given

MANAGER, INVITEE, OTHER, EMPLOYER, INVITATION = (uuid4() for _ in range(5))
NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
DIES = NOON + timedelta(hours=72)
OFFER = Offer(EMPLOYER, "STAFF_END_USER", ("PECOS",))
INVITED = fact(
    Invitation.StaffInvited,
    invited_by=MANAGER,
    invitee="sealed",
    offers=[OFFER.as_fields()],
    tracking_id="V00000000",
)
ISSUED = fact(Invitation.PinIssued, secret="sealed", expires_at=DIES)
REJECTED, BLOCKED, EXPIRED = (
    fact(one) for one in (Invitation.PinRejected, Invitation.PinBlocked, Invitation.PinExpired)
)
REDEEMED = fact(Invitation.PinRedeemed)
ACCEPTED = fact(Invitation.Accepted, account_id=INVITEE, offers=[OFFER.as_fields()])
WITHDRAWN = fact(Invitation.Withdrawn, withdrawn_by=MANAGER)

Ask = Callable[[Invitation], None]


def redeem(at: datetime = NOON) -> Ask:
    return lambda invitation: invitation.redeem(now=at)


def accept(account: object = INVITEE, *offers: Offer) -> Ask:
    return lambda invitation: invitation.accept(account_id=account, offers=offers or (OFFER,))  # type: ignore[arg-type]


def withdraw(invitation: Invitation) -> None:
    invitation.withdraw(withdrawn_by=MANAGER)


@pytest.mark.parametrize(
    ("history", "ask", "follows"),
    [
        ((INVITED, ISSUED), redeem(), (REDEEMED,)),
        ((INVITED, ISSUED), redeem(DIES - timedelta(microseconds=1)), (REDEEMED,)),
        ((INVITED, ISSUED, REDEEMED), redeem(), ()),
        ((INVITED, ISSUED, REDEEMED), accept(), (ACCEPTED,)),
        ((INVITED, ISSUED, REDEEMED, ACCEPTED), accept(), ()),
        ((INVITED, ISSUED), withdraw, (WITHDRAWN,)),
        ((INVITED, ISSUED, REDEEMED), withdraw, (WITHDRAWN,)),
        ((INVITED, ISSUED, WITHDRAWN), withdraw, ()),
        ((INVITED, ISSUED), lambda one: one.expire(now=DIES), (EXPIRED,)),
        ((INVITED, ISSUED), lambda one: one.expire(now=NOON), ()),
        ((INVITED, ISSUED, REDEEMED), lambda one: one.expire(now=DIES), ()),
        ((INVITED, ISSUED), lambda one: one.reject_pin(is_last=False), (REJECTED,)),
        ((INVITED, ISSUED), lambda one: one.reject_pin(is_last=True), (REJECTED, BLOCKED)),
        ((INVITED, ISSUED, REDEEMED), lambda one: one.reject_pin(is_last=True), ()),
    ],
)
def test_4_4_what_follows(history: tuple[Fact, ...], ask: Ask, follows: tuple[Fact, ...]) -> None:
    given(Invitation, *history).when(ask).then(*follows)


@pytest.mark.parametrize(
    ("history", "ask", "error"),
    [
        ((INVITED, ISSUED), redeem(DIES), PinRefusedError),  # D-27: at 72:00:00 it is expired
        ((INVITED, ISSUED, REJECTED, BLOCKED), redeem(), PinRefusedError),
        ((INVITED, ISSUED, EXPIRED), redeem(), PinRefusedError),
        ((INVITED, ISSUED, WITHDRAWN), redeem(), PinRefusedError),
        ((INVITED, ISSUED, REDEEMED, ACCEPTED), redeem(), PinRefusedError),
        ((INVITED,), redeem(), PinRefusedError),
        ((INVITED, ISSUED), accept(), PinRefusedError),
        ((INVITED, ISSUED, REDEEMED, ACCEPTED), accept(OTHER), PinRefusedError),
        ((INVITED, ISSUED, REDEEMED, WITHDRAWN), accept(), PinRefusedError),
        ((INVITED, ISSUED, REDEEMED), lambda one: one.accept(account_id=INVITEE, offers=()), InvitationVoidError),
        ((INVITED, ISSUED, REDEEMED, ACCEPTED), withdraw, InvitationOverError),
        ((INVITED, ISSUED, EXPIRED), withdraw, InvitationOverError),
    ],
)
def test_4_4_what_is_refused(history: tuple[Fact, ...], ask: Ask, error: type[Exception]) -> None:
    given(Invitation, *history).when(ask).then_raises(error)


# -- joining

ASKED = fact(
    Association.Requested, account_id=INVITEE, employer_id=EMPLOYER, role="STAFF_END_USER", role_request_id=OTHER
)
APPROVED = fact(Association.Approved, role="STAFF_END_USER", approved_by=MANAGER)
ENDED = fact(Association.Ended, ended_by=MANAGER)


def join(role: str, *functions: str) -> Callable[[Association], None]:
    return lambda one: one.join(role=role, functions=functions, invitation_id=INVITATION)


def joined(role: str, *functions: str, closes: bool = False) -> Fact:
    return fact(
        Association.Joined,
        role=role,
        functions=list(functions),
        invitation_id=INVITATION,
        closes_request=closes,
    )


STAFF, AM, AO = "STAFF_END_USER", "ACCESS_MANAGER", "AUTHORIZED_OFFICIAL"
GRANTED = fact(Association.FunctionGranted, function="NPPES", functions=["NPPES"])
MANAGES = fact(Association.Approved, role=AM, approved_by=MANAGER)


@pytest.mark.parametrize(
    ("history", "ask", "follows"),
    [
        ((ASKED,), join(STAFF, "PECOS"), (joined(STAFF, "PECOS", closes=True),)),
        ((ASKED, APPROVED, ENDED), join(STAFF), (joined(STAFF),)),
        ((ASKED, APPROVED, GRANTED), join(STAFF, "PECOS"), (joined(STAFF, "NPPES", "PECOS"),)),
        ((ASKED, APPROVED, GRANTED), join(STAFF, "NPPES"), ()),
        ((ASKED, APPROVED), join(AM), (joined(AM),)),
        ((ASKED, MANAGES), join(STAFF, "PECOS"), ()),
        ((ASKED, MANAGES), join(AM), ()),
    ],
)
def test_4_3_an_invitation_takes_nothing_away(
    history: tuple[Fact, ...], ask: Callable[[Association], None], follows: tuple[Fact, ...]
) -> None:
    """D-39."""
    given(Association, *history).when(ask).then(*follows)
