"""Whenever the documents of a role request are complete, tell the requester and External User Services (M-11)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import RoleRequestDocumentsCompleted

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.desk import people


def on_completed(heard: RoleRequestDocumentsCompleted, world: World) -> Iterator[Aggregate]:
    """Each person of the desk: the queue is theirs together. Whoever works there and asked is the requester."""
    told = {str(account_id): True for account_id in people(world.db)} | {heard.account_id: False}
    for account_id, is_desk in sorted(told.items()):
        yield from owe(
            world,
            mails.DOCUMENTS_RECEIVED,
            to=to_account(account_id),
            data={
                "employer_id": heard.employer_id,
                "role": heard.role,
                "tracking_id": heard.tracking_id,
                "role_request_id": heard.role_request_id,
                "is_desk": is_desk,
            },
        )
