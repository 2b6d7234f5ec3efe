"""`make sim SEED=n SEEDS=m`: plays seeds n to n+m-1, some on each core, and says of each how it went."""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from chassis import logs
from chassis.embedded.postgres import start
from tests.memory import use_memory
from tests.sim.run import play
from tests.sim.scenery import few, whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--few", action="store_true", help="the small story of two services")
    parser.add_argument(
        "--resume", type=Path, help="a file that keeps the green seeds of this code: they are not played again"
    )
    parser.add_argument("--core", type=int, help="play here, on this core, instead of on all of them")
    parser.add_argument("--each", type=int, default=1, help="play one of so many seeds")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.seeds, arguments.each)
    cores = sorted(os.sched_getaffinity(0))[: len(seeds)]
    if arguments.core is None and len(cores) > 1:
        resumed = ["--resume", str(arguments.resume)] if arguments.resume else []
        return _on_each(cores, seeds, [*(["--few"] if arguments.few else []), *resumed])
    # one thread goes on at a time, and hands over some 2,000 times a second: on one core that costs a third less
    os.sched_setaffinity(0, {cores[0] if arguments.core is None else arguments.core})
    return _play(seeds, only_few=arguments.few, green=arguments.resume)


def _on_each(cores: list[int], seeds: range, more: list[str]) -> int:
    asked = [sys.executable, "-m", "tests.sim", f"--each={len(cores)}", *more]
    playing = [
        subprocess.Popen([*asked, f"--core={core}", f"--seed={seeds.start + ahead}", f"--seeds={len(seeds) - ahead}"])
        for ahead, core in enumerate(cores)
    ]
    return max([process.wait() for process in playing])


def _play(seeds: range, *, only_few: bool, green: Path | None) -> int:
    logs.configure(level=logging.WARNING)
    use_memory()
    base = Path(tempfile.mkdtemp(prefix="mandate-sim-"))
    base.chmod(0o755)
    postgres = start(base / "postgres")
    red, before = 0, set(green.read_text().split()) if green and green.exists() else set()
    try:
        scenery = few(postgres) if only_few else whole(postgres, base / "keys")
        for seed in seeds:
            if str(seed) in before:
                continue
            began = time.monotonic()
            try:
                run = play(postgres, scenery, seed)
            except Exception:  # noqa: BLE001 - any failure is a red seed
                red += 1
                traceback.print_exc()
                print(f"seed {seed} RED: make sim SEED={seed}", flush=True)
                continue
            took = time.monotonic() - began
            how = f"{run.turns} turns, {run.crashes} crashes, {run.commands} commands, logs {run.logs[:12]}"
            print(f"seed {seed} green: {how}, {took:.1f} s", flush=True)
            if green:
                with green.open("a") as kept:
                    kept.write(f"{seed}\n")
    finally:
        postgres.stop()
        shutil.rmtree(base, ignore_errors=True)
    print(f"{len(seeds) - red} green, {red} red", flush=True)
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
