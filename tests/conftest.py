"""Parts that tests stand on: one PostgreSQL for the session, one database for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.embedded.postgres import EmbeddedPostgres, start
from tests.memory import use_memory


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
    use_memory()
    if not hasattr(config, "workerinput"):  # reports of all workers come to the one that has none
        config.pluginmanager.register(_Naming(config))
