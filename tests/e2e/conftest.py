"""The whole platform on embedded parts, started once for each module below."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.month import load_generated
from cli.platform import Platform, platform


@contextmanager
def living_platform() -> Iterator[Platform]:
    """A platform with a month of providers, and nobody else."""
    base = Path(tempfile.mkdtemp(prefix="mandate-e2e-"))
    base.chmod(0o755)  # PostgreSQL drops to another user where we are root
    try:
        with platform(base / "state") as started:
            load_generated(started, others=2_000)
            yield started
            assert started.failed() is None
    finally:
        shutil.rmtree(base, ignore_errors=True)


# not for the session: its threads would ask the clock that later tests of this process put in place
@pytest.fixture(scope="module")
def embedded_platform() -> Iterator[Platform]:
    with living_platform() as started:
        yield started
