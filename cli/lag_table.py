"""`mandate events lag` for people: a line for each service, each thing that waits, and a last line with the verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rich.table import Table
from rich.text import Text

from cli.lag import FOLLOWER, HEARD, MAILS, OUTBOX, PARKED, PART, TOPIC, Row
from cli.showing import console, line, moment, plain

COLUMNS = {
    OUTBOX: "not told",
    HEARD: "heard",
    TOPIC: "not heard",
    FOLLOWER: "followers",
    PARKED: "parked",
    MAILS: "mails",
}
IN_STEP = "all in step"


def show(rows: Sequence[Row], *, every: bool) -> None:
    """Print it: the table, what waits (or `every` thing), and what is behind since when, or that all are in step."""
    table = Table("service", *COLUMNS.values())
    for service in dict.fromkeys(row.service for row in rows if row.kind != PART):
        own = [row for row in rows if row.service == service]
        cells = (_cell(kind, [row for row in own if row.kind == kind]) for kind in COLUMNS)
        table.add_row(service, *(Text(cell, style=style) for cell, style in cells))
    console().print(table)
    behind = [row for row in rows if row.is_behind]
    for row in rows if every else [one for one in rows if one.count and one not in behind]:
        line(plain(f"{row.service:<12} {row.what:<28} {said(row)}"))
    for row in behind:
        line(("behind  ", "red"), plain(f"{row.service}  {row.what}  {said(row)}"))
    if not behind:
        line((IN_STEP, "green"))


def said(row: Row) -> str:
    """How one thing stands, in words."""
    parts = (
        [] if row.count is None else [f"{row.count} waiting" if row.kind in (PARKED, MAILS) else f"{row.count} behind"]
    )
    if row.since is not None and row.age_s and (row.count or row.kind == HEARD):
        parts.append(f"since {moment(row.since)} ({_age(row.age_s)})")
    if row.is_behind and row.limit_s is not None:
        parts.append(f"limit {_age(row.limit_s)}")
    return ", ".join([*parts, *filter(None, [row.note])])


def _cell(kind: str, rows: Sequence[Row]) -> tuple[str, str]:
    """The worst of these rows, and its colour."""
    if not rows:
        return "", ""
    style = "red" if any(row.is_behind for row in rows) else ""
    if kind == HEARD:
        never = [row.what for row in rows if row.age_s is None]
        worst = _worst(rows, lambda row: row.age_s or 0.0)
        return (f"never {', '.join(never)}" if never else f"{worst.what} {_age(worst.age_s or 0.0)} ago"), style
    waiting = [row for row in rows if row.count]
    unknown = [row.what for row in rows if row.count is None]
    if not waiting:
        return (
            f"unknown: {', '.join(unknown)}" if unknown else f"{len(rows)} at the end" if kind == FOLLOWER else "0"
        ), style
    worst = _worst(waiting, lambda row: (row.age_s or 0.0, row.count or 0))
    name = f"{worst.what} " if kind in (TOPIC, FOLLOWER) else ""
    more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
    return f"{name}{worst.count}{f', {_age(worst.age_s)}' if worst.age_s else ''}{more}", style


def _worst(rows: Iterable[Row], by: Callable[[Row], object]) -> Row:
    return max(rows, key=by)  # type: ignore[arg-type]  # numbers, or pairs of them


def _age(seconds: float) -> str:
    if seconds < 10:  # noqa: PLR2004 - then tenths are of interest
        return f"{seconds:.1f} s"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
