"""`mandate logs` and `mandate down`: what the parts of `up` have said, and their end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import up
from cli.standing import TAIL
from cli.up import Part, note
from tests.integration.cli.terminal import Terminal

SLEEPS = "import time; print(flush=True); time.sleep(60)"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPS}"


@pytest.fixture
def starts() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Processes that do nothing, ready when they are returned."""
    running: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        running.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def mandate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    (tmp_path / "up").mkdir()
    monkeypatch.setattr(up, "_LEFT_RUNNING", [])
    return Terminal(tmp_path)


def test_a_process_that_was_just_started_is_alive_from_the_first_look() -> None:
    """Of 300 some are looked at before the kernel has given them their words, on a busy machine most.

    Hence not by `starts`, which returns a process once it has said something.
    """
    for _ in range(300):
        process = subprocess.Popen([sys.executable, "-S", "-c", SLEEPS], stdout=subprocess.DEVNULL)
        part = Part("portal", process.pid, "time")
        try:
            assert part.alive()
        finally:
            process.kill()
            process.wait()
        assert not part.alive()


def test_another_program_with_the_number_of_a_part_is_not_taken_for_it(
    starts: Callable[[str], subprocess.Popen[bytes]],
) -> None:
    other = starts(SLEEPS)
    assert Part("portal", other.pid, "time").alive()
    assert not Part("portal", other.pid, "services.portal").alive()


def test_down_names_what_it_stopped_the_last_first(
    mandate: Terminal, starts: Callable[[str], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whom it had to kill. What had ended before is not among them."""
    monkeypatch.setattr(up, "STOP_S", 0.5)
    processes = [starts(SLEEPS), starts(DEAF), starts("print(flush=True)")]
    processes[2].wait()
    up._LEFT_RUNNING.extend(processes)
    names = ("registry.api", "access.api", "portal")
    note(mandate.state / "up", [Part(name, one.pid, "time") for name, one in zip(names, processes, strict=True)])
    assert mandate.finds("down") == {"stopped": ["access.api", "registry.api"], "killed": ["access.api"]}
    assert [one.wait() for one in processes] == [-15, -9, 0]
    assert mandate.finds("down") == {"stopped": [], "killed": []}
    assert "nothing was up" in mandate.says("down")


def test_down_says_what_it_is_at_on_a_terminal(
    mandate: Terminal, starts: Callable[[str], subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    process = starts(SLEEPS)
    up._LEFT_RUNNING.append(process)
    note(mandate.state / "up", [Part("registry.api", process.pid, "time")])
    said = mandate.says("down")
    assert "stopping registry.api" in said
    assert "stopped 1 part; data stay" in said


def test_logs_are_a_line_of_json_for_each_line(mandate: Terminal) -> None:
    """Objects as our processes write them, what others write as text; no half line of a long log."""
    log, other = (mandate.state / "up" / name for name in ("access.log", "postgres.log"))
    first = {"event": "x" * TAIL, "level": "info"}
    last = {"event": "started", "level": "info"}
    log.write_text(f"{json.dumps(first)}\n{json.dumps(last)}\n12\n\nTraceback\n")
    other.write_text('LOG:  "ready" to accept connections\n')
    note(mandate.state / "up", [Part("access.api", 0, "x", log=str(log)), Part("postgres", 0, "x", log=str(other))])
    said = [json.loads(line) for line in mandate.says("logs", "access", "--json").splitlines()]
    assert said == [{"part": "access.api", "line": line} for line in (last, "12", "Traceback")]
    [line] = mandate.says("logs", "postgres", "--json").splitlines()
    assert json.loads(line) == {"part": "postgres", "line": 'LOG:  "ready" to accept connections'}
    assert "there is no log of nobody: name one of access, postgres" in mandate.refuses("logs", "nobody")
