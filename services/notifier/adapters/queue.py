"""The sender's queue: which mails are still to be sent, and when each is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis import log, metrics
from chassis.application import Application
from chassis.database import Session
from chassis.followers import next_page
from chassis.log import MovedError
from chassis.measuring import age
from chassis.metrics import Reading
from services.notifier.domain.notification import Notification

CLAIM = timedelta(minutes=2)
"""How long a try may take; a mail whose sender died is tried again after it."""


@dataclass(frozen=True, slots=True)
class Due:
    """A mail whose turn it is, claimed for this copy; `attempts` counts the try that begins."""

    notification_id: UUID
    requested_at: datetime
    attempts: int


class Queue:
    """A table filled from the log; its rows go when the log says that the mail has ended."""

    FOLLOWER = "notifier.sender"

    def __init__(self, app: Application, *, batch: int = log.PAGE) -> None:
        self._app, self._batch = app, batch

    def follow(self) -> bool:
        """Note one page of the log: rows and position in one transaction. Return whether there was one."""
        with self._app.database.session() as session:
            was, page = next_page(self._app, session, self.FOLLOWER, limit=self._batch)
            if not page.recorded:
                return False
            try:
                with session.transaction():
                    log.move(session, self.FOLLOWER, was=was, becomes=page.recorded[-1].position)
                    for event in page.events:
                        _note(session, event)
            except MovedError:
                pass  # another copy has noted it
        return True

    def claim(self, now: datetime) -> Due | None:
        """The mail that has waited longest, if one is due. Its row moves ahead, so no other copy tries it too."""
        with self._app.database.session() as session:
            row = session.one(
                "UPDATE deliveries SET attempts = attempts + 1, due_at = %s WHERE notification_id ="
                " (SELECT notification_id FROM deliveries WHERE due_at <= %s"
                " ORDER BY due_at, notification_id LIMIT 1 FOR UPDATE SKIP LOCKED)"
                " RETURNING notification_id, requested_at, attempts",
                (now + CLAIM, now),
            )
        return Due(*row) if row else None

    def again(self, due: Due, *, at: datetime, error: str) -> None:
        """Try it again at a moment, or when it expires, whichever comes first."""
        with self._app.database.session() as session:
            session.run(
                "UPDATE deliveries SET due_at = least(%s, expires_at), last_error = %s"
                " WHERE notification_id = %s AND attempts = %s",
                (at, error, due.notification_id, due.attempts),
            )

    def drop(self, due: Due) -> None:
        """It has ended: nothing is left to do."""
        with self._app.database.session() as session:
            session.run("DELETE FROM deliveries WHERE notification_id = %s", (due.notification_id,))


def waiting(session: Session, now: datetime) -> Iterable[Reading]:
    """How many mails wait, and how long the first of them has waited."""
    [(mails, oldest)] = session.run("SELECT count(*), min(requested_at) FROM deliveries")
    yield metrics.MAILS_WAITING.reads(mails, "notifier")
    yield metrics.MAIL_OLDEST.reads(age(oldest, now), "notifier")


def _note(session: Session, event: object) -> None:
    match event:
        case Notification.Requested():
            session.run(
                "INSERT INTO deliveries (notification_id, requested_at, expires_at, due_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (event.originator_id, event.timestamp, event.expires_at, event.timestamp),
            )
        case Notification.Sent() | Notification.Failed() | Notification.Superseded() | Notification.Expired():
            session.run("DELETE FROM deliveries WHERE notification_id = %s", (event.originator_id,))
