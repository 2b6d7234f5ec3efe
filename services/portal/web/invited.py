"""Invitations as those see them who may withdraw them: with names, offers and status in words (4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mandate.access.v1.service_pb2 import Invitation, ListInvitationsRequest, Offer

from services.portal.web import clock, naming, proof, receipts, redeeming
from services.portal.web.clients import RefusedError
from services.portal.web.visits import Visit

PAGE = 200
LIVE = frozenset({"ISSUED", "REDEEMED"})
"""What can be withdrawn."""
DEAD = frozenset({"EXPIRED", "BLOCKED"})
"""What can be sent again (4.4)."""
KINDS = {"ISSUED": "wait", "REDEEMED": "wait", "ACCEPTED": "ok", "BLOCKED": "bad"}
"""The look of a status; the others are quiet."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A role at one employer."""

    employer: naming.Employer
    role: str
    role_code: str
    functions: Sequence[str]
    """All of them for an Access Manager."""


@dataclass(frozen=True, slots=True)
class Invited:
    """One invitation."""

    id: str
    tracking_id: str
    name: str
    email: str
    offers: Sequence[Offered]
    status: str
    invited_at: Any
    expires_at: Any
    new_pin_asked: bool
    """Who was invited asks for a new PIN."""

    @property
    def kind(self) -> str:
        """The look of the status."""
        return KINDS.get(self.status, "")

    @property
    def is_live(self) -> bool:
        """Whether it can be withdrawn."""
        return self.status in LIVE

    @property
    def may_go_again(self) -> bool:
        """Whether it can be sent again: a PIN that lives is dead then (4.4)."""
        return self.status in LIVE | DEAD


def unfinished(visit: Visit) -> list[Invited]:
    """What was sent for the managed employers and is not accepted, the newest first. Raises `RefusedError`.

    Without dead ones that were sent again; access leaves out what the reader may not see (D-09).
    """
    newest = sorted(_all(visit), key=lambda one: clock.moment(one.invited_at), reverse=True)
    shown: list[Invitation] = []
    for one in newest:
        again = any(other.email and other.email.casefold() == one.email.casefold() for other in shown)
        if not (again and status(visit, one) in DEAD):
            shown.append(one)
    return rows(visit, shown)


def rows(visit: Visit, found: Sequence[Invitation]) -> list[Invited]:
    """Invitations with names. Raises `RefusedError`."""
    employers = naming.employers(visit, (offer.employer_id for one in found for offer in one.offers))
    return [
        Invited(
            id=one.invitation_id,
            tracking_id=one.tracking_id,
            name=one.name or str(visit.words("naming.person")),
            email=one.email,
            offers=[_offered(visit, offer, employers[offer.employer_id]) for offer in one.offers],
            status=status(visit, one),
            invited_at=one.invited_at,
            expires_at=one.expires_at,
            new_pin_asked=one.new_pin_asked,
        )
        for one in found
    ]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An invitation whose PIN was entered in this browser: what the reader would accept."""

    inviter: str = ""
    tracking_id: str = ""
    offers: Sequence[Offered] = ()
    """None for an invitation to the desk, or where nobody can tell just now: Home does without."""


def waiting(visit: Visit) -> Waiting | None:
    """None where no PIN was entered."""
    if not (kept := proof.kept(visit)):
        return None
    try:
        found = redeeming.preview(visit, kept)
        employers = naming.employers(visit, (offer.employer_id for offer in found.offers))
        inviter = naming.people(visit, [found.invited_by]).get(found.invited_by)
    except RefusedError:
        return Waiting()
    offers = [_offered(visit, offer, employers[offer.employer_id]) for offer in found.offers]
    return Waiting(naming.person(visit, inviter), found.tracking_id, offers)


def _offered(visit: Visit, offer: Offer, employer: naming.Employer) -> Offered:
    functions = [name for name in naming.FUNCTIONS if offer.role != "STAFF_END_USER" or name in offer.functions]
    return Offered(employer, naming.role(visit, offer.role), offer.role, functions)


def status(visit: Visit, one: Invitation) -> str:
    """As it is at this moment: a PIN is dead at its hour, whether that was written down already or not (D-27)."""
    is_late = one.status == "ISSUED" and clock.moment(one.expires_at) <= visit.now()
    return "EXPIRED" if is_late else one.status


def _all(visit: Visit) -> list[Invitation]:
    found: list[Invitation] = []
    request = ListInvitationsRequest(limit=PAGE)
    while True:
        answer = receipts.ask(visit, visit.portal.clients.access.ListInvitations, request, audience="access")
        found += answer.invitations
        if len(answer.invitations) < PAGE:
            return found
        request.after = answer.invitations[-1].invitation_id
