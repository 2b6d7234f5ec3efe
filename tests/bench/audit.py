"""What auditors wait for: `replay --compare`, `verify`, and an event's seal; and what sealing costs who appends (P23).

Replay and verify are the real commands on an installation of two services with a million synthetic events, memory
that of their process. A view's rate is events times views by the seconds of the whole command, for one reading of a
log feeds all its views. A seal's lag is from the event's own time to its checkpoint's, at 50 commands a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from chassis import log, nature, seals
from chassis.cause import Cause
from chassis.database import PooledDatabase, Session
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import ViewFollower
from chassis.log import Entry
from chassis.migrate import open_database, sealer_of
from chassis.runtime import Wakeup, Worker, running, wait_until
from chassis.sealer import Sealer
from cli.platform import DATABASE
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from tests.bench.figures import Bench, begin, percentile
from tests.bench.history import CLERK, append_all, append_entries, connection_events, heard_states, staff_events
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.bench.running import ROOT, environment
from tests.bench.writers import STATE, TOPIC, drive
from tests.house import CATALOGUE, Room, build
from tests.notary import KEY

FLOOR_REPLAY, FLOOR_MB, FLOOR_VERIFY, FLOOR_SEAL_S, FLOOR_SLOWED = 20_000, 400, 50_000, 2, 0.95
RATE = 50
COMMAND = """
import os, sys
from cli.__main__ import app
from tests.bench.machine import peak_rss_mb
try:
    app(sys.argv[1:], standalone_mode=False)
finally:
    print(peak_rss_mb(os.getpid()), file=sys.stderr)
"""


@contextmanager
def rooms(postgres: EmbeddedPostgres) -> Iterator[dict[str, Room]]:
    """Both services on the installation's one database, without anybody who drives their followers."""
    made = build(postgres, (ACCESS, CONNECTIONS))
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(f'ALTER DATABASE "{made}" RENAME TO {DATABASE}'.encode())
    found = {}
    for service in (ACCESS, CONNECTIONS):
        database = open_database(postgres.dsn(DATABASE), service.name, size=4)
        found[service.name] = Room(service, service.application(database, CATALOGUE), database, {})
    try:
        yield found
    finally:
        for room in found.values():
            room.database.close()


