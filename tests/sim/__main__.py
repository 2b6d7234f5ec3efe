"""`make sim SEED=n SEEDS=m`: plays seeds n to n+m-1 and says of each how it went."""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from chassis import logs
from chassis.embedded.postgres import start
from tests.sim.run import play
from tests.sim.scenery import few, whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--few", action="store_true", help="the small story of two services")
    arguments = parser.parse_args()
    logs.configure(level=logging.WARNING)
    base = Path(tempfile.mkdtemp(prefix="mandate-sim-"))
    base.chmod(0o755)
    postgres = start(base / "postgres")
    red = 0
    try:
        scenery = few(postgres) if arguments.few else whole(postgres, base / "keys")
        for seed in range(arguments.seed, arguments.seed + arguments.seeds):
            began = time.monotonic()
            try:
                run = play(postgres, scenery, seed)
            except Exception:  # noqa: BLE001 - any failure is a red seed
                red += 1
                traceback.print_exc()
                print(f"seed {seed} RED: make sim SEED={seed}")
                continue
            took = time.monotonic() - began
            how = f"{run.turns} turns, {run.crashes} crashes, {run.commands} commands, logs {run.logs[:12]}"
            print(f"seed {seed} green: {how}, {took:.1f} s", flush=True)
    finally:
        postgres.stop()
        shutil.rmtree(base, ignore_errors=True)
    print(f"{arguments.seeds - red} green, {red} red")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
