"""How the parts of an installation are: the services inside `run`, the processes of `up`."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from chassis.management import alive
from cli.platform import ALL, Platform
from cli.up import Part, parts_of

READY, ALIVE, DOWN = "ready", "alive", "down"
TAIL = 64 * 1024
"""Bytes at the end of a log in which the last error is looked for."""
ERRORS = {"error", "critical"}


@dataclass(frozen=True)
class Running:
    """One part, as it is now."""

    name: str
    """A service, with its role behind a dot where it is a process of its own."""
    state: str
    version: str = ""
    url: str = ""
    log: str = ""
    """The file of its log; empty where it writes to the terminal."""
    error: str = ""
    """The last one that it has told."""


Look = Callable[[], Sequence[Running]]
"""Asked at each page."""


def inside(started: Platform) -> Sequence[Running]:
    """The services of a platform in this process, and the portal that shows this."""
    found = []
    for name in (service.name for service in ALL):
        workers = [one for one in started.workers if one.name == name]
        errors = [repr(one.error) for one in workers if one.error is not None]
        state = READY if alive(workers) else DOWN
        found.append(Running(name, state, version("mandate"), started.addresses[name], error=" ".join(errors)))
    return [*found, Running("portal", READY, version("mandate"))]


def processes(state: Path) -> Sequence[Running]:
    """What `mandate up` started below the folder."""
    return [
        Running(
            part.name,
            READY if part.ready() else ALIVE if part.alive() else DOWN,
            _version(part),
            part.url,
            part.log,
            last_error(Path(part.log)),
        )
        for part in parts_of((state / "up").resolve())
    ]


def _version(part: Part) -> str:
    address, found, _ = part.health.partition("/readyz")
    if not found:
        return ""
    try:
        with urlopen(f"{address}/version", timeout=2) as answer:  # noqa: S310 - our own loopback address
            return str(json.load(answer)["version"])
    except (URLError, OSError, ValueError):
        return ""


def last_error(log: Path) -> str:
    """The last error that a service has written to its log, in a line; empty where there is none near its end."""
    if log.suffix != ".log" or not log.exists():
        return ""
    with log.open("rb") as lines:
        lines.seek(max(0, log.stat().st_size - TAIL))
        tail = lines.read().decode(errors="replace").splitlines()
    for text in reversed(tail):
        with suppress(ValueError, AttributeError):  # what is no object of JSON is no line of ours
            line = json.loads(text)
            if line.get("level") in ERRORS:
                raised = [f"{one['exc_type']}: {one['exc_value']}" for one in line.get("exception", ())[:1]]
                said = (line.get("timestamp"), line.get("event"), line.get("cause"), *raised)
                return " ".join(str(one) for one in said if one)
    return ""
