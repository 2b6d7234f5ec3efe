"""Sessions on one service's schema: a pool of them in real use, one for each actor in a simulation."""

from __future__ import annotations

import select
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, TypeVar, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from psycopg.pq import ConnStatus, DiagnosticField, ExecStatus, Format, TransactionStatus
from psycopg.pq.abc import PGresult
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

Row = tuple[Any, ...]
Job = TypeVar("Job")
Done = TypeVar("Done")
Done_co = TypeVar("Done_co", covariant=True)
_GONE = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,  # the library counts these two among internal errors
    psycopg.errors.ReadOnlySqlTransaction,
)


_PREPARED: WeakKeyDictionary[psycopg.Connection[Row], dict[str, bytes]] = WeakKeyDictionary()
"""The names of statements prepared by `Session.call`: a connection outlives the sessions that it serves."""
_TAKEN = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})
_UNPREPARED = b"26000"
"""Says that a statement is not prepared: at a roll-back psycopg forgets all of a connection, ours too."""


class DatabaseUnavailableError(Exception):
    """The database cannot be reached just now, or lost the connection; nothing is known to have happened."""


class Promise(Protocol[Done_co]):
    """What will come of a job that was handed in."""

    def result(self) -> Done_co:
        """Wait until it is done and return, or raise, what came of it. For one thread, whoever handed in."""
        ...


class Together(Protocol):
    """Lets all who come at the same time have their work done in one go (`chassis.waiting.GroupCommit`)."""

    def hand_in(self, job: Job, work: Callable[[Sequence[Job]], Sequence[Done | Exception]]) -> Promise[Done]:
        """Hand a job in: `work`, of any of those who come, will do it."""
        ...


def rows_of(cursor: psycopg.Cursor[Row]) -> list[Row]:
    """The rows of what a cursor has run, none where it has no columns.

    `Cursor.description` would say that, too, and describes every column for it at every statement.
    """
    result = cursor.pgresult
    return cursor.fetchall() if result is not None and result.nfields else []


class Session:
    """One connection. Outside `transaction()` each statement is a transaction of its own."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection

    def run(self, statement: str, values: Sequence[Any] = (), *, binary: bool = False) -> list[Row]:
        """Run one statement, prepared, and return its rows (none for one that has none).

        Raises `DatabaseUnavailableError` where the server is gone or a lock is not to be had in time.
        """
        try:
            cursor = self.connection.cursor(binary=binary)
            cursor.execute(statement.encode(), values, prepare=True)
            return rows_of(cursor)
        except _GONE as error:
            raise DatabaseUnavailableError(str(error)) from error

    def call(self, statement: str, values: Sequence[bytes | None]) -> list[Row]:
        """Run one statement whose values ($1, $2, ...) and rows are in PostgreSQL's binary form, prepared.

        Raises as `run` does. It goes past psycopg's cursor, for what is asked so often that the cursor would be a
        fifth of its time.
        """
        try:
            return self._call(statement, values)
        except _GONE as error:
            raise DatabaseUnavailableError(str(error)) from error

    def _call(self, statement: str, values: Sequence[bytes | None]) -> list[Row]:
        pgconn, binary = self.connection.pgconn, [Format.BINARY] * len(values)
        if self.in_transaction:  # a statement that is no longer prepared would cost the transaction
            return self._rows(pgconn.exec_params(statement.encode(), values, None, binary, Format.BINARY))
        names = _PREPARED.setdefault(self.connection, {})
        given = cast("Sequence[bytes]", values)  # None is NULL here too, though the library's types do not say so
        if statement in names:
            result = pgconn.exec_prepared(names[statement], given, binary, Format.BINARY)
            if result.status in _TAKEN or result.error_field(DiagnosticField.SQLSTATE) != _UNPREPARED:
                return self._rows(result)
        name = names.setdefault(statement, f"call_{len(names)}".encode())
        self._rows(pgconn.prepare(name, statement.encode()))
        return self._rows(pgconn.exec_prepared(name, given, binary, Format.BINARY))

    def _rows(self, result: PGresult) -> list[Row]:
        pgconn = self.connection.pgconn
        if pgconn.status == ConnStatus.BAD:
            raise psycopg.OperationalError(pgconn.get_error_message())
        if result.status not in _TAKEN:
            raise psycopg.errors.error_from_result(result)
        columns = range(result.nfields)
        return [tuple(result.get_value(row, column) for column in columns) for row in range(result.ntuples)]

    def one(self, statement: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""
        rows = self.run(statement, values)
        return rows[0] if rows else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none."""
        try:
            with self.connection.transaction():
                yield
        except _GONE as error:
            raise DatabaseUnavailableError(str(error)) from error

    @property
    def in_transaction(self) -> bool:
        """Whether statements now belong to an open transaction."""
        return self.connection.pgconn.transaction_status != TransactionStatus.IDLE


