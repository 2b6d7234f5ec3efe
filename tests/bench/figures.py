"""A figure, its floor, and how a script of `tests/bench` prints, writes and judges it."""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.machine import Foreign


@dataclass(frozen=True)
class Figure:
    """One number by rounds. A floor is judged by the median; `at_most` says that less is better."""

    name: str
    unit: str
    values: Sequence[float]
    floor: float | None = None
    at_most: bool = False
    note: str = ""
    goal: float | None = None
    """What is promised; the floor is what must hold."""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def holds(self) -> bool:
        if self.floor is None:
            return True
        return self.median <= self.floor if self.at_most else self.median >= self.floor

    @property
    def reached(self) -> bool | None:
        """Whether the median reaches the goal; None where there is none."""
        if not self.goal:
            return None
        return self.median <= self.goal if self.at_most else self.median >= self.goal

    def line(self) -> str:
        bound = "" if self.floor is None else f"{'<=' if self.at_most else '>='} {self.floor:g}"
        verdict = "" if self.floor is None else "holds" if self.holds else "BELOW THE FLOOR"
        spread = f"{number(min(self.values))} - {number(max(self.values))}"
        goal = "" if not self.goal else f"goal {self.goal:g}: {'reached' if self.reached else 'missed'}"
        told = " ".join(one for one in (verdict, goal, self.note) if one)
        return f"{self.name:62} {number(self.median):>9} {self.unit:12} {spread:>21}  {bound:>9} {told}"


@dataclass(frozen=True)
class Line:
    """A line of a plot; those of the same name look the same."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Plot:
    """What `tests/bench/plots.py` draws: a figure over another, as `file` below the folder of images."""

    file: str
    title: str
    across: str
    up: str
    lines: Sequence[Line]
    by_powers: bool = False
    """Whether what goes across grows by factors."""
    fitted: bool = True
    """Whether a straight line is laid through each, and what it rises by is told."""


@dataclass
class Bench:
    """What one script measures."""

    name: str
    quick: bool
    out: Path | None
    rounds: int = 0
    """What was asked for; 0 leaves it to the script."""
    figures: list[Figure] = field(default_factory=list)
    plots: list[Plot] = field(default_factory=list)
    foreign: Foreign = field(default_factory=Foreign)
    options: argparse.Namespace = field(default_factory=argparse.Namespace)
    """What a script has asked for besides what all scripts share."""

    def add(self, name: str, unit: str, values: Sequence[float], floor: float | None = None, **more: Any) -> None:
        self.figures.append(Figure(name, unit, list(values), floor, **more))

    def skip(self, name: str, why: str) -> None:
        print(f"SKIPPED {name}: {why}")

    def finish(self) -> int:
        """Print the table, write the JSON, and return the exit code: 1 where a floor is missed."""
        others = self.foreign.share()
        print(f"\n{self.name}{' (quick)' if self.quick else ''}: median, min - max over rounds")
        for figure in self.figures:
            print(figure.line())
        print(f"CPU of other people's processes meanwhile: {others:.0%} of this machine")
        if self.out is not None:
            told = {
                "bench": self.name,
                "quick": self.quick,
                "foreign_cpu": round(others, 3),
                "figures": [
                    asdict(one)
                    | {"median": one.median, "holds": one.holds, "reached": one.reached, "values": list(one.values)}
                    for one in self.figures
                ],
                "plots": [asdict(one) for one in self.plots],
            }
            self.out.write_text(json.dumps(told, indent=1) + "\n")
        return 0 if all(figure.holds for figure in self.figures) else 1


def begin(
    name: str,
    doc: str | None,
    arguments: Sequence[str] | None = None,
    *,
    more: Callable[[argparse.ArgumentParser], object] | None = None,
) -> Bench:
    """The options that all scripts share, and `more` of this one."""
    options = argparse.ArgumentParser(description=doc)
    options.add_argument("--quick", action="store_true", help="the size that guards the floors")
    options.add_argument("--rounds", type=int, default=0, help="rounds, instead of the script's own number")
    options.add_argument("--out", type=Path, help="file for the figures, as JSON")
    if more is not None:
        more(options)
    chosen = options.parse_args(arguments)
    return Bench(name, chosen.quick, chosen.out, chosen.rounds, options=chosen)


def number(value: float) -> str:
    """A number as a person reads it."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest value that `part` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(part * len(ordered) + 0.5) - 1))]


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Round by round: never a ratio of numbers of different rounds."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]
