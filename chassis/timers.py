"""Timers: a deadline is an event too; when the clock has passed it, the command that takes note is issued."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from uuid import UUID

from chassis import log, nature, positions
from chassis.application import COMMAND_LIFE, Application
from chassis.cause import Cause, Receipt, system_actor
from chassis.database import Session
from chassis.domain import DomainError
from chassis.followers import next_page
from chassis.log import MovedError
from chassis.progress import Standing

DUE = 100
"""Deadlines taken note of in one step."""
FORGET = 1_000
"""Answers forgotten in one step, once no repeat of their command is taken any more."""
FORGET_EVERY = timedelta(minutes=1)

Deadlines = Mapping[type, Callable[..., Receipt]]
"""Event with an `expires_at` -> the command that takes note of the deadline."""


class Timers:
    """Follows the log for deadlines, and issues the commands of those that have passed.

    A command checks the clock itself, so a late timer never gives anybody more time.
    """

    def __init__(self, app: Application, deadlines: Deadlines, standing: Standing, *, batch: int = log.PAGE) -> None:
        self.name = f"{app.name}.timers"
        self._app, self._standing, self._batch = app, standing, batch
        self._commands = {event.TOPIC: command for event, command in deadlines.items()}  # type: ignore[attr-defined]
        self._actor = system_actor(self.name)
        self._forgot_at: datetime | None = None

    def step(self) -> bool:
        """Note new deadlines, take note of those that are due, forget old answers."""
        with self._app.database.session() as session:
            self._standing.require(session)
            noted = self._note(session)
            due = session.run(
                "SELECT topic, stream, expires_at FROM deadlines WHERE expires_at <= %s ORDER BY expires_at LIMIT %s",
                (nature.now(), DUE),
            )
            forgotten = self._forget(session)
        taken = [self._take(topic, stream, expires_at) for topic, stream, expires_at in due]
        return noted or any(taken) or forgotten

    def _take(self, topic: str, stream: UUID, expires_at: datetime) -> bool:
        """Issue the command of one deadline. Return whether that is settled; else it stays, for the next step."""
        command = self._commands.get(topic)
        if command is None:
            return False  # a newer release has noted it
        try:
            self._app.execute(command, Cause.of(self._actor), id=stream)
        except DomainError as refused:
            if refused.transient:
                return False
            # else the aggregate has gone on without its deadline
        with self._app.database.session() as session:
            # a clock that has been set back in between: the command may have found it too early
            gone = session.run(
                "DELETE FROM deadlines WHERE topic = %s AND stream = %s AND expires_at = %s AND expires_at <= %s"
                " RETURNING 1",
                (topic, stream, expires_at, nature.now()),
            )
        return bool(gone)

    def _note(self, session: Session) -> bool:
        was, page = next_page(self._app, session, self.name, limit=self._batch)
        if not page.recorded:
            return False
        try:
            with session.transaction():
                positions.move(session, self.name, was=was, becomes=page.recorded[-1].position)
                for row, event in zip(page.recorded, page.events, strict=True):
                    if row.topic in self._commands:
                        session.run(
                            "INSERT INTO deadlines (topic, stream, expires_at) VALUES (%s, %s, %s)"
                            " ON CONFLICT (topic, stream) DO UPDATE SET expires_at = excluded.expires_at",
                            (row.topic, row.stream, event.expires_at),
                        )
        except MovedError:
            pass
        return True

    def _forget(self, session: Session) -> bool:
        now = nature.now()
        if self._forgot_at is not None and now - self._forgot_at < FORGET_EVERY:
            return False
        gone = session.run(
            "DELETE FROM answered WHERE command_id IN"
            " (SELECT command_id FROM answered WHERE answered_at < %s LIMIT %s) RETURNING 1",
            (now - COMMAND_LIFE - timedelta(hours=2), FORGET),
        )
        if len(gone) < FORGET:
            self._forgot_at = now
        return bool(gone)
