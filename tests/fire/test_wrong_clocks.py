"""Clocks of single processes jump, run fast or are ten minutes off while a crowd asks (F-12)."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chassis.ports import free_port
from cli.demo import eventually
from cli.up import HOST, Part
from tests.faults.again import restart
from tests.faults.test_processes import part
from tests.fire.crowd import Crowd, employers_of
from tests.fire.test_under_fire import crowded, ends, is_ready, people_of, rest, send, spawn

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(420)]

WORKER, API = "access.worker", "access.api"
FOUND = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@dataclass(frozen=True)
class Clock:
    """The clock of a process; it is looked up once a second."""

    file: Path

    def says(self, words: str) -> None:
        """As faketime understands it: +10m, -10m, +0 x1.5."""
        self.file.write_text(words + "\n")

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(FOUND[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    if not FOUND:
        pytest.skip("libfaketime is not here: make test-fire installs it where it may")
    made = Clock(tmp_path / "clock")
    made.says("+0")
    return made


@contextmanager
def api_by(clock: Clock, one: Part) -> Iterator[str]:
    """A second api with this clock, and its address."""
    ports = {"MANDATE_MANAGEMENT_PORT": str(free_port()), "MANDATE_PORT": str(free_port())}
    process: subprocess.Popen[bytes] = spawn(one, **ports, **clock.environment)
    made = Part(one.name, process.pid, one.word, health=f"http://{HOST}:{ports['MANDATE_MANAGEMENT_PORT']}/readyz")
    try:
        eventually(made.ready, "an api with a clock of its own", wait_s=60)
        yield f"{HOST}:{ports['MANDATE_PORT']}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_worker_whose_clock_leaps_loses_and_repeats_nothing(up_state: Path, clock: Clock) -> None:
    """Ten minutes on and back, half as fast again; order never comes from a clock (I1 to I4)."""
    send(part(up_state, WORKER), signal.SIGTERM)
    ends(up_state, WORKER)
    restart(up_state, WORKER, **clock.environment)
    is_ready(up_state, WORKER)
    with crowded(up_state) as asking:
        for words in ("+10m", "-10m", "+0 x1.5", "+1d", "+0"):
            clock.says(words)
            rest(5)
            asking.is_served(within_s=20)
    send(part(up_state, WORKER), signal.SIGTERM)
    ends(up_state, WORKER)
    restart(up_state, WORKER)
    is_ready(up_state, WORKER)


@pytest.mark.parametrize("off", ["+10m", "-10m"])
def test_an_api_whose_clock_is_off_lets_nobody_in_until_it_is_right(up_state: Path, clock: Clock, off: str) -> None:
    """Tokens live for 15 seconds, with five of leeway: what it cannot judge it refuses, and writes nothing."""
    signer, employers = people_of(up_state).signer("identity"), employers_of(up_state)
    with api_by(clock, part(up_state, API)) as address:
        clock.says(off)
        rest(2)
        with Crowd(f"ipv4:{address}", signer, employers, size=2) as early:
            rest(5)
        assert early.history
        assert {tried for one in early.history for tried in one.tries} == {"UNAUTHENTICATED"}
        clock.says("+0")
        rest(2)
        with Crowd(f"ipv4:{address}", signer, employers, size=2) as later:
            later.is_served(within_s=20)
