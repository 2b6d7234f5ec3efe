"""What a receipt is worth (P12): a reader who waits for it never sees an older state, and what waiting costs him.

As `mandate up` has it: one process appends and answers, its followers fold in threads of their own. Each of some
clients commits, waits for the receipt as a query does, and reads the row that its event wrote: an older version there
is a stale read. The limit is the fold itself, timed where it commits: what nobody who waits can undercut.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mandate.common.v1 import receipt_pb2

from chassis import log, nature
from chassis.application import Application
from chassis.cause import Cause
from chassis.domain import Aggregate, AggregateCreated, event
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import Abreast, ViewFollower
from chassis.migrate import migrate, open_database
from chassis.runtime import Wakeup, Worker, running
from chassis.views import Rows, View
from chassis.waiting import GroupCommit, Waiter
from tests.bench.figures import Bench, begin, percentile
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import CATALOGUE

CLIENTS = 8
PACE_S = CLIENTS / 1_000
"""Between two pairs of one client: a thousand pairs a second of all."""

SEEN = View(name="seen_v1", table="stream uuid PRIMARY KEY, version bigint NOT NULL")


class Counter(Aggregate):
    """Something that is counted up."""

    TOPIC = "bench.Counter"

    class Begun(AggregateCreated):
        """It counts from now on."""

        TOPIC = "bench.Counter.Begun"

    class Raised(Aggregate.Event):
        """One more."""

        TOPIC = "bench.Counter.Raised"

    @event(Begun)
    def __init__(self, id: UUID) -> None:
        """Of `Begun`."""

    def raise_(self) -> None:
        """Count one up."""
        self._raised()

    @event(Raised)
    def _raised(self) -> None:
        pass


@SEEN.fold
def fold(event: Any, rows: Rows) -> None:
    """The version that was folded last."""
    rows.put(event.originator_id, version=event.originator_version)


class Counting(Application):
    """A service with counters and one view of them."""

    name = "bench"
    aggregates = (Counter,)
    views = (SEEN,)


@dataclass
class Client:
    """One that writes and reads what it wrote."""

    app: Counting
    waiter: Waiter
    waits: list[float] = field(default_factory=list)
    stale: int = 0
    pairs: int = 0

    def run(self, pairs: int) -> None:
        counter, actor = Counter(id=nature.new_id()), nature.new_id()
        due = time.perf_counter()
        for _ in range(pairs):
            counter.raise_()
            receipt = self.app.commit(counter, cause=Cause.of(actor))
            message = receipt_pb2.Receipt(origin="bench", edition=receipt.edition, position=receipt.position)
            began = time.perf_counter()
            self.waiter.wait([message], [SEEN])
            self.waits.append(time.perf_counter() - began)
            with self.app.session() as session:
                row = session.one("SELECT version FROM seen_v1 WHERE stream = %s", (counter.id,))
            self.stale += row is None or row[0] < counter.version
            self.pairs += 1
            due += PACE_S
            time.sleep(max(0.0, due - time.perf_counter()))


def measure(bench: Bench, postgres: EmbeddedPostgres) -> None:
    rounds = 2 if bench.quick else (bench.rounds or 5)
    pairs = bench.options.pairs or (4_000 if bench.quick else 50_000)
    migrate(Counting, postgres.dsn())
    database = open_database(postgres.dsn(), "bench", size=CLIENTS + 4)
    database.together = GroupCommit()
    app, bell = Counting(database, CATALOGUE), Wakeup()
    app.on_append = bell.ring
    folding = Folding(app)
    stale = done = 0
    p50: list[float] = []
    p99: list[float] = []
    rates: list[float] = []
    limit: list[float] = []
    with running([Worker("bench.views", [folding], bell)]):
        for _ in range(rounds):
            folding.took.clear()
            clients = [Client(app, Waiter(app, bell)) for _ in range(CLIENTS)]
            began = time.perf_counter()
            threads = [threading.Thread(target=one.run, args=(pairs // CLIENTS // rounds,)) for one in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            waits = [wait for one in clients for wait in one.waits]
            stale += sum(one.stale for one in clients)
            done += sum(one.pairs for one in clients)
            rates.append(len(waits) / (time.perf_counter() - began))
            p50.append(percentile(waits, 0.5) * 1e3)
            p99.append(percentile(waits, 0.99) * 1e3)
            limit.append(percentile(folding.took, 0.5) * 1e3)
    assert done == pairs // CLIENTS // rounds * CLIENTS * rounds, "a client ended early"
    with database.session() as session:
        assert log.end(session) >= done
    bench.add(f"stale reads in {done:,} pairs of write and read", "reads", [stale], 0, at_most=True, goal=0)
    bench.add("pairs", "pairs/s", rates)
    bench.add("wait for a receipt: p50", "ms", p50, at_most=True)
    bench.add("wait for a receipt: p99", "ms", p99, at_most=True)
    bench.add("one fold, from its page to its commit: p50", "ms", limit, at_most=True)
    database.close()
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


class Folding:
    """The view's follower, with the time that each fold took."""

    name = "bench.folding"

    def __init__(self, app: Counting) -> None:
        self.took: list[float] = []
        self._inner = Abreast(app, "views", [ViewFollower(app, SEEN)])

    def step(self) -> bool:
        began = time.perf_counter()
        worked = self._inner.step()
        if worked:
            self.took.append(time.perf_counter() - began)
        return worked


def main() -> int:
    bench = begin("tokens", __doc__, more=lambda options: options.add_argument("--pairs", type=int, default=0))
    with ExitStack() as stack:
        measure(bench, stack.enter_context(server()))
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
