"""Sessions of a simulation: they give the baton back between any two statements, and instead of waiting for a lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from chassis.database import DatabaseUnavailableError, Row, Session, rows_of
from chassis.sim import Actor, Simulation

BLOCKED_TRIES = 300
"""Turns that a blocked statement gives back before it fails as a lock time-out does."""


class SimSession(Session):
    """A session that gives the baton back around every statement, and instead of waiting for a lock."""

    def __init__(self, connection: psycopg.Connection[Row], actor: Actor, database: SimDatabase) -> None:
        super().__init__(connection)
        self._actor, self._database = actor, database

    def run(self, statement: str, values: Sequence[Any] = (), *, binary: bool = False) -> list[Row]:
        """Run one statement when the baton has come back; a blocked one is tried again at the next turn."""
        if _only_reads(statement):
            self._actor.turn()
            return self._now(statement, values, binary=binary)
        return self._tried(lambda: self._now(statement, values, binary=binary))

    def call(self, statement: str, values: Sequence[bytes | None]) -> list[Row]:
        """Call in the same way."""
        if _only_reads(statement):
            self._actor.turn()
            return self._call(statement, values)
        return self._tried(lambda: self._call(statement, values))

    def _tried(self, run: Callable[[], list[Row]]) -> list[Row]:
        for _ in range(BLOCKED_TRIES):
            self._actor.turn()
            inside = self.in_transaction
            may_wait = inside and self._database.has_open_beside(self)
            if may_wait:
                self._rows(self.connection.pgconn.exec_(b"SAVEPOINT try"))
            try:
                rows = run()
            except psycopg.errors.LockNotAvailable as error:
                if inside and not may_wait:  # no error of the database's, for a worker takes those as they come
                    raise RuntimeError("somebody holds a lock of whom nothing is known here") from error
                if inside:
                    # past psycopg, which would forget every prepared statement for it
                    self._rows(self.connection.pgconn.exec_(b"ROLLBACK TO try"))
                self._actor.wait_for_a_lock()
                continue
            if not inside:
                self._actor.turn()  # committed, and not yet known to the one who asked
            return rows
        raise DatabaseUnavailableError("canceling statement due to lock timeout")

    def _now(self, statement: str, values: Sequence[Any], *, binary: bool) -> list[Row]:
        cursor = self.connection.cursor(binary=binary)
        cursor.execute(statement.encode(), values, prepare=True)
        return rows_of(cursor)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction, with a turn before its commit and one after."""
        outer = self.in_transaction
        self._database.open.add(self)
        try:
            with self.connection.transaction():
                yield
                self._actor.turn()
        finally:
            if not outer:
                self._database.open.discard(self)
            self._actor.lets_go_of_locks()
        if not outer:
            self._actor.turn()

    def let_go(self) -> None:
        """What a dead process leaves: its open transaction is rolled back at once."""
        if self.in_transaction:
            self.connection.rollback()
        self._database.open.discard(self)
        self._database.idle.append(self.connection)


def _only_reads(statement: str) -> bool:
    """Whether a statement waits for no lock and changes nothing: the turn before the next one is enough after it."""
    return statement.lstrip().startswith("SELECT") and not any(word in statement for word in _LOCKS)


_LOCKS = ("FOR UPDATE", "pg_advisory", "nextval(", "append(", "append_together(")


class SimDatabase:
    """Hands every actor its own session on one schema."""

    together = None

    def __init__(self, sim: Simulation, schema: str, connect: Callable[[], psycopg.Connection[Row]]) -> None:
        self.schema = schema
        self.idle: list[psycopg.Connection[Row]] = []
        """Of the dead: after a rollback one is as good as new, and a new one costs as much as twenty statements."""
        self.open: set[SimSession] = set()
        """Those with a transaction: only they hold locks while somebody else has a turn."""
        self._sim, self._connect = sim, connect

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The session of the actor that runs; outside the run, one without turns."""
        actor = self._sim.running
        if actor is None:
            with self._connect() as connection:
                yield Session(connection)
            return
        if self not in actor.sessions:
            actor.sessions[self] = SimSession(self.idle.pop() if self.idle else self._open(), actor, self)
        yield actor.sessions[self]

    committing = session

    def has_open_beside(self, session: SimSession) -> bool:
        """Whether anybody else may hold a lock here, so that a statement may have to wait."""
        return len(self.open) > (session in self.open)

    def close(self) -> None:
        """Close what the dead have left; for when all are."""
        while self.idle:
            self.idle.pop().close()

    def _open(self) -> psycopg.Connection[Row]:
        connection = self._connect()
        connection.execute("SET lock_timeout = '1ms'")
        return connection
