"""Whenever a role request waits at an employer that has somebody to decide it, ask them to decide (M-10).

The request and a decider's role are two topics, and either may be heard first: each wakes the rule. So somebody who
becomes an official while a request waits is asked too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import ROLE, Asked, waiting
from services.notifier.projections.managers import people


def on_request(heard: RoleRequested, world: World) -> Iterator[Aggregate]:
    """Those who decide there now."""
    yield from _judge(world, waiting(world.db, kind=ROLE, tracking_id=heard.tracking_id))


def on_association(heard: AssociationState, world: World) -> Iterator[Aggregate]:
    """Somebody's role at an employer has changed: he may decide what waits there."""
    yield from _judge(world, waiting(world.db, kind=ROLE, deciding_id=UUID(heard.employer_id)))


def _judge(world: World, requests: Sequence[Asked]) -> Iterator[Aggregate]:
    for asked in requests:
        for account_id in people(world.db, employer_id=asked.deciding_id, roles=asked.roles):
            if account_id != asked.asked_by:  # nobody decides his own request
                yield from owe(
                    world,
                    mails.ROLE_REQUEST_AWAITS,
                    to=to_account(account_id),
                    cause=f"RoleRequested/{asked.tracking_id}",
                    data=asked.data,
                    about=asked.tracking_id,
                )
