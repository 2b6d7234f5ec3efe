"""`make bench-quick`: the quick size of every benchmark, one after the other; exit 1 where a floor is missed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = ("append", "loading", "latency", "relay", "replay", "start", "pages", "sim", "import_month", "authority")
LONGEST_S = 240


def run(name: str, out: Path, *, longest_s: float = LONGEST_S, quick: bool = True) -> dict[str, Any]:
    """One script's figures; a script that fails is told with the end of what it said."""
    command = [sys.executable, "-m", f"tests.bench.{name}", *(["--quick"] * quick), "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=longest_s, check=False)
    if not out.exists():
        raise SystemExit(f"tests.bench.{name} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")
    for line in done.stdout.splitlines():
        if line.startswith("SKIPPED"):
            print(line)
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def main() -> int:
    began = time.perf_counter()
    missed = []
    with tempfile.TemporaryDirectory() as temporary:
        for name in NAMES:
            told = run(name, Path(temporary) / f"{name}.json")
            for figure in told["figures"]:
                if figure["floor"] is None:
                    continue
                bound = f"{'<=' if figure['at_most'] else '>='} {figure['floor']:g}"
                verdict = "holds" if figure["holds"] else "MISSED"
                print(
                    f"{verdict:7} {figure['name']:56} {figure['median']:>10.2f} {figure['unit']:12} {bound}", flush=True
                )
                if not figure["holds"]:
                    missed.append((figure["name"], told["foreign_cpu"]))
    print(f"floors: {len(missed)} missed, {time.perf_counter() - began:.0f} s")
    for name, others in missed:
        print(f"  {name} (others used {others:.0%} of this machine meanwhile)")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
