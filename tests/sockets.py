"""Which connections a process holds open, as the kernel tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

ESTABLISHED = "01"


def peers(pid: int) -> set[int]:
    """The remote ports of a process's open TCP connections."""
    own = set(_inodes(pid))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            remote, state, inode = words[2], words[3], words[9]
            if state == ESTABLISHED and inode in own:
                found.add(int(remote.rpartition(":")[2], 16))
    return found


def _inodes(pid: int) -> Iterator[str]:
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(handle.readlink())
        except OSError:  # closed meanwhile
            continue
        if target.startswith("socket:["):
            yield target.removeprefix("socket:[").removesuffix("]")
