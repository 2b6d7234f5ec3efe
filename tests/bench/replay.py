"""Replay of a log of 200,000 events into each view of access and connections, from zero (P15, P16).

The limits are a raw paged read of the same log and COPY of the final rows; the peer is the stock library's bare
`select_notifications` over as many events, without any fold.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.types.json import Jsonb

from chassis import log
from chassis.cause import Cause
from chassis.database import PooledDatabase
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import ViewFollower, read_page
from chassis.views import View
from services.access.__main__ import SERVICE as ACCESS
from services.access.projections.authority import AuthorityFollower
from services.access.projections.role_requests import ROLE_REQUESTS
from services.access.projections.staff_list import STAFF_LIST
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.connections.projections.connection_list import CONNECTION_LIST
from services.connections.projections.managers import MANAGERS
from tests.bench.figures import Bench, begin, ratios
from tests.bench.history import CLERK, append_all, append_entries, connection_events, heard_states, staff_events
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import Room, build, living

FLOOR_COPY, GOAL_COPY = 0.1, 0.4
FLOOR_READ, GOAL_READ, GOAL_STOCK = 0.2, 0.65, 4
FLOOR = 20_000
VIEWS = (
    ("access", ROLE_REQUESTS),
    ("access", STAFF_LIST),
    ("connections", CONNECTION_LIST),
    ("connections", MANAGERS),
)


def timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def empty(room: Room, view: View) -> None:
    """Set the view back to its beginning."""
    with room.app.session() as session, session.transaction():
        session.run(f"DELETE FROM {view.name}")
        session.run("UPDATE positions SET position = 0 WHERE follower = %s", (view.name,))


def replay(room: Room, view: View) -> None:
    follower = ViewFollower(room.app, view)
    while follower.step():
        pass


def raw_read(room: Room) -> None:
    with room.app.session() as session:
        after = 0
        while rows := log.read(session, after=after):
            after = rows[-1].position


def folded_in_memory(room: Room, view: View) -> int:
    """The rows that one fold over the whole log, in order, makes: compared with the table, value by value."""
    events: list[Any] = []
    with room.app.session() as session:
        after = 0
        while (page := read_page(room.app, session, after=after)).recorded:
            events += page.events
            after = page.recorded[-1].position
        put, changed, _ = view.rows(events).collected()
        assert not changed
        columns = tuple(view.columns)
        table = {row[: len(view.key)]: row for row in session.run(f"SELECT {', '.join(columns)} FROM {view.name}")}
        assert table.keys() == put.keys()
        for key, values in put.items():
            expected = dict.fromkeys(columns) | dict(zip(view.key, key, strict=True)) | values
            assert tuple(expected.values()) == table[key], (view.name, expected, table[key])
        return len(table)


def copy_rows(postgres: EmbeddedPostgres, room: Room, view: View, database: str) -> float:
    """Seconds of COPY of the final rows into a table with the same indexes."""
    with psycopg.connect(postgres.dsn(database), options=f"-c search_path={room.app.name}") as owner:
        rows = owner.execute(f"SELECT * FROM {view.name}".encode()).fetchall()
        owner.execute(f"CREATE TABLE copied (LIKE {view.name} INCLUDING ALL)".encode())
        plain = [[_plain(value) for value in row] for row in rows]
        began = time.perf_counter()
        with owner.cursor().copy(b"COPY copied FROM STDIN") as copy:
            for row in plain:
                copy.write_row(row)
        took = time.perf_counter() - began
        owner.rollback()
    return took


def _plain(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, (list, dict)) else value


class Stock:
    """The library's recorder with as many events of the same bytes."""

    def __init__(self, dsn: str, room: Room) -> None:
        parts = psycopg.conninfo.conninfo_to_dict(dsn)
        where = [str(parts[name]) for name in ("dbname", "host", "port", "user", "password")]
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("CREATE SCHEMA stock")
        self._store = PostgresDatastore(*where, schema="stock")
        self._recorder = PostgresApplicationRecorder(self._store)
        self._recorder.create_table()
        self.count = 0
        with room.app.session() as session:
            after = 0
            while rows := log.read(session, after=after):
                self._recorder.insert_events([StoredEvent(r.stream, r.version, r.topic, r.state) for r in rows])
                after = rows[-1].position
                self.count += len(rows)

    def read(self) -> None:
        start, seen = 1, 0
        while rows := self._recorder.select_notifications(start, 5_000):
            seen += len(rows)
            start = rows[-1].id + 1
        assert seen == self.count

    def close(self) -> None:
        self._store.close()


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, size = (1, 50_000) if bench.quick else (bench.rounds or 5, 200_000)
    template = build(postgres, (ACCESS, CONNECTIONS))
    with living(postgres, template, (ACCESS, CONNECTIONS)) as house:
        append_all(house.access, staff_events(size), limit=size)
        append_all(house.connections, connection_events(size // 2), limit=size // 2)
        states = list(heard_states(size // 2))
        for first in range(0, len(states), 5_000):
            some = states[first : first + 5_000]
            append_entries(house.connections, some, [Cause.of(CLERK) for _ in some])
        assert house.access.end() == house.connections.end() == size
        database = house.access.database
        assert isinstance(database, PooledDatabase)
        stock = Stock(database.dsn, house.access)
        rates: dict[str, list[float]] = {}
        for number in range(rounds):
            raw = {name: size / timed(partial(raw_read, house.rooms[name])) for name in house.rooms}
            for name, rate in raw.items():
                rates.setdefault(f"raw {name}", []).append(rate)
            rates.setdefault("stock", []).append(stock.count / timed(stock.read))
            for name, view in VIEWS:
                room = house.rooms[name]
                empty(room, view)
                used = time.process_time()
                rates.setdefault(view.name, []).append(size / timed(partial(replay, room, view)))
                rates.setdefault(f"cpu {view.name}", []).append(size / (time.process_time() - used))
                with room.app.session() as session:
                    rows = int((session.one(f"SELECT count(*) FROM {view.name}") or (0,))[0])
                copied = copy_rows(postgres, room, view, database.dsn.rpartition("/")[2])
                rates.setdefault(f"copy {view.name}", []).append(rows / copied)
                if number == 0:
                    assert folded_in_memory(room, view) == rows
            authority = AuthorityFollower(house.access.app)
            rates.setdefault("authority", []).append(size / timed(partial(_whole, authority)))
            assert authority.position == size
        stock.close()
    for name, view in VIEWS:
        bench.add(f"replay into {view.name}", "events/s", rates[view.name], FLOOR)
        bench.add("  events a CPU second of this process", "events/cpu s", rates[f"cpu {view.name}"])
        bench.add(f"  / raw paged read of {name}'s log", "x", ratios(rates[view.name], rates[f"raw {name}"]))
        bench.add("  / stock select_notifications, no fold", "x", ratios(rates[view.name], rates["stock"]))
        beside = ratios(rates[view.name], rates[f"copy {view.name}"])
        bench.add("  / COPY of its final rows, rows/s", "x", beside, FLOOR_COPY, goal=GOAL_COPY)
    bench.add("replay into the index of rights in memory", "events/s", rates["authority"], FLOOR)
    read = ratios(rates["authority"], rates["raw access"])
    bench.add("  / raw paged read of access's log", "x", read, FLOOR_READ, goal=GOAL_READ)
    bench.add(
        "  / stock select_notifications, no fold", "x", ratios(rates["authority"], rates["stock"]), goal=GOAL_STOCK
    )
    bench.add("stock select_notifications", "events/s", rates["stock"])
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def _whole(authority: AuthorityFollower) -> None:
    while authority.step():
        pass


def main() -> int:
    bench = begin("replay", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
