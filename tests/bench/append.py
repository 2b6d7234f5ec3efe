"""Append of one event with its whole row, against pgbench inserting that row and against the stock library (P1, P3).

All three write to tables of one server, by turns; the same bytes as state. Ours and the library are called from
threads of this process, each with a connection of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from chassis import log, nature
from chassis.application import Application
from chassis.audit import leaf_hash
from chassis.cause import Cause
from chassis.database import PooledDatabase, Session
from chassis.embedded.postgres import PACKAGE, EmbeddedPostgres
from chassis.log import Entry
from chassis.migrate import migrate, open_database
from chassis.waiting import GroupCommit
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.machine import children, cpu_s, postmaster, server

WIDTHS = (1, 16)
TOPIC = "access.Association.Requested"
STATE = (
    b'{"account_id":"0193b5a0-7c1e-7f00-8a00-0123456789ab","employer_id":"0193b5a0-7c1e-7f00-8a00-0123456789ac",'
    b'"originator_topic":"access.Association","role":"STAFF_END_USER",'
    b'"role_request_id":"0193b5a0-7c1e-7f00-8a00-0123456789ad","timestamp":"2026-01-05T12:00:00.000000Z"}'
)


class Bare(Application):
    """A service with a log and nothing else."""

    name = "bench"


def ours(database: PooledDatabase, width: int) -> list[Callable[[], Any]]:
    """One writer a thread: `chassis.log.append`, leaf and cause made anew for each event."""
    actor = nature.new_id()

    def writer() -> Callable[[], Any]:
        session = Session(database.connect(), database.together)
        return lambda: log.append(session, "bench", [Entry(nature.new_id(), 1, TOPIC, STATE)], Cause.of(actor))

    return [writer() for _ in range(width)]


def stock(dsn: str, width: int) -> list[Callable[[], Any]]:
    """The library's recorder as it comes, on its own table."""
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
    )
    recorder = PostgresApplicationRecorder(store, events_table_name="stored_events")
    recorder.create_table()
    return [lambda: recorder.insert_events([StoredEvent(nature.new_id(), 1, TOPIC, STATE)]) for _ in range(width)]


