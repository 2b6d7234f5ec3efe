"""Whenever EHR requests are rejected because EHR has ended, tell both sides, each person once (M-19, IA-EHR-02).

All of them are rejected at one moment, so the first that is heard owes the digest of all that wait or waited for it;
one that is heard of too late for the digest gets a mail of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from mandate.connections.v1.events_pb2 import ConnectionRejected, ConnectionRequested

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.functions import EhrRetiredError
from chassis.vocabulary.roles import MANAGING
from services.notifier.domain import mails
from services.notifier.domain.notification import Notification, to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import closed_with_ehr, is_retired, request
from services.notifier.projections.decided import decision
from services.notifier.projections.managers import people

CAUSE = EhrRetiredError.code


def on_rejected(heard: ConnectionRejected, world: World) -> Iterator[Aggregate]:
    """The end of the waiting is known now."""
    yield from _judge(world, heard.tracking_id)


def on_request(heard: ConnectionRequested, world: World) -> Iterator[Aggregate]:
    """Both sides are known now."""
    yield from _judge(world, heard.tracking_id)


def _judge(world: World, tracking_id: str) -> Iterator[Aggregate]:
    asked, decided = request(world.db, tracking_id=tracking_id), decision(world.db, tracking_id=tracking_id)
    if asked is None or decided is None or not is_retired(asked, decided):
        return
    sides = (asked.asking_id, asked.deciding_id)
    there = {one for side in sides for one in people(world.db, employer_id=side, roles=MANAGING)}
    for account_id in sorted({asked.asked_by, *there}):
        to = to_account(account_id)
        digest: Notification | None = world.repository.find(Notification.id_for(CAUSE, mails.EHR_CLOSED, to))
        if digest is None:
            all_of_them = closed_with_ehr(world.db, account_id=account_id)
            yield from owe(world, mails.EHR_CLOSED, to=to, cause=CAUSE, data={"tracking_ids": all_of_them})
        elif tracking_id not in digest.data["tracking_ids"]:
            cause = f"{CAUSE}/{tracking_id}"
            yield from owe(world, mails.EHR_CLOSED, to=to, cause=cause, data={"tracking_ids": [tracking_id]})
