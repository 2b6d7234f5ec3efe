"""Whenever a connection request is approved or rejected, tell the side that had asked (M-17).

Only the request says which side that was, and it may be heard after the decision: each wakes the rule.
"""

from __future__ import annotations

from collections.abc import Iterator

from mandate.connections.v1.events_pb2 import ConnectionApproved, ConnectionRejected, ConnectionRequested

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.roles import MANAGING
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import is_retired, request
from services.notifier.projections.decided import OUTCOMES, decision
from services.notifier.projections.managers import people

EMPLOYER_CLOSED = "EMPLOYER_CLOSED"
"""What connections give as a reason where nobody has decided: one of the sides is closed as an employer (D-41)."""


def on_decision(heard: ConnectionApproved | ConnectionRejected, world: World) -> Iterator[Aggregate]:
    """The decision is known now."""
    yield from _judge(world, heard.tracking_id)


def on_request(heard: ConnectionRequested, world: World) -> Iterator[Aggregate]:
    """The side that asked is known now."""
    yield from _judge(world, heard.tracking_id)


def _judge(world: World, tracking_id: str) -> Iterator[Aggregate]:
    asked = request(world.db, tracking_id=tracking_id)
    decided = decision(world.db, tracking_id=tracking_id)
    if asked is None or decided is None or decided.by_message not in OUTCOMES or is_retired(asked, decided):
        return
    is_closed = decided.reason == EMPLOYER_CLOSED
    why = {"reason": "", "closed_with": decided.reason} if is_closed else {"reason": decided.reason}
    # who asked is told even where his role is not heard of yet
    managers = people(world.db, employer_id=asked.asking_id, roles=MANAGING)
    for account_id in sorted({asked.asked_by, *managers}):
        yield from owe(
            world,
            mails.CONNECTION_DECIDED,
            to=to_account(account_id),
            cause=f"{decided.by_message}/{tracking_id}",
            data=asked.data | why | {"side_id": str(asked.asking_id), "outcome": OUTCOMES[decided.by_message]},
        )
