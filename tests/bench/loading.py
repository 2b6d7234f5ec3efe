"""Loading one aggregate of 20 events from a log of many (P17), and how its cost grows with other streams.

The limit is one indexed SELECT of the same rows by the same driver; the peer is the stock library's repository over
its own recorder with the same events. All by turns, in this process, with one session each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import psycopg
from eventsourcing.application import Repository as LibraryRepository
from eventsourcing.persistence import EventStore, StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from chassis import log
from chassis.cause import Cause
from chassis.database import PooledDatabase
from chassis.embedded.postgres import EmbeddedPostgres
from services.access.__main__ import SERVICE as ACCESS
from services.access.domain.association import Association
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.history import CLERK, append_entries, collected, long_association
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import Room, build, living

EVENTS = 20
LOADS = 300
FLOOR, GOAL = 6, 2
SELECT = "SELECT stream, version, topic, state FROM log WHERE stream = %s ORDER BY version"


def grown(room: Room, others: int) -> UUID:
    """An association of 20 events, behind as many events of others as are wanted."""
    with room.app.session() as session:
        there = log.end(session)
    for _ in range(there, others, 5_000):
        _append(room, [long_association(EVENTS) for _ in range(250)])
    mine = long_association(EVENTS)
    _append(room, [mine])
    id_: UUID = mine.id
    return id_


def _append(room: Room, members: Sequence[Association]) -> None:
    entries = log.entries(room.app.codec.to_stored_event(event) for event in collected(*members))
    append_entries(room, entries, [Cause.of(CLERK) for _ in entries])


class Stock:
    """The library's own way: its recorder, its store, its repository; our events, by our codec."""

    def __init__(self, dsn: str, room: Room) -> None:
        parts = psycopg.conninfo.conninfo_to_dict(dsn)
        where = [str(parts[name]) for name in ("dbname", "host", "port", "user", "password")]
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("CREATE SCHEMA IF NOT EXISTS stock")
        self._store = PostgresDatastore(*where, schema="stock")
        self._recorder = PostgresApplicationRecorder(self._store)
        self._recorder.create_table()
        self._library: LibraryRepository[UUID] = LibraryRepository(EventStore(room.app.codec, self._recorder))

    def take(self, room: Room, id_: UUID) -> None:
        with room.app.session() as session:
            rows = session.run(SELECT, (id_,), binary=True)
        self._recorder.insert_events([StoredEvent(*row) for row in rows])

    def get(self, id_: UUID) -> Any:
        return self._library.get(id_)

    def close(self) -> None:
        self._store.close()


def median_s(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(LOADS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return percentile(took, 0.5)


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds = 3 if bench.quick else (bench.rounds or 7)
    sizes = (10_000,) if bench.quick else (10_000, 100_000, 1_000_000)
    template = build(postgres, (ACCESS,))
    with living(postgres, template, (ACCESS,)) as house:
        room = house.access
        database = room.database
        assert isinstance(database, PooledDatabase)
        stock = Stock(database.dsn, room)
        curve: dict[int, list[float]] = {}
        for size in sizes:
            id_ = grown(room, size)
            stock.take(room, id_)
            loaded = room.app.repository.get(id_, kind=Association)
            assert loaded.version == stock.get(id_).version == EVENTS
            ours: list[float] = []
            selects: list[float] = []
            theirs: list[float] = []
            with room.app.session() as session, room.app.pinned(session):
                for _ in range(rounds):
                    ours.append(median_s(lambda id_=id_: room.app.repository.get(id_)))  # type: ignore[misc]
                    selects.append(median_s(lambda id_=id_: session.run(SELECT, (id_,), binary=True)))  # type: ignore[misc]
                    theirs.append(median_s(lambda id_=id_: stock.get(id_)))  # type: ignore[misc]
            curve[size] = ours
            name = f"an aggregate of {EVENTS} events among {size:,}"
            bench.add(f"{name}: p50", "us", [one * 1e6 for one in ours], at_most=True)
            bench.add("  / one indexed SELECT", "x", ratios(ours, selects), FLOOR, at_most=True, goal=GOAL)
            bench.add("  / the stock library", "x", ratios(ours, theirs), at_most=True, goal=0.2)
        if len(curve) > 1:
            bench.add(
                "  most / least among others", "x", ratios(curve[sizes[-1]], curve[sizes[0]]), at_most=True, goal=1.2
            )
        stock.close()
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("loading", __doc__)
    with ExitStack() as stack:
        measure(bench, stack.enter_context(server()))
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
