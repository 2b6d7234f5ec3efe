"""How the command line shows what it found: tables and lines for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="JSON instead of a table.")]

WIDE = 240
"""Columns where no terminal says how many it has: a file is not cut off."""
FOUND = 2
"""Exit code where something is not as it should be."""
INCOMPLETE = 3
"""Exit code where a part of what was asked for is left."""


def console(*, quiet: bool = False) -> Console:
    """Standard output; as wide as the terminal, or wide where it is none. `quiet`: JSON stands there instead."""
    return Console(width=None if sys.stdout.isatty() else WIDE, highlight=False, quiet=quiet)


def error_console() -> Console:
    """Standard error, for what is no part of the answer: progress."""
    return Console(stderr=True, highlight=False)


def plain(text: str) -> str:
    """A stranger's text as a terminal may see it: nothing in it moves the cursor or rings a bell."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def moment(at: datetime) -> str:
    """A moment in UTC, to the millisecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def milliseconds(until: datetime, since: datetime) -> float:
    """Milliseconds between two moments, to a tenth."""
    return round((until - since).total_seconds() * 1000, 1)


def say_json(found: Any, *, indent: int | None = 1, err: bool = False) -> None:
    """Print something as JSON: times as RFC 3339 in UTC, ids as text, bytes as hexadecimal digits.

    `indent`: None is one line, for what comes bit by bit. `err`: on standard error.
    """
    typer.echo(json.dumps(found, indent=indent, default=jsonable, ensure_ascii=False), err=err)


def jsonable(value: object) -> str:
    """What `json` does not know: a time, bytes or an id, as text."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat()
        case bytes() | memoryview():
            return value.hex()
        case UUID():
            return str(value)
        case _:
            raise TypeError(f"{type(value).__name__} is not for JSON")


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Print rows: all that is known as JSON, these columns as a table, or the sentence `empty` for none."""
    if as_json:
        say_json(rows)
        return
    if not rows:
        console().print(empty, markup=False)
        return
    table = Table()
    for column in columns:
        table.add_column(column.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell(row[column])) for column in columns))
    console().print(table)


def cell(value: object) -> str:
    """One value as a person reads it."""
    match value:
        case None:
            return "-"
        case datetime():
            return moment(value)
        case _:
            return plain(str(value))


def place_of(event: str) -> tuple[str, int]:
    """Service and position of an event that somebody typed. Ends the program with a line where it is none."""
    name, _, position = event.partition("@")
    if not name or not position.isascii() or not position.isdigit() or len(position) > 18:  # noqa: PLR2004 - bigint
        raise SystemExit(f"{event!r} is no event: it looks like access@12, as `mandate audit log` shows it")
    return name, int(position)


def line(*parts: tuple[str, str] | str) -> None:
    """Print one line that is never wrapped: texts, or pairs of text and style."""
    console().print(Text.assemble(*parts), soft_wrap=True)
