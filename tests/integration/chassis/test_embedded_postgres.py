"""A server of our own starts in any folder, and does not give up for a port."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import postgres


@pytest.fixture
def base() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mandate-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_it_starts_below_a_long_path_with_spaces_and_dots(base: Path) -> None:
    """A Unix socket's path has 107 bytes, and pg_ctl hands its options to a shell."""
    server = postgres.start(base / f"with a space and.dot {'x' * 100}" / "pg.18")
    with psycopg.connect(server.dsn()) as connection:
        settings = "fsync", "synchronous_commit", "full_page_writes"
        assert {connection.execute(f"SHOW {one}".encode()).fetchone() for one in settings} == {("on",)}
    server.stop()


def test_a_free_port_that_somebody_takes_meanwhile_is_no_failure(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = postgres.free_port
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], taken.getsockname()[1]]
        monkeypatch.setattr(postgres, "free_port", lambda: ports.pop() if ports else free())
        server = postgres.start(base / "pg")
        server.stop()
        with pytest.raises(postgres.PostgresStartError, match="could not bind"):
            postgres.start(base / "pg", port=taken.getsockname()[1])
    assert ports == []
