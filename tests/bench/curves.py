"""How cost grows: appends and a rebuild with the log, commands with the writers of one hot aggregate (performance 3).

Appends: logs of different lengths on one server take turns, 64 promised in flight and one writer; every leaf is ours,
the history before is copies of one row with ids in the order of time, as our ids are. Rebuild: a view of access from
its first event. Hot: threads that all grant and withdraw one person's function, a fixed number of commands on a person
of their own; whoever comes too late loads and decides again. `--events N` is the longest log (10 million).
"""

from __future__ import annotations

import os
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

import psycopg

from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.database import PooledDatabase
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.migrate import migrate
from chassis.turns import Turns
from chassis.waiting import GroupCommit
from services.access.__main__ import SERVICE as ACCESS
from services.access.domain.association import Association
from services.access.projections.staff_list import STAFF_LIST
from tests.bench.figures import Bench, Line, Plot, begin, percentile, ratios
from tests.bench.history import CLERK, append_all, long_association, staff_events
from tests.bench.machine import children, cpu_s, peak_rss_mb, postmaster, server
from tests.bench.replay import empty, replay
from tests.bench.writers import STATE, TOPIC, Bare, Writer, drive_counted, opened, ours, promised
from tests.house import Room, build, living, new_database

MANY = 64
WRITERS = (1, 2, 8, 16, 50)
COMMANDS = 400
"""On each hot aggregate: it grows by one event each."""
LONGEST = 10_000_000
FILL = f"""
INSERT INTO bench.log (stream, version, topic, state, recorded_at, cause, leaf_hash)
SELECT uuidv7(), 1, '{TOPIC}', %s, now(), %s, sha256(number::text::bytea) FROM generate_series(1, %s) AS number
"""


@dataclass
class Log:
    """One log of some length, and what its turns came to."""

    length: int
    database: PooledDatabase
    many: Sequence[Writer]
    one: Sequence[Writer]
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    """CPU of PostgreSQL for each event."""
    p50_ms: list[float] = field(default_factory=list)

    def turn(self, postgres: EmbeddedPostgres, seconds: float) -> None:
        before = cpu_s(children(postmaster(postgres.base)))
        began = time.perf_counter()
        written, _ = drive_counted(self.many, seconds)
        self.rates.append(written / (time.perf_counter() - began))
        self.cpu_us.append((cpu_s(children(postmaster(postgres.base))) - before) / written * 1e6)
        self.p50_ms.append(percentile(drive_counted(self.one, seconds / 2)[1], 0.5) * 1e3)


@contextmanager
def filled(postgres: EmbeddedPostgres, length: int) -> Iterator[Log]:
    """A log that has so many events already, vacuumed and on the disk."""
    dsn = postgres.dsn(new_database(postgres))
    migrate(Bare, dsn)
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(FILL.encode(), (STATE, Cause.of(CLERK).pack(), length))
        admin.execute("VACUUM (FREEZE, ANALYZE) bench.log")
        admin.execute("CHECKPOINT")
    database = opened(dsn)
    try:
        yield Log(length, database, promised(database, MANY), ours(database, 1))
    finally:
        database.close()


def lengths(bench: Bench, postgres: EmbeddedPostgres, sizes: Sequence[int], rounds: int, seconds: float) -> None:
    """Append cost by events in the log."""
    points: list[tuple[int, float, float]] = [(0, 1.0, 1.0)]
    with filled(postgres, 0) as short:
        for size in sizes:
            with filled(postgres, size) as long:
                short.rates, short.cpu_us, short.p50_ms = [], [], []
                for log in (short, long):
                    log.turn(postgres, seconds / 2)
                    log.rates, log.cpu_us, log.p50_ms = [], [], []
                for number in range(rounds):
                    for log in (short, long) if number % 2 else (long, short):
                        log.turn(postgres, seconds)
            name = f"append to a log of {size:,}, 64 in flight"
            bench.add(name, "events/s", long.rates)
            bench.add("  / to one that began empty", "x", ratios(long.rates, short.rates), goal=0.87)
            bench.add("  CPU of PostgreSQL / that", "x", ratios(long.cpu_us, short.cpu_us), at_most=True, goal=1.3)
            points.append((size, bench.figures[-2].median, bench.figures[-1].median))
            bench.add("  one writer, p50 / that", "x", ratios(long.p50_ms, short.p50_ms), at_most=True)
    across, rates, cpu = zip(*points, strict=True)
    lines = [Line("events a second", across, rates), Line("CPU of PostgreSQL an event", across, cpu)]
    title = "Appending, 64 in flight, beside a log that began empty"
    bench.plots.append(Plot("append-by-length", title, "events in the log", "x", lines, by_powers=True))


