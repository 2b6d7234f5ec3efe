"""Whenever a connection has ended, tell both sides (M-18)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.connections.v1.events_pb2 import ConnectionEnded

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.roles import MANAGING
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import PROVIDER
from services.notifier.projections.managers import people


def on_ended(heard: ConnectionEnded, world: World) -> Iterator[Aggregate]:
    """Every Authorized Official and Access Manager of either side, and whoever ended it; each once.

    Where a side is closed as an employer, nobody has ended it (D-41).
    """
    ended_at = heard.provider_id if heard.ended_by_side == PROVIDER else heard.surrogate_id
    told = {} if heard.reason else {UUID(heard.ended_by): ended_at}
    for employer_id in (heard.provider_id, heard.surrogate_id):
        for account_id in people(world.db, employer_id=UUID(employer_id), roles=MANAGING):
            told.setdefault(account_id, employer_id)
    closed = {"closed_with": heard.reason} if heard.reason else {}
    for account_id, side_id in sorted(told.items()):
        yield from owe(
            world,
            mails.CONNECTION_ENDED,
            to=to_account(account_id),
            data={
                "provider_id": heard.provider_id,
                "surrogate_id": heard.surrogate_id,
                "side_id": side_id,
                "ended_by_side": heard.ended_by_side,
                "functions": [{"function": heard.function, "tracking_id": heard.tracking_id}],
                **closed,
            },
        )
