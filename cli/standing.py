"""`mandate up`, `ps`, `logs`, `down` and `reset`: what they say, to people and to programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from chassis.runtime import seconds
from cli import up as starting
from cli.alone import forget
from cli.dev.parts import Running, processes
from cli.dev.services import tiles
from cli.installation import find
from cli.platform import SEEDED, password_of, sign_in
from cli.showing import console, say_json
from cli.up import HOST, parts_of

TAIL = 4000
"""Characters of each log."""
NOTHING = "nothing is up: make up"


def up(state: Path, *, port: int = 8000, as_json: bool = False) -> None:
    """Start everything, wait until every part is ready, and print where it is."""
    progress = Console(quiet=as_json)
    began = seconds()
    started = starting.up(state, port=port, console=progress)
    took, password, portal = seconds() - began, password_of(state / "up"), f"http://{HOST}:{port}"
    inbox = next(one.url for one in started if one.name == "inbox")
    if as_json:
        ready = {
            "state": "ready",
            "took_s": round(took, 1),
            "portal": portal,
            "development": inbox.removesuffix("/inbox"),
            "inbox": inbox,
            "parts": _rows(state, processes(state)),
            "sign_ins": [sign_in(one) for one in SEEDED],
            "password": password,
        }
        say_json(ready)
        return
    progress.print(f"ready in {took:.1f} s (DEVELOPMENT ONLY: insecure defaults)")
    ps(state)
    progress.print(f"sign in as  {', '.join(f'{one.user_id} ({one.role})' for one in SEEDED)}")
    progress.print(f"password    {password}   (codes arrive in the inbox)")
    progress.print(f"look        {inbox.removesuffix('/inbox')}")
    progress.print(f"next        open {portal}, or make logs S=access; make down stops it", soft_wrap=True)


def ps(state: Path, *, as_json: bool = False) -> None:
    """Print every part with its state, address, version, and how far its service's followers are behind."""
    parts = processes(state)
    if not parts:
        raise SystemExit(NOTHING)
    if as_json:
        say_json(_rows(state, parts))
        return
    behind = _behind(state, parts)
    table = Table()
    for column in ("service", "state", "where", "version", "lag", "log"):
        table.add_column(column)
    for part in parts:
        lag = str(behind.get(part.name, "-"))
        table.add_row(part.name, part.state, part.url, part.version or "-", lag, _log_of(part))
    console().print(table)


def logs(state: Path, service: str, *, as_json: bool = False) -> None:
    """Print the end of the logs of a service, or of all; a name that nothing has ends with those that there are.

    As JSON each line is `{"part": …, "line": …}`: the object that our processes write, the text that others do.
    """
    parts = parts_of((state / "up").resolve())
    if not parts:
        raise SystemExit(NOTHING)
    found = [part for part in parts if part.name.startswith(service) and part.log.endswith(".log")]
    if not found:
        names = sorted({part.name.partition(".")[0] for part in parts if part.log.endswith(".log")})
        raise SystemExit(f"there is no log of {service}: name one of {', '.join(names)}")
    for part in found:
        text = Path(part.log).read_text(errors="replace")
        if not as_json:
            sys.stdout.write(f"--- {part.name}\n{text[-TAIL:]}\n")
            continue
        whole = text[-TAIL:].splitlines()[len(text) > TAIL :]  # of the first we may have half
        for line in filter(str.strip, whole):
            say_json({"part": part.name, "line": _read(line)}, indent=None)


def down(state: Path, *, as_json: bool = False) -> None:
    """Stop what `up` started, and say what that was."""
    said = console(quiet=as_json)
    with said.status("looking for what is up") as status:
        ended = starting.down(state, lambda name: status.update(f"stopping {name}"))
    killed = [name for name, in_time in ended.items() if not in_time]
    if as_json:
        say_json({"stopped": list(ended), "killed": killed})
        return
    parts = "part" if len(ended) == 1 else "parts"
    said.print(f"stopped {len(ended)} {parts}; data stay" if ended else "nothing was up")
    if killed:
        said.print(f"killed, as they did not end when asked to: {', '.join(killed)}")


def reset(state: Path, *, as_json: bool = False) -> None:
    """Forget all that is kept below the folder, and say what that was."""
    said = console(quiet=as_json)
    with said.status("removing all data"):
        forgotten = forget(state.resolve())
    if as_json:
        say_json({"forgotten": forgotten})
        return
    said.print(f"forgotten: {', '.join(forgotten)}" if forgotten else "nothing was kept")


def _read(line: str) -> Any:
    with suppress(ValueError):
        found = json.loads(line)
        return found if isinstance(found, dict) else line
    return line


def _rows(state: Path, parts: Sequence[Running]) -> list[dict[str, Any]]:
    behind = _behind(state, parts)
    return [asdict(part) | {"behind": behind.get(part.name)} for part in parts]


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
