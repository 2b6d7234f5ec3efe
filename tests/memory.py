"""Where servers of tests and of the simulation keep their data."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 8 << 30
"""Bytes: much more than the 0.3 GB that were seen in use during a whole run."""


def use_memory() -> None:
    """Let temporary folders be in memory, where there is room; `TMPDIR` says otherwise.

    Servers ask for each commit and each new database to be on disk, as they should, and a disk makes that half of what
    a test takes. No test switches a machine off: who kills a process finds the same in memory as on a disk.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)