def rebuild(bench: Bench, postgres: EmbeddedPostgres, template: str, sizes: Sequence[int]) -> None:
    """Time and memory of a rebuild by events; 10% of the straight line are allowed."""
    rates: list[float] = []
    memory: list[float] = []
    with living(postgres, template, (ACCESS,)) as house:
        for size in sizes:
            append_all(house.access, staff_events(size), limit=size - house.access.end())
            empty(house.access, STAFF_LIST)
            began = time.perf_counter()
            replay(house.access, STAFF_LIST)
            rates.append(size / (time.perf_counter() - began))
            bench.add(f"rebuild of {STAFF_LIST.name} from {size:,} events", "events/s", rates[-1:])
            memory.append(peak_rss_mb(os.getpid()))
            bench.add("  most memory of this process so far", "MB", memory[-1:], at_most=True)
            if len(rates) > 1:
                bench.add("  / the shortest", "x", [rates[-1] / rates[0]], goal=0.9)
    took = [size / rate for size, rate in zip(sizes, rates, strict=True)]
    title = f"Rebuilding {STAFF_LIST.name} from its first event"
    millions = [size / 1e6 for size in sizes]
    bench.plots.append(Plot("rebuild-time", title, "million events", "seconds", [Line("time", millions, took)]))
    lines = [Line("most memory so far", millions, memory)]
    bench.plots.append(Plot("rebuild-memory", title, "million events", "MB", lines))


def toggle(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Grant what is not granted, withdraw what is."""
    member = app.repository.get(id, kind=Association)
    (member.withdraw if "PECOS" in member.functions else member.grant)(function="PECOS")
    return app.commit(member, cause=cause)


def together(room: Room, writers: int) -> float:
    """Commands a second of so many on one person."""
    member = long_association(2)
    room.app.commit(member, cause=Cause.of(CLERK))
    left = threading.Semaphore(COMMANDS)
    failed: list[BaseException] = []

    def ask() -> None:
        while left.acquire(blocking=False):
            try:
                room.execute(toggle, CLERK, id=member.id)
            except BaseException as error:  # noqa: BLE001
                failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(writers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    assert not failed, failed[0]
    assert room.app.repository.get(member.id).version == 2 + COMMANDS
    return COMMANDS / took


def hot(bench: Bench, postgres: EmbeddedPostgres, template: str, rounds: int) -> None:
    """Commands a second on one aggregate by writers: no collapse."""
    rates: dict[int, list[float]] = {}
    with living(postgres, template, (ACCESS,)) as house:
        house.access.database.together, house.access.app.turns = GroupCommit(), Turns()
        together(house.access, 4)
        for _ in range(rounds):
            for writers in WRITERS:
                rates.setdefault(writers, []).append(together(house.access, writers))
    for writers, values in rates.items():
        bench.add(f"one hot aggregate, {writers} writer{'s' * (writers > 1)}", "commands/s", values)
        if writers > 1:
            bench.add("  / one writer", "x", ratios(values, rates[1]), goal=0.5)
    medians = [statistics.median(values) for values in rates.values()]
    lines = [Line("commands a second", list(rates), medians)]
    bench.plots.append(Plot("hot-aggregate", "All at one aggregate", "writers", "commands/s", lines, fitted=False))


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    longest = bench.options.events or (200_000 if bench.quick else LONGEST)
    rounds, seconds = (2, 1.0) if bench.quick else (bench.rounds or 7, 3.0)
    sizes = [longest // 10, longest]
    template = build(postgres, (ACCESS,))
    lengths(bench, postgres, sizes, rounds, seconds)
    hot(bench, postgres, template, rounds)
    rebuild(bench, postgres, template, [longest // 100, *sizes])
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("curves", __doc__, more=lambda options: options.add_argument("--events", type=int, default=0))
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
