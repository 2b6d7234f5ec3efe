"""Whenever a request is decided or taken back, drop the mails that still ask for its decision.

The decision may be heard before the mail is asked for: each wakes the rule. A mail that has gone out stays so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain.mails import SUPERSEDED_BY
from services.notifier.domain.notification import Notification
from services.notifier.projections.decided import decision
from services.notifier.projections.outbox import open_about


def on_decision(heard: Any, world: World) -> Iterator[Aggregate]:
    """Any message that ends the waiting; all of them name the tracking id."""
    yield from _judge(world, heard.tracking_id)


def on_asked(requested: Notification.Requested, world: World) -> Iterator[Aggregate]:
    """A mail that may have come too late."""
    if requested.about:
        yield from _judge(world, requested.about)


def _judge(world: World, tracking_id: str) -> Iterator[Aggregate]:
    decided = decision(world.db, tracking_id=tracking_id)
    if decided is None:
        return
    for row in open_about(world.db, about=tracking_id):
        if decided.by_message in SUPERSEDED_BY.get(row.template, ()):
            notification: Notification = world.repository.get(row.notification_id)
            notification.supersede(by=decided.by_message)
            yield notification
