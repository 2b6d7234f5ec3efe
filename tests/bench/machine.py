"""What a benchmark needs of the machine: servers of its own, CPU and memory of processes."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from chassis.embedded import postgres
from chassis.embedded.postgres import EmbeddedPostgres

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that PostgreSQL's user may enter; removed at the end."""
    base = Path(tempfile.mkdtemp(prefix="mandate-bench-"))
    base.chmod(0o755)
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def server(environment: Mapping[str, str] | None = None) -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of its own, durable as always."""
    with folder() as base:
        started = postgres.start(base / "postgres", environment=environment)
        try:
            yield started
        finally:
            started.stop()


def postmaster(base: Path) -> int:
    """The process id of the server whose folder this is."""
    return int((base / "data" / "postmaster.pid").read_text().splitlines()[0])


def _stat(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def children(*roots: int) -> list[int]:
    """These processes that live, with all below them."""
    parents = {int(one.name): _stat(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdecimal()}
    found = [root for root in roots if parents.get(root)]
    for pid in found:
        found += [child for child, stat in parents.items() if stat and int(stat[1]) == pid and child not in found]
    return found


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds of these processes so far, with those of their children that have ended."""
    return sum(sum(map(int, stat[11:15])) for stat in map(_stat, pids) if stat) / TICK


def pss_mb(pid: int) -> float:
    """Memory of a process, shared pages counted by share."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def peak_rss_mb(pid: int) -> float:
    """The most memory that a process has had since its program began."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Foreign:
    """The share of this machine's CPU that others have used since it was made."""

    def __init__(self) -> None:
        self._before = self._now()
        self._own: dict[int, float] = {}
        self._started = cpu_s([os.getpid()])
        self._servers = 0.0

    def count(self, cpu: float) -> None:
        """Count CPU of a server of ours that is no child of this process."""
        self._servers += cpu

    def share(self) -> float:
        busy, whole = (now - before for now, before in zip(self._now(), self._before, strict=True))
        own = cpu_s(children(os.getpid())) - self._started + self._servers
        return max(0.0, (busy - own) / whole) if whole else 0.0

    @staticmethod
    def _now() -> tuple[float, float]:
        fields = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return (sum(fields) - fields[3] - fields[4]) / TICK, sum(fields) / TICK