def fill(room: Room, size: int) -> int:
    """A history of so many events, and every view folded to its end; how many views there are."""
    if room.service is ACCESS:
        append_all(room, staff_events(size), limit=size)
    else:
        append_all(room, connection_events(size // 2), limit=size // 2)
        states = list(heard_states(size // 2))
        for first in range(0, len(states), 5_000):
            some = states[first : first + 5_000]
            append_entries(room, some, [Cause.of(CLERK) for _ in some])
    assert room.end() == size
    views = list(dict.fromkeys((*room.app.policy_views, *room.app.views)))
    for view in views:
        follower = ViewFollower(room.app, view)
        while follower.step():
            pass
    return len(views)


def sealer(postgres: EmbeddedPostgres, name: str, **more: Any) -> tuple[PooledDatabase, Sealer]:
    database = open_database(postgres.dsn(DATABASE), name, size=1, role=sealer_of(name))
    return database, Sealer(database, name, KEY, **more)


def said(state: Path, *words: str) -> tuple[Any, float, float]:
    """What an audit command says as JSON, its seconds, and the most memory that it had, in MB."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "audit", *words, "--state", str(state), "--json"],
        cwd=ROOT,
        env=environment(state),
        capture_output=True,
        text=True,
        check=False,
    )
    took = time.perf_counter() - began
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-2000:]
    return json.loads(done.stdout), took, float(done.stderr.split()[-1])


def writer(room: Room) -> Callable[[], Any]:
    """Appends one event each time, with a connection of its own."""
    assert isinstance(room.database, PooledDatabase)
    session = Session(room.database.connect())
    return lambda: log.append(session, room.app.name, [Entry(nature.new_id(), 1, TOPIC, STATE)], Cause.of(CLERK))


def sealed_up_to(room: Room) -> int:
    with room.app.session() as session:
        last = seals.last(session)
    return last.position if last else 0


def commands(postgres: EmbeddedPostgres, room: Room, seconds: float) -> list[float]:
    """Seconds from each event to its checkpoint, while commands come at fixed times and the sealer follows."""
    database, follower = sealer(postgres, room.app.name)
    write = writer(room)
    last = room.end()
    with running([Worker("sealer", [follower], Wakeup())]):
        began = time.perf_counter()
        for number in range(int(RATE * seconds)):
            time.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            write()
        end = room.end()
        assert wait_until(lambda: sealed_up_to(room) >= end, Wakeup(), timeout_s=10)
    with room.app.session() as session:
        lags = session.run(
            "SELECT extract(epoch FROM c.created_at - l.recorded_at)::float8 FROM log AS l JOIN leaves AS e"
            " USING (position) CROSS JOIN LATERAL"
            " (SELECT created_at FROM checkpoints WHERE size > e.index ORDER BY size LIMIT 1) AS c"
            " WHERE l.position > %s",
            (last,),
        )
    database.close()
    assert len(lags) == int(RATE * seconds)
    return [lag for (lag,) in lags]


def slowed(postgres: EmbeddedPostgres, room: Room, rounds: int, seconds: float) -> list[float]:
    """One writer's rate while the sealer follows, by its rate without, by turns; the order changes each round."""
    writers = [writer(room)]
    drive(writers, 0.5)
    found = []
    for number in range(rounds):
        rates: dict[bool, int] = {}
        for sealed in (number % 2 == 0, number % 2 == 1):
            if not sealed:
                rates[sealed] = len(drive(writers, seconds))
                continue
            database, follower = sealer(postgres, room.app.name)
            while follower.step():  # what the turn without has left
                pass
            with running([Worker("sealer", [follower], Wakeup())]):
                rates[sealed] = len(drive(writers, seconds))
            database.close()
        found.append(rates[True] / rates[False])
    return found


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, size, seconds = (1, 25_000, 6) if bench.quick else (bench.rounds or 3, 500_000, 20)
    state = postgres.base.parent
    (state / "keys").mkdir()
    (state / "keys" / "sealer.pub").write_text(f"{KEY.public}\n")
    replays, memory, whole, verified, sealed = [], [], [], [], []
    with rooms(postgres) as found:
        views = {name: fill(room, size) for name, room in found.items()}
        for name in found:
            database, follower = sealer(postgres, name, every=timedelta(0))
            began = time.perf_counter()
            while follower.step():
                pass
            sealed.append(size / (time.perf_counter() - began))
            database.close()
        for _ in range(rounds):
            told, took, peak = said(state, "replay", "--compare")
            outcomes = [one["outcome"] for one in told]
            assert outcomes == ["identical"] * sum(views.values()), told
            replays.append(size * sum(views.values()) / took)
            whole.append(2 * size / took)
            memory.append(peak)
            told, took, _ = said(state, "verify")
            assert told["events"] == 2 * size, told
            verified.append(2 * size / took)
        lags = [percentile(commands(postgres, found["access"], seconds), 0.99) for _ in range(rounds)]
        ratios = slowed(postgres, found["access"], 3 if bench.quick else 9, seconds / 6)
    bench.add("replay --compare, events/s per view", "events/s", replays, FLOOR_REPLAY)
    bench.add("  events/s, all views of a service together", "events/s", whole)
    bench.add("  peak memory of the command", "MB RSS", memory, FLOOR_MB, at_most=True)
    bench.add("verify", "leaves/s", verified, FLOOR_VERIFY)
    bench.add("sealing of what waits", "leaves/s", sealed)
    bench.add("commit to checkpoint at 50 commands/s: p99", "s", lags, FLOOR_SEAL_S, at_most=True)
    bench.add("append while sealed / append, 1 writer", "x", ratios, FLOOR_SLOWED)
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("audit", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
