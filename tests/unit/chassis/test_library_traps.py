"""Traps of the library that were seen to lose events (architecture 10): nobody may step into them again."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
HERE = Path(__file__).resolve()
SHIPPED = ("chassis", "services", "cli", "kit", "deploy", "tools", "tests", "contracts", ".ci")
FLAG = "POSTGRES_ENABLE_DB" + "_FUNCTIONS"


def texts() -> list[tuple[Path, str]]:
    files = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in SHIPPED:
        files += [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    small = [path for path in files if path.resolve() != HERE and path.stat().st_size < 2_000_000]
    return [(path, path.read_bytes().decode(errors="replace")) for path in small]


def test_nobody_sets_the_flag_whose_function_takes_no_lock() -> None:
    """Its insert takes no table lock: followers skip events (54 of 12,000)."""
    assert [str(path) for path, text in texts() if FLAG in text] == []


def test_nobody_uses_the_librarys_own_recorders() -> None:
    """Whatever the environment says then touches nothing: there is one way into the log, and it is ours."""
    loose = re.compile(r"eventsourcing\.(postgres|sqlite|popo|application\.ProcessEvent|system|projection)|RunnerError")
    shipped = [(path, text) for path, text in texts() if path.suffix == ".py" and "tests" not in path.parts]
    assert [str(path) for path, text in shipped if loose.search(text)] == []


def test_the_environment_of_the_library_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    from eventsourcing.utils import Environment

    from chassis.codec import Codec

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("something of ours reads the library's environment")

    monkeypatch.setenv(FLAG, "y")
    monkeypatch.setattr(Environment, "__init__", refuse)
    Codec([])


STARTS_PROGRAMS = """
import os, subprocess, tempfile
from concurrent.futures import ThreadPoolExecutor
{first}
import grpc

held = []
for _ in range(4):
    server = grpc.server(ThreadPoolExecutor(4))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    held += [server, grpc.insecure_channel(f"127.0.0.1:{{port}}")]
    grpc.channel_ready_future(held[-1]).result(10)
broken = 0
for _ in range({times}):
    with tempfile.TemporaryFile() as said:
        # naming a user, our own too, is what makes Python fork() instead of vfork()
        done = subprocess.run(["/bin/true"], stdout=said, stderr=said, user=os.getuid(), check=False)
        broken += bool(done.returncode or said.tell())
print(broken)
"""


def test_a_program_started_as_another_user_is_not_disturbed_by_grpc() -> None:
    """The server of `make run` and of every test is started so, and gRPC may be running by then."""
    script = STARTS_PROGRAMS.format(first="import chassis", times=200)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GRPC_")}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=clean)
    assert done.stdout.split() == ["0"], done.stderr
