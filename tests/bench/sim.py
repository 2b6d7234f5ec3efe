"""Seconds that a seed of the simulation takes; every seed must be green."""

from __future__ import annotations

import sys
import time

from tests.bench.figures import begin
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.sim.run import play
from tests.sim.scenery import few

FLOOR_S = 3


def main() -> int:
    bench = begin("sim", __doc__)
    took, cpu, turns = [], [], []
    with server() as postgres:
        scenery = few(postgres)
        for seed in range(3 if bench.quick else bench.rounds or 20):
            began, used = time.perf_counter(), time.process_time()
            run = play(postgres, scenery, seed)
            took.append(time.perf_counter() - began)
            cpu.append(time.process_time() - used)
            turns.append(run.turns)
        bench.foreign.count(cpu_s(children(postmaster(postgres.base))))
    bench.add("simulation, a seed", "s", took, FLOOR_S, at_most=True)
    bench.add("  CPU of its Python", "s", cpu, at_most=True)
    bench.add("  turns", "", turns)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
