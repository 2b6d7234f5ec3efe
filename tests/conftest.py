"""Parts that tests stand on: one PostgreSQL for the session, one database for each test."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.embedded.postgres import EmbeddedPostgres, start


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
