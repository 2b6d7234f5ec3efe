"""One row for each mail: the page Delivery Log, and what is still open about a subject. No address stands here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.notifier.domain.notification import Notification

OUTBOX = View(
    name="outbox_v1",
    table="""
        notification_id uuid PRIMARY KEY, template text NOT NULL, recipient text NOT NULL, about text NOT NULL,
        status text NOT NULL, requested_at timestamptz NOT NULL, ended_at timestamptz, attempts integer NOT NULL,
        reason text NOT NULL, correlation text NOT NULL
    """,
    indexes=("about, template", "status, requested_at, notification_id", "recipient, requested_at"),
)


@OUTBOX.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Notification alone."""
    match event:
        case Notification.Requested():
            rows.put(
                event.originator_id,
                template=event.template,
                recipient=event.recipient,
                about=event.about,
                status="REQUESTED",
                requested_at=event.timestamp,
                attempts=0,
                reason="",
                correlation=event.correlation,
            )
        case Notification.Sent(originator_id=id_, attempts=attempts, timestamp=at):
            rows.change(id_, status="SENT", attempts=attempts, ended_at=at)
        case Notification.Failed(originator_id=id_, reason=reason, attempts=attempts, timestamp=at):
            rows.change(id_, status="FAILED", reason=reason, attempts=attempts, ended_at=at)
        case Notification.Superseded(originator_id=id_, by=by, timestamp=at):
            rows.change(id_, status="SUPERSEDED", reason=by, ended_at=at)
        case Notification.Expired(originator_id=id_, timestamp=at):
            rows.change(id_, status="EXPIRED", ended_at=at)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A mail as the delivery log shows it."""

    notification_id: UUID
    template: str
    recipient: str
    about: str
    status: str
    requested_at: datetime
    ended_at: datetime | None
    attempts: int
    reason: str
    correlation: str


def open_about(db: Session, *, about: str, template: str = "") -> list[OutboxRow]:
    """Mails about a subject that are still to be sent, oldest first."""
    rows = db.run(
        "SELECT * FROM outbox_v1 WHERE about = %s AND (%s = '' OR template = %s) AND status = 'REQUESTED'"
        " ORDER BY requested_at, notification_id",
        (about, template, template),
    )
    return [OutboxRow(*row) for row in rows]


def delivery_log(
    db: Session, *, status: str = "", before: tuple[datetime, UUID] | None = None, limit: int = 25
) -> list[OutboxRow]:
    """A page of all mails or those with a status, newest first, by keyset."""
    at, id_ = before or (None, None)
    rows = db.run(
        "SELECT * FROM outbox_v1 WHERE (%s = '' OR status = %s)"
        " AND (%s::timestamptz IS NULL OR (requested_at, notification_id) < (%s, %s))"
        " ORDER BY requested_at DESC, notification_id DESC LIMIT %s",
        (status, status, at, at, id_, limit),
    )
    return [OutboxRow(*row) for row in rows]
