"""Commit -> the right is known to another process of the same service (P10), at 1,000 commands a second.

One process commits approved roles at fixed times, together as a server does; another one follows the log as an api
does: LISTEN, a bell, and the index of rights in its memory. Both read the same monotonic clock. The time runs from
the answered commit to the moment in which the index has it. Limit and peer in the same run, at 20 a second: NOTIFY to
a reader in another session, and a reader that looks each 100 ms.
"""

from __future__ import annotations

import bisect
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis import nature
from chassis.cause import Cause
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import Follower
from chassis.messages import Catalogue
from chassis.migrate import migrate, open_database
from chassis.runtime import Listener, Wakeup, Worker, running
from chassis.waiting import GroupCommit
from cli.demo import eventually
from services.access.__main__ import SERVICE as ACCESS
from services.access.application import AccessApplication
from services.access.projections.authority import AuthorityFollower
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.history import CLERK
from tests.bench.latency import notified, polled
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.load.arrivals import arrive
from tests.load.city import approved

RATES = (100, 1_000)
CLIENTS = 8
FLOOR_P99_MS, FLOOR, GOAL, GOAL_POLL = 20, 5, 1.2, 0.05
SLOWER = 1.1
"""How much longer than planned asking may take, for its rate to be called what it was to be."""
ROOT = Path(__file__).parents[2]


class Stopwatch:
    """A follower, and when it was how far."""

    def __init__(self, inner: AuthorityFollower) -> None:
        self.name, self._inner = inner.name, inner
        self.seen: list[tuple[int, float]] = []

    def step(self) -> bool:
        worked = self._inner.step()
        if worked:
            self.seen.append((self._inner.position, time.perf_counter()))
        return worked


def follow(dsn: str) -> None:
    """The other process: it follows until its standard input ends, and then says when it was how far."""
    database, bell = open_database(dsn, "access", size=2), Wakeup()
    watched = Stopwatch(AuthorityFollower(AccessApplication(database, Catalogue())))
    driven: list[Follower] = [watched]
    with running([Listener(database, bell), Worker("access.memory", driven, bell)]):
        print("ready", flush=True)
        for _ in sys.stdin:
            seen, watched.seen = watched.seen, []
            print(json.dumps(seen), flush=True)
    database.close()


@contextmanager
def follower(dsn: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.decisions", "--follow", dsn]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready"
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(20)


def looked(process: subprocess.Popen[str]) -> list[tuple[int, float]]:
    """When the other process was how far, since it was asked last."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return [(position, at) for position, at in json.loads(process.stdout.readline())]


def one_round(app: AccessApplication, process: subprocess.Popen[str], rate: int, seconds: float) -> list[float]:
    """Milliseconds of each command, from its answer to the index of the other process."""
    answered: list[tuple[int, float]] = []

    def work(_number: int) -> None:
        made = approved(nature.new_id(), nature.new_id(), "STAFF_END_USER")
        receipt = app.execute(lambda app, cause: app.commit(made, cause=cause), Cause.of(CLERK))
        answered.append((receipt.position, time.perf_counter()))

    asked = arrive(rate, seconds, work, clients=CLIENTS)
    assert asked.seconds < SLOWER * seconds, f"only {len(answered) / asked.seconds:.0f} of {rate} a second were asked"
    seen: list[tuple[int, float]] = []
    last = max(position for position, _ in answered)

    def there() -> bool:
        seen.extend(looked(process))
        return bool(seen) and seen[-1][0] >= last

    eventually(there, f"position {last} in the index")
    positions = [position for position, _ in seen]
    took = []
    for position, at in answered:
        took.append(max(0.0, seen[bisect.bisect_left(positions, position)][1] - at) * 1e3)
    assert len(took) == round(rate * seconds), "a command failed"
    return took


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds, seconds = (1, 2.0) if bench.quick else (bench.rounds or 5, 4.0)
    dsn = postgres.dsn()
    migrate(ACCESS.application, dsn, extra=ACCESS.scripts)
    database = open_database(dsn, "access", size=CLIENTS)
    database.together = GroupCommit()
    app = AccessApplication(database, Catalogue())
    took: dict[int, list[list[float]]] = {rate: [] for rate in RATES}
    limit: list[float] = []
    poll: list[float] = []
    with follower(dsn) as process:
        one_round(app, process, RATES[0], 1.0)
        for _ in range(rounds):
            for rate in RATES:
                took[rate].append(one_round(app, process, rate, seconds))
            limit.append(percentile(notified(postgres, 60), 0.5))
            poll.append(percentile(polled(postgres, 60), 0.5))
    database.close()
    for rate, rows in took.items():
        p50 = [percentile(row, 0.5) for row in rows]
        bench.add(f"commit -> known to another process, {rate}/s: p50", "ms", p50, at_most=True)
        bench.add("  p99", "ms", [percentile(row, 0.99) for row in rows], FLOOR_P99_MS, at_most=True)
        bench.add("  p50 / NOTIFY's", "x", ratios(p50, limit), FLOOR, at_most=True, goal=GOAL)
        bench.add("  p50 / of a reader that looks each 100 ms", "x", ratios(p50, poll), at_most=True, goal=GOAL_POLL)
    bench.add("limit: NOTIFY to a reader in another session, 20/s: p50", "ms", limit, at_most=True)
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    if sys.argv[1:2] == ["--follow"]:
        follow(sys.argv[2])
        return 0
    bench = begin("decisions", __doc__)
    with server() as postgres:
        measure(bench, postgres)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