def drive(writers: list[Callable[[], Any]], seconds: float) -> list[float]:
    """Call each writer in a thread for so long; the seconds of every call."""
    took: list[list[float]] = [[] for _ in writers]
    until = time.perf_counter() + seconds

    def run(write: Callable[[], Any], noted: list[float]) -> None:
        began = time.perf_counter()
        while began < until:
            write()
            ended = time.perf_counter()
            noted.append(ended - began)
            began = ended

    threads = [threading.Thread(target=run, args=pair) for pair in zip(writers, took, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [one for noted in took for one in noted]


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


def check(database: PooledDatabase, appended: int) -> None:
    """Nothing lost, nothing twice, every leaf right; and a reader beside 16 writers misses nothing."""
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        with database.session() as session:
            last = log.end(session)
            start = last
            while True:
                ended = done.is_set()
                rows = log.read(session, after=last)
                seen.extend(row.position for row in rows)
                last = rows[-1].position if rows else last
                if ended and not rows:
                    break
            there = session.run("SELECT position FROM log WHERE position > %s ORDER BY position", (start,))
            assert seen == [position for (position,) in there]

    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            follow()
        except BaseException as error:  # noqa: BLE001 - raised below
            failed.append(error)

    reader = threading.Thread(target=guarded)
    reader.start()
    time.sleep(0.05)
    more = len(drive(ours(database, 16), 0.5))
    done.set()
    reader.join(30)
    assert not failed, failed
    assert not reader.is_alive()
    with database.session() as session:
        row = session.one("SELECT count(*), count(DISTINCT stream) FROM log")
        assert row == (appended + more, appended + more), (row, appended + more)
        for one in log.read(session, after=0, limit=1_000):
            told = leaf_hash("bench", one.stream, one.version, one.topic, one.recorded_at, one.packed_cause, one.state)
            assert told == one.leaf_hash


class Round:
    """Rates and costs of the three, round by round, at one width."""

    def __init__(self, master: int) -> None:
        self.rates: dict[str, list[float]] = {"ours": [], "stock": [], "pgbench": []}
        self.server_us: dict[str, list[float]] = {"ours": [], "stock": [], "pgbench": []}
        self.p50: list[float] = []
        self.p99: list[float] = []
        self._master = master

    def threads(self, name: str, writers: list[Callable[[], Any]], seconds: float) -> int:
        """Let threads write; returns how often they did."""
        before = cpu_s(children(self._master))
        took = drive(writers, seconds)
        self.server_us[name].append((cpu_s(children(self._master)) - before) / len(took) * 1e6)
        self.rates[name].append(len(took) / seconds)
        if name == "ours":
            self.p50.append(percentile(took, 0.5) * 1e3)
            self.p99.append(percentile(took, 0.99) * 1e3)
        return len(took)

    def pgbench(self, rival: Pgbench, width: int, seconds: int) -> int:
        """Let pgbench insert; returns how often it did."""
        before = cpu_s(children(self._master))
        rate, count = rival.run(width, seconds)
        self.server_us["pgbench"].append((cpu_s(children(self._master)) - before) / count * 1e6)
        self.rates["pgbench"].append(rate)
        return count

    def report(self, bench: Bench, who: str) -> None:
        bench.add(f"append, {who}", "events/s", self.rates["ours"])
        bench.add(f"append, {who}: p50", "ms", self.p50, at_most=True)
        bench.add(f"append, {who}: p99", "ms", self.p99, at_most=True)
        bench.add(f"append, {who}: CPU of PostgreSQL an event", "us", self.server_us["ours"], at_most=True)
        bench.add(f"stock eventsourcing, {who}", "events/s", self.rates["stock"])
        bench.add(f"stock eventsourcing, {who}: CPU of PostgreSQL", "us", self.server_us["stock"], at_most=True)
        bench.add(f"append / stock eventsourcing, {who}", "x", ratios(self.rates["ours"], self.rates["stock"]), 2.5)
        if self.rates["pgbench"]:
            bench.add(f"pgbench, {who}", "rows/s", self.rates["pgbench"])
            bench.add(f"pgbench, {who}: CPU of PostgreSQL a row", "us", self.server_us["pgbench"], at_most=True)
            bench.add(f"append / pgbench, {who}", "x", ratios(self.rates["ours"], self.rates["pgbench"]))


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, seconds = (3, 1) if bench.quick else (bench.rounds or 7, 3)
    dsn = postgres.dsn()
    migrate(Bare, dsn)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("CREATE SCHEMA stock")
        admin.execute("CREATE SCHEMA pgbench")
        admin.execute("CREATE TABLE pgbench.log (LIKE bench.log INCLUDING ALL)")
    database = open_database(dsn, "bench", size=4)
    database.together = GroupCommit()
    program = pgbench_program()
    rival = Pgbench(program, postgres, "postgres", postgres.base) if program else None
    if rival is None:
        bench.skip("pgbench", "there is no pgbench: apt-get install postgresql-contrib")
    inserted = appended = stored = 0
    master = postmaster(postgres.base)
    for width in WIDTHS:
        mine, library = ours(database, width), stock(dsn, width)
        appended += len(drive(mine, 0.5))  # warm
        stored += len(drive(library, 0.5))
        measured = Round(master)
        for _ in range(rounds):
            appended += measured.threads("ours", mine, seconds)
            stored += measured.threads("stock", library, seconds)
            if rival is not None:
                inserted += measured.pgbench(rival, width, seconds)
        measured.report(bench, "1 writer" if width == 1 else f"{width} threads")
    check(database, appended)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM stock.stored_events").fetchone() == (stored,)
        assert connection.execute("SELECT count(*) FROM pgbench.log").fetchone() == (inserted,)
    database.close()
    bench.foreign.count(cpu_s(children(master)))


def main() -> int:
    bench = begin("append", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
