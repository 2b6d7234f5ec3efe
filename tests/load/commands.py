"""L-01: mixed commands without hashing, 50 a second for ten minutes, then faster until the knee."""

from __future__ import annotations

import sys

from tests.load.arrivals import arrive, begin, knee
from tests.load.city import city
from tests.load.mixture import Mixture, lost

RATE, P95_MS, P99_MS, KNEE = 50.0, 150.0, 400.0, 150.0


def main() -> int:
    asking = begin("commands", __doc__, seconds=600.0)
    bench = asking.bench
    with city(employers=60) as place:
        mixture = Mixture(place)
        arrive(RATE / 2, min(5.0, asking.seconds), mixture.send)
        asked = arrive(RATE, asking.seconds, mixture.send)
        bench.add("commands, 50/s: p95", "ms", [asked.ms(0.95)], P95_MS, at_most=True)
        bench.add("  p99", "ms", [asked.ms(0.99)], P99_MS, at_most=True)
        bench.add(
            "  refused or unanswered", "commands", [asked.errors.total()], 0, at_most=True, note=str(dict(asked.errors))
        )
        steps = knee(RATE * 1.5, min(20.0, asking.seconds), mixture.send)
        good = [rate for rate, one in steps if not one.errors and one.ms(0.95) <= 1_000 * 0.5]
        bench.add("knee: the last rate with p95 below half a second", "commands/s", [max(good, default=0.0)], KNEE)
        bench.add("  commands answered and in no log", "commands", [lost(place, list(mixture.taken))], 0, at_most=True)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