class Database(Protocol):
    """Where a service keeps its log, positions and views."""

    schema: str

    @property
    def together(self) -> Together | None:
        """Whom its commands are committed together with; None: each alone."""
        ...

    def session(self) -> AbstractContextManager[Session]:
        """A session of the caller's own until the block ends.

        Raises `DatabaseUnavailableError` where none is to be had in time.
        """
        ...

    def committing(self) -> AbstractContextManager[Session]:
        """The session of whoever commits for all who came together: one at a time. Raises as `session` does."""
        ...


class PooledDatabase:
    """A pool of sessions of the application's role in one schema."""

    def __init__(self, dsn: str, schema: str, *, size: int = 8, role: str | None = None, wait_s: float = 5) -> None:
        self.schema = schema
        self.dsn = dsn
        self.together: Together | None = None
        """Given by whoever puts the process together: it has threads, and this module has none."""
        self._options = options(schema, role)
        self._committing: psycopg.Connection[Row] | None = None
        self._pool = ConnectionPool(
            dsn,
            min_size=1,
            max_size=size,
            timeout=wait_s,
            open=False,
            check=_refuse_closed,
            kwargs={"autocommit": True, "options": self._options},
        )

    def open(self) -> PooledDatabase:
        """Open the pool; the first session waits for the server."""
        self._pool.open()
        return self

    def close(self) -> None:
        """Close every session that is not in use."""
        self._pool.close()
        if self._committing is not None:
            self._committing.close()
            self._committing = None

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session from the pool."""
        try:
            with self._pool.connection() as connection:
                yield Session(connection)
        except (PoolTimeout, PoolClosed, TooManyRequests) as error:
            raise DatabaseUnavailableError(str(error)) from error

    @contextmanager
    def committing(self) -> Iterator[Session]:
        """A session of its own, kept open: whoever commits waits for nobody who reads, and asks no pool each time."""
        connection = self._kept()
        if connection is None:
            with self.session() as session:  # which waits for a server that is coming back
                yield session
            return
        try:
            yield Session(connection)
        finally:
            if connection.pgconn.transaction_status != TransactionStatus.IDLE:  # lost, or left in the middle
                connection.close()

    def _kept(self) -> psycopg.Connection[Row] | None:
        try:
            if self._committing is not None:
                _refuse_closed(self._committing)
                return self._committing
        except psycopg.OperationalError:
            self._committing = None
        try:
            self._committing = self.connect()
        except psycopg.OperationalError:
            return None
        return self._committing

    def connect(self) -> psycopg.Connection[Row]:
        """A connection outside the pool, for what holds one for long: a lease, LISTEN."""
        return psycopg.connect(self.dsn, autocommit=True, options=self._options)


def _refuse_closed(connection: psycopg.Connection[Row]) -> None:
    """Raise where the server has closed a session that lay unused: it is replaced, and nobody notices.

    A session that was closed has something to read, and then the server is asked. To ask at every turn would be a
    third of all round trips while nobody does anything.
    """
    if connection.closed:
        raise psycopg.OperationalError("closed")
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


def options(schema: str, role: str | None = None) -> str:
    """Libpq options of every session of the application: its schema, UTC, and limits on what it may hold up."""
    settings = [f"search_path={schema}", "TimeZone=UTC", "lock_timeout=5s", "idle_in_transaction_session_timeout=10s"]
    if role:
        # by the name one sees in pg_stat_activity that a process of the service runs
        settings += [f"role={role}", f"application_name={role}"]
    return " ".join(f"-c {setting}" for setting in settings)


def identifier(name: str) -> str:
    """A name quoted for SQL text; names come from code and configuration, never from a request."""
    return sql.Identifier(name).as_string(None)
