"""Whenever a verification code is issued, send it (M-03), and drop older ones of the same person and purpose.

At most one code is live; codes are heard in any order, so the moment of issue says which.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from mandate.identity.v1.events_pb2 import MfaCodeIssued

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import Notification, to_account
from services.notifier.policies.owing import owe
from services.notifier.projections.codes import about, newest
from services.notifier.projections.outbox import open_about

SEALED_FOR = "mandate.identity.v1.MfaCodeIssued/"
MINUTE = 60


def on_issued(heard: MfaCodeIssued, world: World) -> Iterator[Aggregate]:
    """To the place that the person chose, by the moment at which the code dies at the latest."""
    subject = about(heard)
    live = newest(world.db, about=subject)
    issued_at, expires_at = heard.issued_at.ToDatetime(UTC), heard.expires_at.ToDatetime(UTC)
    owed = owe(
        world,
        mails.CODE,
        to=to_account(heard.account_id, heard.method_id),
        data={
            "code_id": heard.code_id,
            "minutes": round((expires_at - issued_at).total_seconds() / MINUTE),
            "language": heard.language,
        },
        about=subject,
        sealed_secret=heard.sealed_code,
        seal_context=f"{SEALED_FOR}{heard.code_id}",
        expires_at=expires_at,
    )
    waiting = (
        world.repository.get(row.notification_id) for row in open_about(world.db, about=subject, template=mails.CODE)
    )
    notification: Notification
    for notification in owed:
        yield _judged(notification, live)
    for notification in waiting:
        yield _judged(notification, live)


def _judged(notification: Notification, live: str) -> Notification:
    if notification.data["code_id"] != live:
        notification.supersede(by=MfaCodeIssued.DESCRIPTOR.name)
    return notification
