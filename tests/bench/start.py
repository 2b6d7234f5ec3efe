"""`mandate run`: start to the portal's first good answer, memory, CPU at rest; each process of `mandate up` (P21, P22).

The limit of a start is what nobody can save: initdb, a server, an interpreter with the libraries imported.
`--quick` leaves `mandate up` out.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chassis.embedded import postgres
from chassis.ports import free_port
from cli.up import down, parts_of, up
from tests.bench.figures import Bench, begin, ratios
from tests.bench.machine import children, cpu_s, folder, pss_mb
from tests.bench.running import ROOT, Running, environment, platform

FLOOR_START_S, FLOOR_PSS_MB, FLOOR_IDLE = 5, 400, 3
IMPORTS = "import grpc, psycopg, psycopg_pool, starlette, granian, jinja2, eventsourcing.application, argon2, pydantic"


def bare(base: Path) -> float:
    """Seconds of initdb, start of the server, and an interpreter with the libraries."""
    began = time.perf_counter()
    server = postgres.start(base)
    try:
        subprocess.run([sys.executable, "-c", IMPORTS], check=True, cwd=ROOT, env=environment(base.parent))
        return time.perf_counter() - began
    finally:
        server.stop()
        shutil.rmtree(base)


def memory(running: Running) -> dict[str, float]:
    return {name: sum(map(pss_mb, pids)) for name, pids in running.processes().items()}


def idle(running: Running, seconds: float) -> float:
    """Percent of one core that everything takes while nobody asks for anything."""
    pids = [pid for some in running.processes().values() for pid in some]
    before = cpu_s(pids)
    time.sleep(seconds)
    return (cpu_s(pids) - before) / seconds * 100


def run(bench: Bench, base: Path) -> None:
    rounds, seconds = (1, 5) if bench.quick else (bench.rounds or 5, 20)
    limit, fresh, second, resting = [], [], [], []
    fresh_cpu, second_cpu = [], []
    python, database, whole = [], [], []
    with platform(base / "first") as running:  # compiles what is imported, once for an installation
        compiling = running.ready_s
    bare(base / "bare")
    for number in range(rounds):
        limit.append(bare(base / "bare"))
        state = base / f"state{number}"
        with platform(state) as running:
            fresh.append(running.ready_s)
            fresh_cpu.append(running.ready_cpu_s)
        with platform(state) as running:
            second.append(running.ready_s)
            second_cpu.append(running.ready_cpu_s)
            time.sleep(3)  # what a start leaves to do is done
            resting.append(idle(running, seconds))
            used = memory(running)
            python.append(used["python"])
            database.append(used["PostgreSQL"])
            whole.append(sum(used.values()))
        shutil.rmtree(state)
    bench.add("mandate run, very first start, nothing compiled", "s", [compiling], at_most=True)
    bench.add("mandate run, fresh state, to the first good answer", "s", fresh, FLOOR_START_S, at_most=True)
    bench.add("  its CPU, with PostgreSQL's", "cpu s", fresh_cpu, at_most=True)
    bench.add("mandate run, second start", "s", second, FLOOR_START_S, at_most=True)
    bench.add("  its CPU, with PostgreSQL's", "cpu s", second_cpu, at_most=True)
    bench.add("  limit: initdb, server, interpreter with imports", "s", limit, at_most=True)
    bench.add("  fresh / limit", "x", ratios(fresh, limit), 3, at_most=True, goal=1.2)
    bench.add("mandate run, PSS of all", "MB", whole, FLOOR_PSS_MB, at_most=True, goal=128)
    bench.add("  of the Python process", "MB", python, at_most=True)
    bench.add("  of PostgreSQL and its children", "MB", database, at_most=True)
    bench.add("mandate run, CPU at rest", "% of a core", resting, FLOOR_IDLE, at_most=True, goal=1)


def run_up(bench: Bench, base: Path) -> None:
    state = base / "up"
    state.mkdir()
    try:
        began = time.perf_counter()
        up(state, port=free_port())
        bench.add("mandate up, fresh, until all are ready", "s", [time.perf_counter() - began], at_most=True)
        time.sleep(5)
        parts = {part.name: children(part.pid) for part in parts_of((state / "up").resolve())}
        # what we started are children of ours, and none of them a child of another part but PostgreSQL's own
        before = {name: cpu_s(pids) for name, pids in parts.items()}
        time.sleep(20)
        whole = 0.0
        for name, pids in parts.items():
            used = sum(map(pss_mb, pids))
            resting = (cpu_s(pids) - before[name]) / 20 * 100
            whole += used
            bench.add(f"mandate up, {name}", "MB PSS", [used], at_most=True, note=f"{resting:.1f} % of a core at rest")
        bench.add("mandate up, all", "MB PSS", [whole], at_most=True)
    finally:
        down(state)


def main() -> int:
    bench = begin("start", __doc__)
    with folder() as base:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # `up` hands its own environment on
        os.environ.update(environment(base))
        run(bench, base)
        if bench.quick:
            bench.skip("mandate up", "the quick size leaves it out")
        elif shutil.which("java") is None:
            bench.skip("mandate up", "there is no Java")
        else:
            run_up(bench, base)
    return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
