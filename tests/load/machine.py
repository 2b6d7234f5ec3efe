"""What a process of ours holds: memory, file descriptors; and how a figure grows with time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

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


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """How much a figure grows a second, by least squares; 0 for fewer than three of them."""
    if len(times) < 3:
        return 0.0
    middle, level = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - middle) ** 2 for time in times)
    return sum((t - middle) * (v - level) for t, v in zip(times, values, strict=True)) / spread if spread else 0.0
