"""The only place with threads and waits: it calls `step` when there may be work, and stops in good order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import psycopg
import structlog

from chassis.bus import BusUnavailableError
from chassis.database import DatabaseUnavailableError, PooledDatabase
from chassis.followers import Follower

POLL_S = 0.1
"""The floor: a follower looks again after this, even if nobody woke it."""
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0)
"""Waits after transient causes, never longer than a heartbeat; nothing is given up, nothing is parked for them."""
HEARTBEAT_S = 1.0
LEASE_IDLE_MS = 5_000
DIGITS = 19  # of a position, at most

TRANSIENT = (DatabaseUnavailableError, BusUnavailableError, psycopg.OperationalError)

logger = structlog.get_logger()


def seconds() -> float:
    """Seconds on a clock that only moves on: for ages within this process."""
    return time.monotonic()


class Wakeup:
    """A bell that many may wait at: rung once, heard once by each.

    `rings` is how often it was rung, `position` the last of the log for which it was.
    """

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self.rings = self.position = 0

    def ring(self, position: int = 0) -> None:
        """There may be work: events up to a position, or something else."""
        with self._condition:
            self.rings += 1
            self.position = max(self.position, position)
            self._condition.notify_all()

    def wait(self, heard: int, timeout_s: float) -> int:
        """Wait for a ring after the `heard`-th, at most so long; return how many there have been."""
        with self._condition:
            if self.rings == heard:
                self._condition.wait(timeout_s)
            return self.rings


class LeaseLostError(Exception):
    """Another copy may lead this role by now."""


class Lease:
    """The right to lead one role of a service: a session lock on a connection of its own.

    The connection beats every second and the server ends it when it is silent for five, so a frozen leader
    holds its role no longer than that. It never goes through a transaction pooler.
    """

    def __init__(self, database: PooledDatabase, role: str) -> None:
        self._database, self.role = database, role
        self._connection: psycopg.Connection[tuple[object, ...]] | None = None

    def take(self) -> bool:
        """Try to lead, without waiting. Return whether this copy leads now."""
        if self._connection is None or self._connection.closed:
            self._connection = self._database.connect()
            self._connection.execute(f"SET idle_session_timeout = {LEASE_IDLE_MS}")
        key = f"{self._database.schema}.{self.role}"
        row = self._connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", (key,)).fetchone()
        return bool(row and row[0])

    def beat(self) -> None:
        """Show that this copy lives. Raises `LeaseLostError` where the session is gone."""
        try:
            if self._connection is None:
                raise LeaseLostError(self.role)
            self._connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            raise LeaseLostError(self.role) from error

    def release(self) -> None:
        """Let another copy lead at once."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Worker:
    """A thread that drives the followers of one role, while it leads it."""

    def __init__(
        self,
        name: str,
        followers: Sequence[Follower],
        wakeup: Wakeup,
        lease: Lease | None = None,
        *,
        poll_s: float = POLL_S,
    ) -> None:
        self.name = name
        self.error: BaseException | None = None
        """What ended this worker against its will: the process must end too."""
        self.last_turn = time.monotonic()
        self._followers, self._wakeup, self._lease = followers, wakeup, lease
        self._poll_s = poll_s
        self._beaten = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to work, or to stand by."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the step at hand and stop."""
        self._stopping.set()
        self._wakeup.ring()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread to end. Return whether it did."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._lead()
                except LeaseLostError:
                    logger.warning("lease lost, standing by", worker=self.name)
                except TRANSIENT as error:
                    logger.warning("waiting for a part to come back", worker=self.name, cause=str(error))
                    self._stopping.wait(BACK_OFF_S[2])
        except BaseException as error:
            self.error = error
            logger.exception("worker ended", worker=self.name)
        finally:
            if self._lease is not None:
                self._lease.release()

    def _lead(self) -> None:
        if self._lease is not None:
            while not self._lease.take():
                self.last_turn = time.monotonic()
                if self._stopping.wait(HEARTBEAT_S):
                    return
        failures, self._beaten = 0, time.monotonic()
        while not self._stopping.is_set():
            self._live()
            heard = self._wakeup.rings
            try:
                worked = self._turn()
            except TRANSIENT as error:
                wait_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
                failures += 1
                logger.warning("will try again", worker=self.name, cause=str(error), wait_s=wait_s)
                self._stopping.wait(wait_s)
                continue
            failures = 0
            if not worked:
                self._wakeup.wait(heard, self._poll_s)

    def _turn(self) -> bool:
        worked = False
        for follower in self._followers:
            while not self._stopping.is_set() and follower.step():
                worked = True
                self._live()
        return worked

    def _live(self) -> None:
        """Beat, at most once a second: who was frozen for longer finds here that another copy may lead."""
        self.last_turn = time.monotonic()
        if self._lease is not None and self.last_turn - self._beaten >= HEARTBEAT_S:
            self._lease.beat()
            self._beaten = self.last_turn


class Listener:
    """Rings one log's bell when another process has appended (our own have rung it): LISTEN, with a poll as floor."""

    def __init__(self, database: PooledDatabase, wakeup: Wakeup) -> None:
        self._database, self._wakeup = database, wakeup
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{database.schema}.listen", daemon=True)

    def start(self) -> None:
        """Begin to listen; a killed connection is made again."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; the thread ends within a second."""
        self._stopping.set()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread to end."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._database.connect() as connection:
                    connection.execute(f'LISTEN "{self._database.schema}.log"')
                    self._wakeup.position = 0  # of the server that was, perhaps: this one's log may be shorter
                    self._wakeup.ring()  # what came before LISTEN took effect
                    while not self._stopping.is_set():
                        for told in connection.notifies(timeout=1, stop_after=1):
                            if self._is_news(told.payload):
                                self._wakeup.ring()
            except psycopg.OperationalError:
                self._stopping.wait(BACK_OFF_S[3])

    def _is_news(self, position: str) -> bool:
        return not position.isdecimal() or len(position) > DIGITS or int(position) > self._wakeup.position


class Background:
    """A thread for a part that has a loop of its own: a server of health and metrics, a web server."""

    def __init__(self, name: str, serve: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=serve, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float) -> bool:
        """Wait for the loop to end. Return whether it did."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()


class Stop:
    """Set by a signal, or by hand; the main thread waits for it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def on_signals(self) -> Stop:
        """Let SIGTERM, SIGINT and the closing of a terminal set it (main thread only)."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        return self

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._event.set()

    def set(self) -> None:
        """Stop."""
        self._event.set()

    def is_set(self) -> bool:
        """Whether the process is to stop."""
        return self._event.is_set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for it, at most so long. Return whether it is set."""
        return self._event.wait(timeout_s)


@contextmanager
def running(parts: Sequence[Worker | Listener], *, within_s: float = 20) -> Iterator[None]:
    """Start all parts, and stop them in good order at the end."""
    for part in parts:
        part.start()
    try:
        yield
    finally:
        for part in parts:
            part.stop()
        deadline = time.monotonic() + within_s
        for part in parts:
            part.join(max(0.1, deadline - time.monotonic()))


def wait_until(there: Callable[[], bool], wakeup: Wakeup, *, timeout_s: float) -> bool:
    """Wait, woken by the bell, until something is so. Return whether it is."""
    deadline = time.monotonic() + timeout_s
    heard = 0
    while not there():
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        heard = wakeup.wait(heard, min(left, 0.02))
    return True
