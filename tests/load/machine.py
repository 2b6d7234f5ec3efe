"""What a process of ours holds: memory, file descriptors; and how a figure grows with time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

PAGE = os.sysconf("SC_PAGE_SIZE")


def rss_mb(pid: int) -> float:
    """Memory of a process just now; 0 where it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 2**20
    except OSError:
        return 0.0


def descriptors(pid: int) -> int:
    """Open files and sockets of a process; 0 where it has ended."""
    try:
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return 0


def slope(runs: Iterable[tuple[Sequence[float], Sequence[float]]]) -> float:
    """How much a figure grows a second, by least squares: times and values of runs, each from a level of its own.

    0 where no run has two moments.
    """
    grown = spread = 0.0
    for times, values in runs:
        middle, level = fmean(times), fmean(values)
        grown += sum((t - middle) * (v - level) for t, v in zip(times, values, strict=True))
        spread += sum((t - middle) ** 2 for t in times)
    return grown / spread if spread else 0.0
