"""Whenever somebody's account is closed, what they asked for is cancelled, and they work for nobody any more (D-41).

A token outlives its account by some seconds: what was done in them ends as well, so each fact wakes the rule.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.identity.v1.events_pb2 import AccountClosed

from chassis.cause import system_actor
from chassis.domain import Aggregate
from chassis.policies import World
from services.access.domain.association import Association
from services.access.domain.association_events import Approved, Joined, Requested, RequestedAgain, RoleChanged
from services.access.domain.leaving import let_go
from services.access.projections import closed_accounts, staff_list

ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
CLOSER = system_actor("access/close_with_account")
"""Who lets the person go."""

Joining = Requested | RequestedAgain | Joined | Approved | RoleChanged


def on_closed(heard: AccountClosed, world: World) -> Iterator[Aggregate]:
    """At every employer."""
    for row in staff_list.employers_of(world.db, account_id=UUID(heard.account_id)):
        yield from _end(world, row.association_id)


def on_joining(joining: Joining, world: World) -> Iterator[Aggregate]:
    """Perhaps by somebody whose account is no more."""
    association: Association = world.repository.get(joining.originator_id, kind=Association)
    if closed_accounts.is_closed(world.db, association.account_id):
        yield from _end(world, association.id)


def _end(world: World, association_id: UUID) -> Iterator[Aggregate]:
    association: Association = world.repository.get(association_id, kind=Association)
    yield from let_go(world.repository.find, association, by=CLOSER, reason=ACCOUNT_CLOSED)
