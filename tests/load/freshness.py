"""L-04: from a commit to the service's own view, and through Kafka to another service's, at 50 commands a second.

By the events' own times: a watcher looks at the views' positions every few milliseconds.
"""

from __future__ import annotations

import bisect
import sys
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime

from chassis import log
from chassis.hearing import HEARD, headers_of
from tests.bench.figures import percentile
from tests.load.arrivals import arrive, begin
from tests.load.city import City, city
from tests.load.mixture import Mixture

RATE, OWN_MS, FOREIGN_MS = 50.0, 300.0, 1_500.0
LOOK_S = 0.004
LATE_S = 5.0
"""What was not folded by then is missing: the figures are judged in a third of it."""


class Watcher(threading.Thread):
    """When a view of a service had come how far."""

    def __init__(self, place: City, service: str, view: str) -> None:
        super().__init__(daemon=True)
        self._city, self._service, self._view = place, service, view
        self.positions: list[int] = []
        self.times: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        with self._city.looking(self._service) as session:
            while not self.over.wait(LOOK_S):
                [(position,)] = session.run("SELECT position FROM positions WHERE follower = %s", (self._view,))
                if not self.positions or position > self.positions[-1]:
                    self.positions.append(position)
                    self.times.append(time.time())

    def folded_at(self, position: int) -> float | None:
        """When it had folded this; None where it has not yet."""
        found = bisect.bisect_left(self.positions, position)
        return self.times[found] if 0 < found < len(self.positions) else None


def main() -> int:
    asking = begin("freshness", __doc__, seconds=120.0)
    bench = asking.bench
    with city(employers=60) as place, ExitStack() as watching:
        own, foreign = Watcher(place, "access", "staff_list_v1"), Watcher(place, "connections", "managers_v1")
        for watcher in (own, foreign):
            watcher.start()
            watching.callback(watcher.over.set)
        mixture = Mixture(place)
        arrive(RATE / 2, min(5.0, asking.seconds), mixture.send)
        began = datetime.now(UTC)
        asked = arrive(RATE, asking.seconds, mixture.send)
        time.sleep(LATE_S)
        folded, heard, missing = [], [], 0
        with place.looking("access") as session:
            for row in log.read(session, after=0, limit=10_000_000):
                if row.recorded_at >= began and not row.topic.startswith(HEARD):
                    at = own.folded_at(row.position)
                    missing += at is None
                    folded += [at - row.recorded_at.timestamp()] if at else []
        with place.looking("connections") as session:
            for row in log.read(session, after=0, limit=10_000_000):
                if row.topic == f"{HEARD}AssociationState" and row.recorded_at >= began:
                    said, at = datetime.fromisoformat(headers_of(row)["ce_time"]), foreign.folded_at(row.position)
                    missing += at is None
                    heard += [at - said.timestamp()] if at and said >= began else []
        for name, values, most in (
            ("its own view", folded, OWN_MS),
            ("another's view, through Kafka", heard, FOREIGN_MS),
        ):
            late = [1_000 * percentile(values, 0.99)] if values else [float("inf")]
            bench.add(f"commit to {name}: p99", "ms", late, most, at_most=True, note=f"{len(values)} events")
        bench.add("  events that no view has folded", "events", [missing], 0, at_most=True)
        bench.add("  commands refused or unanswered", "commands", [asked.errors.total()], 0, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
