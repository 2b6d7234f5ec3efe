"""Parts that tests stand on: one PostgreSQL for the session, one database for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.embedded.postgres import EmbeddedPostgres, start

MEMORY = Path("/dev/shm")
ROOM = 8 << 30
"""Bytes: a whole run with all its servers needs a fifth of them."""


def _use_memory() -> None:
    """Let servers of tests keep their data in memory, where there is room.

    They ask for each commit and each new database to be on disk, as they should, and a disk makes that half of what a
    test takes. No test switches a machine off: who kills a process finds the same in memory as on a disk.
    """
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        found = os.statvfs(MEMORY)
        if found.f_bavail * found.f_frsize >= ROOM and not found.f_flag & os.ST_NOEXEC:
            os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL of our own on a free port, gone at the end."""
    base = Path(tempfile.mkdtemp(prefix="mandate-test-"))
    base.chmod(0o755)  # PostgreSQL drops to another user where we are root
    server = start(base / "postgres")
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(base, ignore_errors=True)


class _Naming:
    """A failure is named when it happens: a run that is stopped before its end has no summary that would."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            why = getattr(getattr(report.longrepr, "reprcrash", None), "message", "").partition("\n")[0]
            terminal = self._config.get_terminal_writer()
            terminal.line(f"\n{report.when} of {report.nodeid} failed: {why}")
            terminal.flush()


def pytest_configure(config: pytest.Config) -> None:
    _use_memory()
    if not hasattr(config, "workerinput"):  # reports of all workers come to the one that has none
        config.pluginmanager.register(_Naming(config))
