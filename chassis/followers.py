"""What all followers of a log share: reading on, keeping a place, folding views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chassis import failpoints, log
from chassis.application import Application
from chassis.codec import UnknownEventError
from chassis.database import Session
from chassis.hearing import HEARD, decode_heard
from chassis.log import Move, MovedError, Recorded
from chassis.views import View


class Follower(Protocol):
    """Everything that runs: no thread, no clock and no sleep of its own."""

    name: str

    def step(self) -> bool:
        """Do a piece of work. Return whether there was any."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Events behind a position, decoded: own events and heard messages alike."""

    recorded: Sequence[Recorded]
    events: Sequence[Any]


def read_page(app: Application, session: Session, *, after: int, limit: int = log.PAGE) -> Page:
    """Read on, up to what this release does not know: a newer release wrote it, so wait.

    Raises `DamagedEventError` where stored bytes do not fit: nothing is skipped.
    """
    return _decoded(app, log.read(session, after=after, limit=limit))


def next_page(app: Application, session: Session, follower: str, *, limit: int = log.PAGE) -> tuple[int, Page]:
    """A follower's position and the page behind it: one statement, for most often there is nothing."""
    was, recorded = log.read_on(session, follower, limit=limit)
    return was, _decoded(app, recorded)


def _decoded(app: Application, recorded: Sequence[Recorded]) -> Page:
    events: list[Any] = []
    for row in recorded:
        try:
            heard = row.topic.startswith(HEARD)
            events.append(decode_heard(app.catalogue, row) if heard else app.codec.to_domain_event(row.stored()))
        except UnknownEventError:
            break
    return Page(recorded=recorded[: len(events)], events=events)


class ViewFollower:
    """Keeps one view up with the log."""

    def __init__(self, app: Application, view: View, *, batch: int = log.PAGE) -> None:
        self.name = view.name
        self._app, self._view, self._batch = app, view, batch

    def step(self) -> bool:
        """Fold what is waiting, up to a batch: rows and position in one transaction."""
        with self._app.database.session() as session:
            return fold_on(self._app, session, self._view, limit=self._batch)


class Behind:
    """Followers of one log, of which only those that have not reached its end are stepped: one question for all.

    For followers whose work is what stands behind their position (named as they are), and nothing else.
    """

    def __init__(self, app: Application, followers: Sequence[Follower]) -> None:
        self.name = f"{app.name}.behind"
        self._app, self._followers = app, followers

    def step(self) -> bool:
        """Step whoever is behind. Return whether any had work."""
        with self._app.database.session() as session:
            behind = log.behind(session)
        return any([follower.step() for follower in self._followers if follower.name in behind])  # noqa: C419 - all


class InMemory:
    """Keeps something in memory up with the log, from its beginning at every start: as fresh as the log."""

    def __init__(self, app: Application, name: str, take: Callable[[Any], object]) -> None:
        self.name = f"{app.name}.{name}"
        self.position = 0
        """How far it has come."""
        self._app, self._take = app, take

    def step(self) -> bool:
        """Take in one page."""
        with self._app.database.session() as session:
            page = read_page(self._app, session, after=self.position)
        for event in page.events:
            self._take(event)
        if page.recorded:
            self.position = page.recorded[-1].position
        return bool(page.recorded)


def fold_on(app: Application, session: Session, view: View, *, limit: int = log.PAGE) -> bool:
    """Fold one batch into a view. Return whether there was anything to fold.

    Another copy that folded it first is no error: the position moves by compare-and-set.
    """
    was, page = next_page(app, session, view.name, limit=limit)
    if not page.recorded:
        return False
    rows = view.rows(page.events)
    try:
        with session.transaction():
            log.move(session, view.name, was=was, becomes=page.recorded[-1].position)
            view.write(session, rows)
            failpoints.reach("view.before_commit")
    except MovedError:
        pass
    return True


def fold_up_to(app: Application, session: Session, views: Sequence[View], position: int) -> None:
    """Fold views at least up to a position of the log."""
    for view in views:
        while log.position(session, view.name) < position and fold_on(app, session, view):
            pass


__all__ = [
    "Behind",
    "Follower",
    "InMemory",
    "Move",
    "Page",
    "ViewFollower",
    "fold_on",
    "fold_up_to",
    "next_page",
    "read_page",
]
