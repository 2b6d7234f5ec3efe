"""`make sim SEED=n SEEDS=m`: plays seeds n to n+m-1 and says of each how it went."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from chassis.embedded.postgres import start
from tests.house import build
from tests.sim.run import play
from tests.sim.stage import SERVICES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    arguments = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="mandate-sim-"))
    base.chmod(0o755)
    postgres = start(base / "postgres")
    red = 0
    try:
        template = build(postgres, SERVICES)
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            began = time.monotonic()
            try:
                run = play(postgres, template, seed)
            except Exception:  # noqa: BLE001 - any failure is a red seed
                red += 1
                traceback.print_exc()
                print(f"seed {seed} RED: make sim SEED={seed}")
                continue
            took = time.monotonic() - began
            print(f"seed {seed} green: {run.turns} turns, {run.crashes} crashes, {run.commands} commands, {took:.1f} s")
    finally:
        postgres.stop()
        shutil.rmtree(base, ignore_errors=True)
    print(f"{arguments.seeds - red} green, {red} red")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
