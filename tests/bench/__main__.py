"""`make bench`: every script in its full size, one after the other, and one table of all that has a floor or a goal.

`--only NAME` (repeatable) runs some of them, `--out FOLDER` keeps what each has written. Exit 1 below a floor.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.figures import number
from tests.bench.floors import run

NAMES = (
    "append",
    "append_apart",
    "loading",
    "curves",
    "commands",
    "decisions",
    "latency",
    "tokens",
    "fanout",
    "relay",
    "mails",
    "replay",
    "start",
    "pages",
    "lists",
    "sim",
    "import_month",
    "audit",
    "report",
    "authority",
    "bootstrap",
)
LONGEST_S = 1_800
HEAD = f"{'figure':72} {'median':>10} {'unit':10} {'min - max':>21} {'floor':>10} {'goal':>16}"


def line(figure: dict[str, Any]) -> str:
    sign = "<=" if figure["at_most"] else ">="
    floor = "" if figure["floor"] is None else f"{sign} {figure['floor']:g}{'' if figure['holds'] else ' !'}"
    reached = "reached" if figure["reached"] else "missed"
    goal = f"{figure['goal']:g} {reached}" if figure["goal"] else ""
    spread = f"{number(min(figure['values']))} - {number(max(figure['values']))}"
    name, median, unit = figure["name"].strip(), number(figure["median"]), figure["unit"]
    return f"{name:72} {median:>10} {unit:10} {spread:>21} {floor:>10} {goal:>16}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", action="append", choices=NAMES)
    options.add_argument("--out", type=Path)
    chosen = options.parse_args()
    lines, below = [], 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        for name in chosen.only or NAMES:
            print(f"{name} …", flush=True)
            told = run(name, folder / f"{name}.json", longest_s=LONGEST_S, quick=False)
            lines.append(f"{name}, beside {told['foreign_cpu']:.0%} of foreign CPU")
            for figure in told["figures"]:
                below += not figure["holds"]
                if figure["floor"] is not None or figure["goal"]:
                    lines.append("  " + line(figure))
    print("\n" + "  " + HEAD, *lines, f"{below} below the floor (!)", sep="\n")
    return 1 if below else 0


if __name__ == "__main__":
    sys.exit(main())
