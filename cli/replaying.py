"""Rebuilds every view from zero beside the live one, and compares: what people see must follow from the log alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from chassis import log
from chassis.application import Application
from chassis.codec import DamagedEventError
from chassis.database import Session, identifier
from chassis.followers import Page, folded, read_page
from chassis.messages import Catalogue
from chassis.service import Service
from chassis.views import View
from cli.installation import Installation, ReadOnly

Advance = Callable[[str, int, int], None]
"""Called with a service, the position that was reached, and the last there is."""
EQUAL, DIFFERS, UNKNOWN = "identical", "DIFFERS", "not compared"
SHOWN = 80
"""Characters of a value that is shown."""


@dataclass(frozen=True)
class Compared:
    """A view, as it is and as it comes out of the log."""

    service: str
    view: str
    position: int
    """Up to which the live view has folded the log, and so the other one."""
    rows: int
    outcome: str
    different: int = 0
    detail: str = ""
    """The first row and column that differ; or why nothing could be compared."""


def replay(installation: Installation, services: Sequence[Service], advance: Advance) -> list[Compared]:
    """Rebuild and compare all views of these services. Nothing of it is left, whatever happens.

    Live views are seen as they were at one moment, each with its own position; what is rebuilt are temporary tables
    of the same names, which the server forgets with the session.
    """
    found: list[Compared] = []
    for service in services:
        with installation.reading(service.name) as session:
            app = service.application(ReadOnly(service.name, session), Catalogue())
            found += _replayed(app, session, advance)
    return found


def _replayed(app: Application, session: Session, advance: Advance) -> list[Compared]:
    views = list(dict.fromkeys((*app.policy_views, *app.views)))
    _make(session, views)
    session.connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with session.transaction():
        positions: dict[str, int] = dict(session.run("SELECT follower, position FROM positions"))
        standing = [view for view in views if view.name in positions]
        try:
            reached = _fold(app, session, standing, positions, advance)
        except DamagedEventError as error:
            return [Compared(app.name, view.name, 0, 0, DIFFERS, 1, f"cannot be rebuilt: {error}") for view in views]
        return [_compared(app, session, view, positions.get(view.name), reached) for view in views]


def _make(session: Session, views: Sequence[View]) -> None:
    """Tables of the same names, which hide the live ones from whoever does not name their schema."""
    with session.transaction():
        session.run("SET TRANSACTION READ WRITE")
        for view in views:
            session.run(f"CREATE TEMPORARY TABLE {view.name} ({view.table})")


def _fold(
    app: Application, session: Session, views: Sequence[View], positions: dict[str, int], advance: Advance
) -> int:
    """Read the log once, page by page, and fold each view as far as the live one is. Return how far that was."""
    last = max((positions[view.name] for view in views), default=0)
    after = 0
    while after < last:
        page = read_page(app, session, after=after, limit=log.PAGE)
        if not page.recorded:
            break  # a newer release wrote what comes now
        for view in views:
            until = positions[view.name]
            count = sum(row.position <= until for row in page.recorded)
            if count:
                view.write(session, folded(view, Page(page.recorded[:count], page.events[:count])))
        after = page.recorded[-1].position
        advance(app.name, min(after, last), last)
    return after


def _compared(app: Application, session: Session, view: View, position: int | None, reached: int) -> Compared:
    if position is None or reached < position:
        why = "it was never made: run migrate" if position is None else "a newer release wrote the log: use that one's"
        return Compared(app.name, view.name, position or 0, 0, UNKNOWN, 0, why)
    live, rebuilt = f"{identifier(app.database.schema)}.{view.name}", f"pg_temp.{view.name}"
    key = ", ".join(view.key)
    both = f"{live} AS a FULL JOIN {rebuilt} AS b USING ({key}) WHERE a.* IS DISTINCT FROM b.*"
    [(rows,)] = session.run(f"SELECT count(*) FROM {live}")  # noqa: S608 - names of our own
    [(different,)] = session.run(f"SELECT count(*) FROM {both}")  # noqa: S608
    if not different:
        return Compared(app.name, view.name, position, rows, EQUAL)
    columns = ", ".join(f"a.{one}, b.{one}" for one in view.columns)
    # a whole row is null where all of its columns are, and a key never is
    sides = f"a.{view.key[0]} IS NOT NULL, b.{view.key[0]} IS NOT NULL"
    order = ", ".join(str(number) for number in range(1, len(view.key) + 1))
    row = session.run(f"SELECT {key}, {sides}, {columns} FROM {both} ORDER BY {order} LIMIT 1")[0]  # noqa: S608
    return Compared(app.name, view.name, position, rows, DIFFERS, different, _first(view, row))


def _first(view: View, row: tuple[Any, ...]) -> str:
    """The first row that differs, and its first column that does."""
    width = len(view.key)
    which = ", ".join(f"{name} {value}" for name, value in zip(view.key, row[:width], strict=True))
    is_live, is_rebuilt, *values = row[width:]
    if not is_live:
        return f"{which}: the row is missing"
    if not is_rebuilt:
        return f"{which}: no event has made this row"
    for name, live, rebuilt in zip(view.columns, values[::2], values[1::2], strict=True):
        if live != rebuilt:
            return f"{which}: {name} is {_short(live)}, and by the log {_short(rebuilt)}"
    return f"{which}: the rows differ"


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
