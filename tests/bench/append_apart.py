"""Appends of several processes to one log (P1): the rate of 64 in flight by processes, and a reader who misses nothing.

Each process is one of ours with its own commits together; the limit is pgbench with 64 clients, by turns. At the end
two processes write `--events` in all, while a reader asks for `position > last` as fast as it can: what it has seen
must be what is there, in order.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from chassis import log
from chassis.database import PooledDatabase
from chassis.embedded.postgres import EmbeddedPostgres
from tests.bench.figures import Bench, begin, ratios
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.bench.writers import Pgbench, Reader, pgbench_program, prepare

MANY = 64
PROCESSES = (1, 2, 4)
FLOOR, GOAL = 0.7, 1.1


class Process:
    """One that writes on order."""

    def __init__(self, dsn: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.writing", dsn],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._said() == "ready"

    def order(self, words: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()

    def written(self) -> int:
        return int(self._said())

    def close(self) -> None:
        self.order("")
        self._process.wait(20)

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


@contextmanager
def processes(dsn: str, count: int) -> Iterator[list[Process]]:
    started = [Process(dsn) for _ in range(count)]
    try:
        yield started
    finally:
        for one in started:
            one.close()


def together(writers: Sequence[Process], order: str) -> tuple[int, float]:
    """Let all write; how many events that were, and in how many seconds."""
    began = time.perf_counter()
    for one in writers:
        one.order(order)
    return sum(one.written() for one in writers), time.perf_counter() - began


def missed(database: PooledDatabase, writers: Sequence[Process], events: int) -> tuple[int, int, float]:
    """How many events a reader beside the writers did not see, of how many, written at what rate."""
    with database.session() as session:
        start = log.end(session)
    reader = Reader(database, start)
    reader.start()
    written, took = together(writers, f"promised {MANY // len(writers)} events {events // len(writers)}")
    reader.finish()
    with database.session() as session:
        there = [
            position
            for (position,) in session.run("SELECT position FROM log WHERE position > %s ORDER BY position", (start,))
        ]
    assert len(there) == written, (len(there), written)
    assert reader.seen == sorted(set(reader.seen)), "a position came twice, or out of order"
    return len(set(there) - set(reader.seen)), written, written / took


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, seconds = (2, 1) if bench.quick else (bench.rounds or 7, 3)
    events = bench.options.events or (50_000 if bench.quick else 1_000_000)
    database, dsn = prepare(postgres), postgres.dsn()
    program = pgbench_program()
    rival = Pgbench(program, postgres, "postgres", postgres.base) if program else None
    rates: dict[tuple[str, int], list[float]] = {}
    limit: list[float] = []
    with processes(dsn, max(PROCESSES)) as writers:
        orders = [(how, count) for how in ("threads", "promised") for count in PROCESSES]
        for how, count in orders:
            together(writers[:count], f"{how} {MANY // count} seconds 0.5")
        for _ in range(rounds):
            for how, count in orders:
                written, took = together(writers[:count], f"{how} {MANY // count} seconds {seconds}")
                rates.setdefault((how, count), []).append(written / took)
            if rival is not None:
                limit.append(rival.run(MANY, seconds)[0])
        for (how, count), values in rates.items():
            name = f"append, {how}, {count} process{'es' * (count > 1)}, 64 in flight"
            bench.add(name, "events/s", values)
            if rival is not None and how == "promised":
                part = ratios(values, limit)
                floor, goal = (FLOOR, GOAL) if count <= 2 else (None, None)
                bench.add(f"{name} / pgbench", "x", part, floor, goal=goal)
            if count > 1:
                bench.add(f"{name} / one process", "x", ratios(values, rates[how, 1]), goal=0.8 if count == 2 else 0.5)
        if rival is not None:
            bench.add("pgbench, 64 in flight", "rows/s", limit)
        lost, written, rate = missed(database, writers[:2], events)
    bench.add(f"missed by a reader of {written:,} events of two processes", "events", [lost], 0, at_most=True)
    bench.add("written beside that reader", "events/s", [rate])
    database.close()
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("append_apart", __doc__, more=lambda options: options.add_argument("--events", type=int, default=0))
    with ExitStack() as stack:
        measure(bench, stack.enter_context(server()))
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
