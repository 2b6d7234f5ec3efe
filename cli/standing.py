"""`mandate ps` and `mandate logs`: how the parts that `up` started are, and what they have said."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from cli.dev.parts import Running, processes
from cli.dev.services import tiles
from cli.installation import find
from cli.showing import console, say_json
from cli.up import parts_of

TAIL = 4000
"""Characters of each log."""
NOTHING = "nothing is up: make up"


def ps(state: Path, *, as_json: bool = False) -> None:
    """Print every part with its state, address, version, and how far its service's followers are behind."""
    parts = processes(state)
    if not parts:
        raise SystemExit(NOTHING)
    behind = _behind(state, parts)
    if as_json:
        say_json([asdict(part) | {"behind": behind.get(part.name)} for part in parts])
        return
    table = Table()
    for column in ("service", "state", "where", "version", "lag", "log"):
        table.add_column(column)
    for part in parts:
        lag = str(behind.get(part.name, "-"))
        table.add_row(part.name, part.state, part.url, part.version or "-", lag, _log_of(part))
    console().print(table)


def logs(state: Path, service: str) -> None:
    """Print the end of the logs of a service, or of all; a name that nothing has ends with those that there are."""
    parts = parts_of((state / "up").resolve())
    if not parts:
        raise SystemExit(NOTHING)
    found = [part for part in parts if part.name.startswith(service) and part.log.endswith(".log")]
    if not found:
        names = sorted({part.name.partition(".")[0] for part in parts if part.log.endswith(".log")})
        raise SystemExit(f"there is no log of {service}: name one of {', '.join(names)}")
    for part in found:
        sys.stdout.write(f"--- {part.name}\n{Path(part.log).read_text(errors='replace')[-TAIL:]}\n")


def _behind(state: Path, parts: Sequence[Running]) -> Mapping[str, int]:
    """Worker -> events of its log that the slowest follower has not seen; nobody where the database is silent."""
    with suppress(SystemExit):
        return {
            f"{tile.name}.worker": max((one.events for one in tile.followers), default=0)
            for tile in tiles(find(state, only="up"), parts)
        }
    return {}


def _log_of(part: Running) -> str:
    return f"make logs S={part.name}" if part.log.endswith(".log") else part.log
