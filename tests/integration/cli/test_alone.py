"""Two runs do not share a folder or a port, and what is forgotten is gone."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from chassis.embedded import postgres
from chassis.ports import FIRST, STRIDE, free_port, free_ports
from cli import people
from cli.alone import alone, forget, see_port_free


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
    """And none is of the kernel's own range: any connection may be given one of those while its server is away."""
    ports = free_ports(900)
    assert len(set(ports)) == len(ports) == 900
    begins = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(port < begins for port in ports)


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    [first, second] = free_ports(2)
    monkeypatch.setattr("chassis.ports._asked", count(first - FIRST - os.getpid() * STRIDE))
    with socket.create_server(("127.0.0.1", first)):
        assert free_port() == second


def test_where_the_kernel_takes_nearly_all_its_choice_is_as_good_as_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.ports._outgoing", lambda: 1_024)
    assert len(set(free_ports(5))) == 5


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
