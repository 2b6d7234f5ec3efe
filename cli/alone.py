"""One `mandate run` at a time below a folder and on a port; free ports; and forgetting all that is below a folder."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.embedded.postgres import EmbeddedPostgres
from chassis.ports import free_port
from cli.installation import port_of

MOVED = "moved-to-kafka"
"""The file that says that what `run` kept has gone, or is going, over to `up`."""
PARTS = ("up", "postgres", "keys", "mail", "demo-password", "demo-people", "demo-people.begun", MOVED)
"""What `run` and `up` keep below a state folder."""


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold a folder for this process. Ends the program with a line where another process holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "run.lock").open("w") as lock:  # let go of by the system when its holder dies
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"a `make run` is going on in {state}: stop it first (Ctrl-C in its window)") from None
        _stop_left(state / "postgres")
        yield


def see_not_moved(state: Path) -> None:
    """End the program with a line where `mandate bus move` has begun: a new installation would hide what there is."""
    if not (state / MOVED).exists():
        return
    if (state / "postgres").exists():
        raise SystemExit("a move to Kafka was cut off: `mandate bus move embedded kafka` finishes it")
    raise SystemExit(f"this installation has moved to Kafka: start it with `mandate up --state {state}`")


def see_port_free(host: str, port: int) -> None:
    """End the program with a line if something listens there: the web server would share the port with it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that are closing are no hindrance
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SystemExit(f"port {port}: {error.strerror}. Name another: PORT={free_port()}") from None


def forget(state: Path) -> list[str]:
    """Remove all data of the installations below a folder; not while one of them runs. Return what was there."""
    with alone(state):
        there = [part for part in PARTS if os.path.lexists(state / part)]
        for path in (state / "up" / "postgres", *(state / part for part in PARTS)):
            if path.is_symlink():  # its place was closed to PostgreSQL's user
                shutil.rmtree(path.resolve(), ignore_errors=True)
            if path.is_symlink() or path.is_file():
                path.unlink()
            elif path.exists():
                shutil.rmtree(path)
        return there


def _stop_left(base: Path) -> None:
    """Stop the PostgreSQL of a run that was killed: its data would be taken by it for ever."""
    port = port_of(base)
    if port is not None:
        EmbeddedPostgres(base=base.resolve(), port=port, password="").stop()
