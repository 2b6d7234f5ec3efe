"""Who appends: ours, the stock library, UmaDB and pgbench, each with the same row or what comes nearest to it."""

from __future__ import annotations

import os
import re
import subprocess
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import umadb
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from chassis import log, nature
from chassis.application import Application
from chassis.audit import leaf_hash
from chassis.cause import Cause
from chassis.database import PooledDatabase
from chassis.embedded.postgres import PACKAGE, EmbeddedPostgres
from chassis.log import Entry
from chassis.migrate import migrate, open_database
from chassis.ports import free_port
from chassis.waiting import GroupCommit

TOPIC = "access.Association.Requested"
STATE = (
    b'{"account_id":"0193b5a0-7c1e-7f00-8a00-0123456789ab","employer_id":"0193b5a0-7c1e-7f00-8a00-0123456789ac",'
    b'"originator_topic":"access.Association","role":"STAFF_END_USER",'
    b'"role_request_id":"0193b5a0-7c1e-7f00-8a00-0123456789ad","timestamp":"2026-01-05T12:00:00.000000Z"}'
)

Writer = Callable[[], int]
"""Appends once, durably, and says how many events that were."""


class Bare(Application):
    """A service with a log and nothing else."""

    name = "bench"


def prepare(postgres: EmbeddedPostgres) -> PooledDatabase:
    """Our log, a table for pgbench that is declared as it is, and a schema for the library."""
    dsn = postgres.dsn()
    migrate(Bare, dsn)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA stock")
        admin.execute("CREATE SCHEMA pgbench")
        admin.execute("CREATE TABLE pgbench.log (LIKE bench.log INCLUDING ALL)")
    return opened(dsn)


def opened(dsn: str) -> PooledDatabase:
    """The log as a process of ours opens it."""
    database = open_database(dsn, "bench", size=4)
    database.together = GroupCommit()
    return database


def ours(database: PooledDatabase, width: int) -> list[Writer]:
    """One command a thread, as a server's threads bring them: leaf and cause made anew for each event."""
    actor = nature.new_id()

    def write() -> int:
        entry = Entry(nature.new_id(), 1, TOPIC, STATE)
        return len(log.hand_in(database, "bench", [entry], Cause.of(actor)).result())

    return [write] * width


def promised(database: PooledDatabase, width: int, threads: int = 2) -> list[Writer]:
    """Few threads with many commands in hand; each command is one event."""
    actor, each = nature.new_id(), width // threads

    def write() -> int:
        promises = [
            log.hand_in(database, "bench", [Entry(nature.new_id(), 1, TOPIC, STATE)], Cause.of(actor))
            for _ in range(each)
        ]
        return sum(len(promise.result()) for promise in promises)

    return [write] * threads


def stock(dsn: str, width: int, *, functions: bool = False) -> list[Writer]:
    """The library's recorder as it comes (or with its database functions), on its own table."""
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    store = PostgresDatastore(
        str(parts["dbname"]),
        str(parts["host"]),
        str(parts["port"]),
        str(parts["user"]),
        str(parts["password"]),
        pool_size=width,
        max_waiting=width,
        schema="stock",
        enable_db_functions=functions,
    )
    recorder = PostgresApplicationRecorder(store, events_table_name="stored_events")
    recorder.create_table()

    def write() -> int:
        return len(recorder.insert_events([StoredEvent(nature.new_id(), 1, TOPIC, STATE)]) or ())

    return [write] * width


@contextmanager
def uma_server(base: Path, environment: dict[str, str] | None = None) -> Iterator[tuple[str, int]]:
    """UmaDB's server, as its wheel brings it: its address and process id."""
    address = f"127.0.0.1:{free_port()}"
    program = Path(sysconfig.get_path("scripts")) / "umadb"
    server = subprocess.Popen(
        [program, "--listen", address, "--db-path", str(base / "uma.db")],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://{address}", server.pid
    finally:
        server.kill()
        server.wait()


def uma(address: str, width: int) -> list[Writer]:
    """One client a thread: an event is refused where its stream has one, as our version is."""

    def writer() -> Writer:
        client = umadb.Client(address)

        def write() -> int:
            stream = str(nature.new_id())
            event = umadb.Event(TOPIC, STATE, [stream], nature.new_id())
            client.append([event], umadb.AppendCondition(umadb.Query([umadb.QueryItem(None, [stream])])))
            return 1

        return write

    return [writer() for _ in range(width)]


def drive(writers: Sequence[Callable[[], Any]], seconds: float) -> list[float]:
    """Call each writer in a thread for so long; the seconds of every call."""
    return drive_counted(writers, seconds)[1]


def drive_counted(writers: Sequence[Callable[[], Any]], seconds: float) -> tuple[int, list[float]]:
    """Call each writer in a thread for so long: how many events they say they wrote, and the seconds of every call."""
    took: list[list[float]] = [[] for _ in writers]
    written = [0] * len(writers)
    until = time.perf_counter() + seconds

    def run(number: int, write: Callable[[], Any]) -> None:
        began, noted = time.perf_counter(), took[number]
        while began < until:
            said = write()
            written[number] += said if isinstance(said, int) else 1
            ended = time.perf_counter()
            noted.append(ended - began)
            began = ended

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(written), [one for noted in took for one in noted]


class Reader(threading.Thread):
    """Asks for what is behind the last position that it saw, again and again."""

    def __init__(self, database: PooledDatabase, after: int) -> None:
        super().__init__()
        self._last = after
        self.seen: list[int] = []
        self.done = threading.Event()
        self._database = database

    def run(self) -> None:
        with self._database.session() as session:
            while True:
                ended = self.done.is_set()
                rows = log.read(session, after=self._last)
                self.seen.extend(row.position for row in rows)
                self._last = rows[-1].position if rows else self._last
                if ended and not rows:
                    return

    def finish(self) -> None:
        """Read on until there is nothing more."""
        self.done.set()
        self.join(60)
        assert not self.is_alive()


def pgbench_program() -> Path | None:
    """Debian's, or the wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/pgbench"))
    wheel = PACKAGE / "pginstall" / "bin" / "pgbench"
    return debian[-1] if debian else wheel if wheel.exists() else None


class Pgbench:
    """pgbench inserting the same row into a table that is declared as the log is."""

    def __init__(self, program: Path, postgres: EmbeddedPostgres, database: str, base: Path) -> None:
        self._command = [str(program), "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "mandate", "-n"]
        self._environment = os.environ | {"PGPASSWORD": postgres.password, "PGOPTIONS": "-c search_path=pgbench"}
        self._database, self._script = database, base / "insert.sql"
        cause = Cause.of(nature.new_id()).pack()
        leaf = leaf_hash("bench", nature.new_id(), 1, TOPIC, nature.now(), cause, STATE)
        self._script.write_text(
            "INSERT INTO log (stream, version, topic, state, recorded_at, cause, leaf_hash) VALUES"
            f" (uuidv7(), 1, '{TOPIC}', '\\x{STATE.hex()}', now(), '\\x{cause.hex()}', '\\x{leaf.hex()}')\n"
        )

    def run(self, width: int, seconds: int) -> tuple[float, int]:
        """Transactions a second, and how many there were."""
        flags = ["-M", "prepared", "-c", str(width), "-j", str(min(width, 2)), "-T", str(seconds)]
        told = subprocess.run(
            [*self._command, *flags, "-f", str(self._script), self._database],
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        rate = re.search(r"^tps = ([0-9.]+)", told, re.MULTILINE)
        count = re.search(r"actually processed: ([0-9]+)", told)
        assert rate
        assert count
        return float(rate[1]), int(count[1])
