"""Two runs do not share a folder or a port, and what is forgotten is gone."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import postgres
from cli import people
from cli.alone import alone, forget, free_ports, see_port_free


@pytest.fixture
def state() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mandate-test-"))
    folder.chmod(0o755)  # PostgreSQL drops to another user where we are root
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_a_second_run_in_a_folder_and_forgetting_it_meanwhile_are_refused(state: Path) -> None:
    (state / "mail").mkdir()
    with alone(state):
        with pytest.raises(SystemExit, match="going on"), alone(state):
            pass
        with pytest.raises(SystemExit, match="going on"):
            forget(state)
    assert (state / "mail").exists()


def test_a_taken_port_is_named_before_anything_starts() -> None:
    """Granian listens with SO_REUSEPORT: two portals would take turns in answering."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port}: .*PORT="):
            see_port_free("127.0.0.1", port)
    see_port_free("127.0.0.1", port)


def test_ports_of_one_start_are_all_different() -> None:
    """Asked for one by one, of 900 some come twice: the system gives a port anew that was let go of."""
    ports = free_ports(900)
    assert len(set(ports)) == len(ports) == 900


def test_the_port_of_the_portal_is_no_free_one(monkeypatch: pytest.MonkeyPatch) -> None:
    given = iter(range(4001, 4010))

    class Probe(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            return "127.0.0.1", next(given)

    monkeypatch.setattr(socket, "socket", Probe)
    assert free_ports(3, but=4002) == [4001, 4003, 4004]
    assert free_ports(2) == [4005, 4006]


def test_the_postgresql_of_a_killed_run_is_no_hindrance(state: Path) -> None:
    left = postgres.start(state / "postgres")
    with alone(state):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(left.dsn(), connect_timeout=5)
        postgres.start(state / "postgres").stop()


def test_forgetting_removes_data_kept_elsewhere(state: Path) -> None:
    elsewhere = state / "elsewhere"
    (elsewhere / "data").mkdir(parents=True)
    (state / "postgres").symlink_to(elsewhere)
    (state / "keys").mkdir()
    for mark in (people.DONE, people.BEGUN):
        (state / mark).touch()  # else nobody would register at the next start
    forget(state)
    assert [path.name for path in state.iterdir()] == ["run.lock"]
