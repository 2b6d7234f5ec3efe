"""Whenever a reassignment begins or ends, tell the individual and the group (M-29)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from mandate.enrollment.v1.events_pb2 import ReassignmentEnded, ReassignmentEstablished

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary import eastern
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.managers import people


def on_established(heard: ReassignmentEstablished, world: World) -> Iterator[Aggregate]:
    """From the effective date on."""
    yield from _tell(world, heard, "STARTED", heard.effective_date)


def on_ended(heard: ReassignmentEnded, world: World) -> Iterator[Aggregate]:
    """After the end date no more."""
    yield from _tell(world, heard, "ENDED", heard.end_date)


def _tell(
    world: World, heard: ReassignmentEstablished | ReassignmentEnded, outcome: str, day: str
) -> Iterator[Aggregate]:
    """The Authorized Officials of both sides; the individual is one of his own record. Each once."""
    told: set[UUID] = set()
    for employer_id in (heard.provider_id, heard.receiving_provider_id):
        told.update(people(world.db, employer_id=UUID(employer_id), roles=[AUTHORIZED_OFFICIAL]))
    for account_id in sorted(told):
        yield from owe(
            world,
            mails.REASSIGNMENT_CHANGED,
            to=to_account(account_id),
            data={
                "provider_id": heard.provider_id,
                "receiving_provider_id": heard.receiving_provider_id,
                "outcome": outcome,
                "day": eastern.format_day(date.fromisoformat(day)),
            },
        )
