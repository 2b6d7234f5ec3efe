"""Whenever a connection request waits for a side that has somebody to decide it, ask them to decide (M-16).

The request and a decider's role are two topics, and either may be heard first: each wakes the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.events_pb2 import ConnectionRequested

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import CONNECTION, Asked, waiting
from services.notifier.projections.managers import people


def on_request(heard: ConnectionRequested, world: World) -> Iterator[Aggregate]:
    """Every Authorized Official and Access Manager of the other side."""
    yield from _judge(world, waiting(world.db, kind=CONNECTION, tracking_id=heard.tracking_id))


def on_association(heard: AssociationState, world: World) -> Iterator[Aggregate]:
    """Somebody's role at an employer has changed: he may decide what waits for it."""
    yield from _judge(world, waiting(world.db, kind=CONNECTION, deciding_id=UUID(heard.employer_id)))


def _judge(world: World, requests: Sequence[Asked]) -> Iterator[Aggregate]:
    for asked in requests:
        for account_id in people(world.db, employer_id=asked.deciding_id, roles=asked.roles):
            yield from owe(
                world,
                mails.CONNECTION_AWAITS,
                to=to_account(account_id),
                cause=f"ConnectionRequested/{asked.tracking_id}",
                data=asked.data | {"side_id": str(asked.deciding_id)},
                about=asked.tracking_id,
            )
