"""Draws what benches and loads have left to be drawn: `make plots`, or with the folders of their `--out`.

Each plot becomes an SVG in docs/images, where docs/measured.md shows it. Lines of one name share a colour. Where a
plot says so, a straight line is laid through each by least squares, dotted, and its legend tells by how much it rises;
what stands at nothing has no place among factors of ten, and is left out of it.
"""

from __future__ import annotations

import argparse
import json
from math import log10
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

IMAGES = Path(__file__).parents[2] / "docs" / "images"
WIDE, HIGH = 8.0, 4.5
"""Inches."""
COLOURS = 10
MOST_INSIDE = 6
"""Names that a legend may lay over the lines themselves."""
mpl.rcParams["svg.hashsalt"] = "mandate"  # the same figures make the same file


def draw(plot: dict[str, Any], folder: Path) -> Path:
    """Draw one plot; return where it stands."""
    figure = Figure(figsize=(WIDE, HIGH), layout="constrained")
    axes = figure.add_subplot()
    colours: dict[str, str] = {}
    for line in plot["lines"]:
        name, across, up = line["name"], line["x"], line["y"]
        fit = _fit(line, by_powers=plot["by_powers"]) if plot["fitted"] else None
        told = f"{name}: {fit[2]:+.3g} for each {'factor of ten' if plot['by_powers'] else '1 across'}" if fit else name
        label = None if name in colours else told
        colour = colours.setdefault(name, f"C{len(colours) % COLOURS}")
        dash = "-" if list(colours).index(name) < COLOURS else "--"
        marker = "o" if plot["fitted"] else None
        axes.plot(across, up, color=colour, linestyle=dash, label=label, linewidth=1, marker=marker)
        if fit:
            axes.plot(fit[0], fit[1], color=colour, linestyle=":", linewidth=1)
    if plot["by_powers"]:
        axes.set_xscale("symlog", linthresh=1)
    axes.set_ylim(bottom=0)
    axes.set_title(plot["title"])
    axes.set_xlabel(plot["across"])
    axes.set_ylabel(plot["up"])
    axes.grid(alpha=0.3)
    if len(colours) > 1 or plot["fitted"]:
        if len(colours) > MOST_INSIDE:
            axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
        else:
            axes.legend(fontsize="small")
    made = folder / f"{plot['file']}.svg"
    figure.savefig(made, metadata={"Date": None})
    return made


def _fit(line: dict[str, Any], *, by_powers: bool) -> tuple[list[float], list[float], float] | None:
    """A straight line through the points: where it begins and ends, and what it rises by; None through one alone."""
    points = [(x, y) for x, y in zip(line["x"], line["y"], strict=True) if x > 0 or not by_powers]
    if len({x for x, _ in points}) < 2:
        return None
    across = [log10(x) if by_powers else x for x, _ in points]
    rises, begins = np.polyfit(across, [y for _, y in points], 1)
    ends = [points[0][0], points[-1][0]]
    return ends, [begins + rises * at for at in (across[0], across[-1])], float(rises)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folders", type=Path, nargs="+")
    options.add_argument("--into", type=Path, default=IMAGES)
    chosen = options.parse_args()
    files = sorted(path for folder in chosen.folders for path in folder.glob("*.json"))
    drawn = [draw(plot, chosen.into) for path in files for plot in json.loads(path.read_text()).get("plots", [])]
    print("\n".join(map(str, drawn)) or "nothing to draw yet: make bench or make load leaves it")


if __name__ == "__main__":
    main()
