"""Whenever an employer is closed, what was asked for there is cancelled, and nobody works there any more (D-41).

What is done there at the same moment ends as well, so each fact wakes the rule. An invitation goes when none of its
employers is open; one that has others stays, and gives nothing at those that are closed.
"""

from __future__ import annotations

from collections.abc import Iterator

from chassis.cause import system_actor
from chassis.domain import Aggregate
from chassis.policies import World
from services.access.domain.association import Association
from services.access.domain.association_events import Approved, Joined, Requested, RequestedAgain, RoleChanged
from services.access.domain.employer import Employer
from services.access.domain.invitation import Invitation
from services.access.domain.leaving import let_go
from services.access.projections import closed_employers, invitations, staff_list

EMPLOYER_CLOSED = "EMPLOYER_CLOSED"
CLOSER = system_actor("access/close_with_employer")
"""Who lets its people go."""
AT_ONCE = 200
"""People, and invitations, of one transaction: an employer may have thousands, and nobody else writes meanwhile."""

Joining = Requested | RequestedAgain | Joined | Approved | RoleChanged


def on_closed(closed: Employer.Closed | Employer.ClosingWentOn, world: World) -> Iterator[Aggregate]:
    """Everybody there, some at a time."""
    employer: Employer = world.repository.get(closed.originator_id, kind=Employer)
    people = staff_list.people_at(world.db, employer_id=employer.employer_id, limit=AT_ONCE)
    offers = invitations.pointless(world.db, employer_id=employer.employer_id, limit=AT_ONCE)
    for association_id in people:
        yield from _end(world, world.repository.get(association_id, kind=Association))
    for invitation_id in offers:
        yield from _withdraw(world.repository.get(invitation_id, kind=Invitation))
    if AT_ONCE in {len(people), len(offers)}:
        employer.go_on()
        yield employer


def on_joining(joining: Joining, world: World) -> Iterator[Aggregate]:
    """Perhaps at an employer that is closed."""
    association: Association = world.repository.get(joining.originator_id, kind=Association)
    if closed_employers.is_closed(world.db, association.employer_id):
        yield from _end(world, association)


def on_invited(invited: Invitation.StaffInvited, world: World) -> Iterator[Aggregate]:
    """Perhaps to nowhere."""
    invitation: Invitation = world.repository.get(invited.originator_id, kind=Invitation)
    if closed_employers.are_closed(world.db, [one.employer_id for one in invitation.offers]):
        yield from _withdraw(invitation)


def _end(world: World, association: Association) -> Iterator[Aggregate]:
    yield from let_go(world.repository.find, association, by=CLOSER, reason=EMPLOYER_CLOSED)


def _withdraw(invitation: Invitation) -> Iterator[Aggregate]:
    if invitation.is_open:
        invitation.withdraw(withdrawn_by=CLOSER)
        yield invitation
