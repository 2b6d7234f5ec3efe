"""The platform as `make up` runs it: one process a role, on Kafka and PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.ports import free_port
from cli.up import down, up


@pytest.fixture(scope="module")
def up_state() -> Iterator[Path]:
    state = Path(tempfile.mkdtemp(prefix="mandate-up-"))
    state.chmod(0o755)
    try:
        up(state, port=free_port())
        yield state
    finally:
        down(state)
        shutil.rmtree(state, ignore_errors=True)
