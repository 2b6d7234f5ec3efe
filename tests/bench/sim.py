"""Seconds that a seed of the simulation takes, of the whole telling and of the small story; each must be green."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import begin
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.sim.run import play
from tests.sim.scenery import few, whole

FLOOR_S = 3


def main() -> int:
    bench = begin("sim", __doc__)
    with server() as postgres, tempfile.TemporaryDirectory() as keys:
        told = {"the whole telling": whole(postgres, Path(keys)), "the small story": few(postgres)}
        for what, scenery in told.items():
            took, cpu, turns = [], [], []
            for seed in range(3 if bench.quick else bench.rounds or 20):
                began, used = time.perf_counter(), time.process_time()
                run = play(postgres, scenery, seed)
                took.append(time.perf_counter() - began)
                cpu.append(time.process_time() - used)
                turns.append(run.turns)
            bench.add(f"simulation, a seed of {what}", "s", took, FLOOR_S, at_most=True)
            bench.add("  CPU of its Python", "s", cpu, at_most=True)
            bench.add("  turns", "", turns)
        bench.foreign.count(cpu_s(children(postmaster(postgres.base))))
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
