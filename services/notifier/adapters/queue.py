"""The sender's queue: which mails are still to be sent, and when each is tried again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis import log, metrics, positions
from chassis.application import Application
from chassis.bus import Record
from chassis.database import Session
from chassis.editions import Edition
from chassis.followers import next_page
from chassis.hearing import HEARD, headers_of
from chassis.log import MovedError, Recorded
from chassis.measuring import age
from chassis.messages import Catalogue
from chassis.metrics import Reading
from services.notifier.domain.notification import Notification

CLAIM = timedelta(minutes=2)
"""How long a try may take; a mail whose sender died is tried again after it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a mail ended: sent under this Message-ID, or given up for this reason."""

    message_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Due:
    """A mail whose turn it is, claimed for this copy; `attempts` counts the try that begins."""

    notification_id: UUID
    requested_at: datetime
    attempts: int
    since: datetime
    """Its turn has been."""
    ended_before: Ended | None
    """How it ended before the log was put back, where the bus knew."""


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
                    positions.move(session, self.FOLLOWER, was=was, becomes=page.recorded[-1].position)
                    for row, event in zip(page.recorded, page.events, strict=True):
                        self._note(session, row, event)
            except MovedError:
                pass  # another copy has noted it
        return True

    def claim(self, now: datetime, *, limit: int) -> list[Due]:
        """Those that have waited longest, of what is due. Their rows move ahead, so no other copy tries them too.

        One that is held is due only when its time is over. One that was tried before is claimed by itself: if it is
        what ended the process that tried it, it keeps nobody else from their turn.
        """
        with self._app.database.session() as session:
            rows = session.run(
                "WITH due AS MATERIALIZED (SELECT notification_id, w.due_at AS since, w.attempts > 0 AS is_tried,"
                " e.message_id, e.reason FROM deliveries AS w LEFT JOIN ended_before AS e USING (notification_id)"
                " WHERE w.due_at <= %s AND (NOT w.held OR w.expires_at <= %s)"
                " ORDER BY since, notification_id LIMIT %s FOR UPDATE OF w SKIP LOCKED),"
                " turns AS (SELECT *, row_number() OVER o AS turn, bool_or(is_tried) OVER o AS is_behind_tried FROM due"
                " WINDOW o AS (ORDER BY since, notification_id))"
                " UPDATE deliveries AS d SET attempts = d.attempts + 1, due_at = %s FROM turns"
                " WHERE d.notification_id = turns.notification_id AND (turn = 1 OR NOT is_behind_tried)"
                " RETURNING d.notification_id, requested_at, d.attempts, since, message_id, reason",
                (now, now, limit, now + CLAIM),
            )
        claimed = [
            Due(id_, requested_at, attempts, since, None if message_id is None else Ended(message_id, reason))
            for id_, requested_at, attempts, since, message_id, reason in rows
        ]
        return sorted(claimed, key=lambda due: (due.since, due.notification_id))

    def let_go(self, untried: Sequence[Due]) -> None:
        """Give claims back: it is these mails' turn as it was before."""
        if not untried:
            return
        with self._app.database.session() as session:
            session.run(
                "UPDATE deliveries AS d SET attempts = d.attempts - 1, due_at = u.since"
                " FROM unnest(%s::uuid[], %s::int[], %s::timestamptz[]) AS u (notification_id, attempts, since)"
                " WHERE d.notification_id = u.notification_id AND d.attempts = u.attempts",
                (
                    [due.notification_id for due in untried],
                    [due.attempts for due in untried],
                    [due.since for due in untried],
                ),
            )

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

    def _note(self, session: Session, row: Recorded, event: object) -> None:
        match event:
            case Notification.Requested():
                session.run(
                    "INSERT INTO deliveries (notification_id, requested_at, expires_at, due_at, held) VALUES"
                    " (%s, %s, %s, %s, %s AND NOT EXISTS (SELECT 1 FROM ended_before WHERE notification_id = %s))"
                    " ON CONFLICT DO NOTHING",
                    (
                        event.originator_id,
                        event.timestamp,
                        event.expires_at,
                        event.timestamp,
                        self._may_have_been_sent(session, row),
                        event.originator_id,
                    ),
                )
            case Notification.Released(originator_id=id_, timestamp=at):
                session.run("UPDATE deliveries SET held = false, due_at = %s WHERE notification_id = %s", (at, id_))
            case Notification.Sent() | Notification.Failed() | Notification.Superseded() | Notification.Expired():
                session.run("DELETE FROM deliveries WHERE notification_id = %s", (event.originator_id,))
            case Edition.Raised():  # what waits here may have gone out in the piece that was lost
                session.run(
                    "UPDATE deliveries AS d SET held = NOT EXISTS"
                    " (SELECT 1 FROM ended_before AS e WHERE e.notification_id = d.notification_id)"
                )

    def _may_have_been_sent(self, session: Session, row: Recorded) -> bool:
        """Whether a mail is asked for because of something that happened before our log was put back.

        Then it may have been asked for once already, and sent, in the piece that was lost.
        """
        begun = self._app.editions.begun
        if not begun or not row.cause.causation:
            return False
        [woke] = log.read(session, after=row.cause.causation - 1, limit=1)
        if not woke.topic.startswith(HEARD):
            return False
        return datetime.fromisoformat(headers_of(woke)["ce_time"]) <= begun[-1].raised_at


def remember_ends(session: Session, taken_back: Sequence[Record]) -> None:
    """Keep how mails ended that the log, which was put back, knows nothing of: they are not sent again."""
    catalogue = Catalogue()
    for record in taken_back:
        told: Any = catalogue.decode(record.topic, record.value or b"")
        session.run(
            "INSERT INTO ended_before VALUES (%s, %s, %s) ON CONFLICT (notification_id) DO UPDATE"
            " SET message_id = excluded.message_id, reason = excluded.reason",
            (UUID(told.notification_id), getattr(told, "message_id", ""), getattr(told, "reason", "")),
        )


def held(session: Session) -> list[dict[str, Any]]:
    """The mails that wait for somebody to decide, oldest first; no address.

    Not those about which the sender has yet to note that somebody just has.
    """
    columns = ("notification_id", "template", "recipient", "requested_at", "expires_at")
    rows = session.run(
        "SELECT notification_id, o.template, o.recipient, d.requested_at, d.expires_at FROM deliveries AS d"
        " JOIN outbox_v1 AS o USING (notification_id) WHERE d.held AND NOT EXISTS (SELECT 1 FROM log AS l"
        " WHERE l.stream = notification_id AND l.position > (SELECT position FROM positions WHERE follower = %s))"
        " ORDER BY d.requested_at, notification_id",
        (Queue.FOLLOWER,),
    )
    return [dict(zip(columns, row, strict=True)) for row in rows]


def waiting(session: Session, now: datetime) -> Iterable[Reading]:
    """How many mails wait, and how long the first of them has waited."""
    [(mails, oldest)] = session.run("SELECT count(*), min(requested_at) FROM deliveries")
    yield metrics.MAILS_WAITING.reads(mails, "notifier")
    yield metrics.MAIL_OLDEST.reads(age(oldest, now), "notifier")
