"""A server of our own starts in any folder, and does not give up for a port."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import postgres
from chassis.ports import free_port


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
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = [taken.getsockname()[1], taken.getsockname()[1]]
        monkeypatch.setattr(postgres, "free_port", lambda: ports.pop() if ports else free_port())
        server = postgres.start(base / "pg")
        server.stop()
        with pytest.raises(postgres.PostgresStartError, match="could not bind"):
            postgres.start(base / "pg", port=taken.getsockname()[1])
    assert ports == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as somebody else")
def test_data_in_a_folder_closed_to_the_servers_user_live_elsewhere(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root's own home is closed on Debian, and a clone there is what a newcomer makes first."""
    monkeypatch.setattr(postgres, "ELSEWHERE", base / "elsewhere")
    closed = base / "root"
    closed.mkdir(mode=0o700)
    for statement in ("CREATE TABLE kept ()", "TABLE kept"):
        server = postgres.start(closed / "state" / "postgres")
        with psycopg.connect(server.dsn()) as connection:
            connection.execute(statement.encode())
        server.stop()
    assert (closed / "state" / "postgres" / "password").read_text() == server.password
    assert len(list((base / "elsewhere").iterdir())) == 1
