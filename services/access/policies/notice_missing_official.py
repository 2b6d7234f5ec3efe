"""Whenever an employer has no Authorized Official any more, note it with whoever was the last (D-08).

Of one that is closed there is nothing to note: nobody goes on there (D-41).

Two may leave at the same moment, each believing that the other stays: what is so is seen here, in the order of the log.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from chassis.domain import Aggregate
from chassis.policies import World
from services.access.domain import association_events
from services.access.domain.association import Association
from services.access.projections import closed_employers, officials


def on_ended(ended: association_events.Ended, world: World) -> Iterator[Aggregate]:
    """Somebody has left."""
    yield from _note(world, ended.originator_id)


def on_approved(approved: association_events.Approved, world: World) -> Iterator[Aggregate]:
    """Somebody may have another role instead."""
    yield from _note(world, approved.originator_id)


def _note(world: World, association_id: UUID) -> Iterator[Aggregate]:
    association: Association = world.repository.get(association_id, kind=Association)
    if closed_employers.is_closed(world.db, association.employer_id):
        return
    if officials.last_of(world.db, employer_id=association.employer_id) == association_id:
        association.leave_without_official()
        yield association
