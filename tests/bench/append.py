"""Append of one event with its whole row, against pgbench and against other stores (P1, P2, P3).

pgbench inserts the same row; the others are what one would take instead: the stock library, with and without its
database functions, and UmaDB. All write to servers on one disk, by turns; the same bytes as state. Ours, the library
and UmaDB's clients are called from threads of this process, each with a connection of its own. "64 in flight" is 64
threads with one command each, and two threads with 32 each (`chassis.log.hand_in`). `--flush MS` makes every flush of
the disk so much longer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

import psycopg

from chassis import log
from chassis.audit import leaf_hash
from chassis.database import PooledDatabase
from chassis.embedded.postgres import EmbeddedPostgres
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.bench.slow_disk import slower_flush
from tests.bench.writers import (
    Pgbench,
    Reader,
    Writer,
    drive_counted,
    ours,
    pgbench_program,
    prepare,
    promised,
    stock,
    uma,
    uma_server,
)

MANY = 64
BEST_OF_STOCK = 16
"""Threads at which the library appends fastest."""
Turn = Callable[[int], tuple[int, list[float]]]
"""Writes for so many seconds; how many events that were, and how long each call took."""


def check(database: PooledDatabase, appended: int) -> None:
    """Nothing lost, nothing twice, every leaf right; and a reader beside 16 writers misses nothing."""
    with database.session() as session:
        start = log.end(session)
    reader = Reader(database, start)
    reader.start()
    more, _ = drive_counted(ours(database, 16), 0.5)
    reader.finish()
    with database.session() as session:
        there = session.run("SELECT position FROM log WHERE position > %s ORDER BY position", (start,))
        assert reader.seen == [position for (position,) in there]
        row = session.one("SELECT count(*), count(DISTINCT stream) FROM log")
        assert row == (appended + more, appended + more), (row, appended + more)
        for one in log.read(session, after=0, limit=1_000):
            told = leaf_hash("bench", one.stream, one.version, one.topic, one.recorded_at, one.packed_cause, one.state)
            assert told == one.leaf_hash


@dataclass
class Contender:
    """Who takes part: what one turn of his did, round by round."""

    name: str
    turn: Turn
    processes: Sequence[int]
    """Of his server."""
    rates: list[float] = field(default_factory=list)
    server_us: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    written: int = 0

    def play(self, seconds: int, *, warm: bool = False) -> None:
        before, began = cpu_s(children(*self.processes)), time.perf_counter()
        count, took = self.turn(seconds)
        elapsed = time.perf_counter() - began
        self.written += count
        if warm:
            return
        self.rates.append(count / elapsed)
        self.server_us.append((cpu_s(children(*self.processes)) - before) / count * 1e6)
        if took:
            self.p50_ms.append(percentile(took, 0.5) * 1e3)
            self.p99_ms.append(percentile(took, 0.99) * 1e3)

    def report(self, bench: Bench, width: str) -> None:
        bench.add(f"{self.name}, {width}", "events/s", self.rates)
        bench.add(f"{self.name}, {width}: CPU of the server an event", "us", self.server_us, at_most=True)
        if self.p50_ms:
            bench.add(f"{self.name}, {width}: p50", "ms", self.p50_ms, at_most=True)
            bench.add(f"{self.name}, {width}: p99", "ms", self.p99_ms, at_most=True)


def threads(writers: Sequence[Writer]) -> Turn:
    """A turn of writers, each in a thread."""
    return partial(drive_counted, writers)


@dataclass
class Ring:
    """The server, and who writes to it."""

    bench: Bench
    database: PooledDatabase
    postgres: EmbeddedPostgres
    rival: Pgbench | None
    uma: tuple[str, int] | None
    """None in the quick size: it has no floor."""
    totals: dict[str, int] = field(default_factory=dict)

    def contenders(self, width: int) -> dict[str, Contender]:
        dsn, master = self.postgres.dsn(), [postmaster(self.postgres.base)]
        found = {"append": Contender("append", threads(ours(self.database, width)), master)}
        if width == MANY:
            found["promised"] = Contender("append, promised", threads(promised(self.database, width)), master)
        library = min(width, BEST_OF_STOCK)
        if width < MANY or not self.bench.quick:
            found["stock"] = Contender("stock eventsourcing", threads(stock(dsn, library)), master)
        if width == MANY and not self.bench.quick:
            functions = threads(stock(dsn, library, functions=True))
            found["functions"] = Contender("eventsourcing with database functions", functions, master)
        if self.uma is not None and width in {1, MANY}:
            found["uma"] = Contender("UmaDB", threads(uma(self.uma[0], width)), [self.uma[1]])
        rival = self.rival
        if rival is not None:
            found["pgbench"] = Contender("pgbench", lambda seconds: (rival.run(width, seconds)[1], []), master)
        return found

    def play(self, width: int, rounds: int, seconds: int) -> None:
        found = self.contenders(width)
        for one in found.values():
            one.play(1, warm=True)
        for _ in range(rounds):
            for one in found.values():
                one.play(seconds)
        self._report(found, width)
        for name, one in found.items():
            self.totals[name] = self.totals.get(name, 0) + one.written

    def _report(self, found: dict[str, Contender], width: int) -> None:
        name = "1 writer" if width == 1 else f"{width} in flight"
        for one in found.values():
            one.report(self.bench, name)
        mine = found.get("promised") or found["append"]
        for rival, goal in (("stock", 10.0), ("functions", 5.0), ("uma", 2.0)):
            if rival in found:
                floor = 2.5 if rival == "stock" else None
                times = ratios(mine.rates, found[rival].rates)
                self.bench.add(
                    f"{mine.name} / {found[rival].name}, {name}", "x", times, floor, goal=goal * (width == MANY)
                )
        if "pgbench" not in found:
            return
        limit = found["pgbench"].rates
        for one in (found["append"], mine)[: 1 + (mine is not found["append"])]:
            many = width == MANY and one is mine
            slow = self.bench.options.flush > 0
            floor = (0.5 if slow else 0.7) if many else None
            self.bench.add(f"{one.name} / pgbench, {name}", "x", ratios(one.rates, limit), floor, goal=1.1 * many)
        if width == 1:  # the time of one transaction of pgbench is what its rate leaves
            waits = [p50 * rate / 1e3 for p50, rate in zip(mine.p50_ms, limit, strict=True)]
            self.bench.add("append: p50 / pgbench, 1 writer", "x", waits, at_most=True, goal=1.25)


def measure(bench: Bench, postgres: EmbeddedPostgres, address: tuple[str, int] | None) -> None:
    rounds, seconds = (3, 1) if bench.quick else (bench.rounds or 7, 3)
    database = prepare(postgres)
    program = pgbench_program()
    rival = Pgbench(program, postgres, "postgres", postgres.base) if program else None
    if rival is None:
        bench.skip("pgbench", "there is no pgbench: apt-get install postgresql-contrib")
    ring = Ring(bench, database, postgres, rival, address)
    for width in (MANY,) if bench.options.flush else (1, 16, MANY):
        ring.play(width, rounds, seconds)
    totals = ring.totals
    check(database, totals["append"] + totals["promised"])
    with psycopg.connect(postgres.dsn()) as connection:
        stored = totals.get("stock", 0) + totals.get("functions", 0)
        if stored:
            assert connection.execute("SELECT count(*) FROM stock.stored_events").fetchone() == (stored,)
        inserted = connection.execute("SELECT count(*) FROM pgbench.log").fetchone()
        assert inserted == (totals.get("pgbench", 0),)
    database.close()
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("append", __doc__, more=lambda options: options.add_argument("--flush", type=float, default=0.0))
    with ExitStack() as stack:
        slow = slower_flush(stack, bench.options.flush)
        postgres = stack.enter_context(server(slow))
        address = None if bench.quick else stack.enter_context(uma_server(postgres.base, slow))
        measure(bench, postgres, address)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
