"""What all followers of a log share: reading on, keeping a place, folding views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from chassis import failpoints, log, nature, positions
from chassis.application import Application
from chassis.codec import UnknownEventError
from chassis.database import Session
from chassis.editions import why_put_back
from chassis.hearing import HEARD, damaged, decode_heard
from chassis.log import Move, MovedError, Recorded
from chassis.progress import LogBehindError, Standing
from chassis.views import Rows, UnfoldableError, View

LOOK_EVERY = timedelta(seconds=5)


class Follower(Protocol):
    """Everything that runs: no thread, no clock and no sleep of its own."""

    name: str

    def step(self) -> bool:
        """Do a piece of work. Return whether there was any."""
        ...


@dataclass(frozen=True, slots=True)
class Page:
    """Events behind a position, decoded: own events and heard messages alike; None where nobody asked for one."""

    recorded: Sequence[Recorded]
    events: Sequence[Any]


def read_page(
    app: Application, session: Session, *, after: int, limit: int = log.PAGE, but: Collection[str] = ()
) -> Page:
    """Read on, up to what this release does not know: a newer release wrote it, so wait.

    Events of the topics `but` (known ones) are None and not decoded, whatever their bytes are. Raises
    `DamagedEventError` where the bytes of others do not fit: nothing else is skipped.
    """
    return _decoded(app, log.read(session, after=after, limit=limit), but)


def next_page(app: Application, session: Session, follower: str, *, limit: int = log.PAGE) -> tuple[int, Page]:
    """A follower's position and the page behind it: one statement, for most often there is nothing."""
    was, recorded = log.read_on(session, follower, limit=limit)
    return was, _decoded(app, recorded)


def _decoded(app: Application, recorded: Sequence[Recorded], but: Collection[str] = ()) -> Page:
    events: list[Any] = []
    event_in, catalogue = app.codec.event_in, app.catalogue
    try:
        for row in recorded:
            topic = row.topic
            if topic in but:
                events.append(None)
            elif topic.startswith(HEARD):
                events.append(decode_heard(catalogue, row))
            else:
                events.append(event_in(topic, row.stream, row.version, row.state))
    except UnknownEventError:
        pass
    return Page(recorded=recorded[: len(events)], events=events)


def folded(view: View, page: Page) -> Rows:
    """What a view makes of a page. Raises `DamagedEventError` naming the event of which it can make nothing."""
    try:
        return view.rows(page.events)
    except UnfoldableError as error:
        raise damaged(page.recorded[error.number], error) from error


class PageFollower(Follower, Protocol):
    """A follower whose work is what stands behind its position in the log, and nothing else."""

    def take(self, session: Session, was: int, page: Page) -> bool | None:
        """Do what a page behind its position asks for. Return whether there was work.

        None where nothing in it concerns this follower: its position is moved on for it.
        """
        ...


class Abreast:
    """Followers that read one log together: a page is read and decoded once for all who stand before it."""

    def __init__(
        self, app: Application, role: str, followers: Sequence[PageFollower], *, batch: int = log.PAGE
    ) -> None:
        self.name = f"{app.name}.{role}"
        self._app, self._followers, self._batch = app, followers, batch

    def step(self) -> bool:
        """Let each take the next page behind its position. Return whether any had work."""
        with self._app.database.session() as session:
            return read_abreast(self._app, session, self._followers, limit=self._batch)


def read_abreast(
    app: Application, session: Session, followers: Sequence[PageFollower], *, limit: int = log.PAGE
) -> bool:
    """Let each of these followers take the next page behind its position. Return whether any had work.

    While nothing happens one statement asks for all of them. One that is far behind (a new view) has pages of its own.
    """
    named = {follower.name: follower for follower in followers}
    worked = False
    for at, names in positions.behind(session, list(named)).items():
        page = read_page(app, session, after=at, limit=limit)
        if not page.recorded:  # what this release does not know: wait
            continue
        taken = {name: named[name].take(session, at, page) for name in names}
        unconcerned = [name for name, work in taken.items() if work is None]
        positions.move_all(session, unconcerned, was=at, becomes=page.recorded[-1].position)
        worked |= bool(unconcerned) or any(taken.values())
    return worked


class ViewFollower:
    """Keeps one view up with the log."""

    def __init__(self, app: Application, view: View, *, batch: int = log.PAGE) -> None:
        self.name = view.name
        self._app, self._view, self._batch = app, view, batch

    def step(self) -> bool:
        """Fold what is waiting, up to a batch."""
        with self._app.database.session() as session:
            return read_abreast(self._app, session, [self], limit=self._batch)

    def take(self, session: Session, was: int, page: Page) -> bool | None:
        """Fold a page: rows and position in one transaction.

        Another copy that folded it first is no error: the position moves by compare-and-set.
        """
        rows = folded(self._view, page)
        if rows.are_none:
            return None
        try:
            with session.transaction():
                positions.move(session, self.name, was=was, becomes=page.recorded[-1].position)
                self._view.write(session, rows)
                failpoints.reach("view.before_commit")
        except MovedError:
            pass
        return True


class OnlyOnWhole:
    """Keeps a follower that does something from doing it on a log that was put back."""

    def __init__(self, app: Application, follower: Follower, standing: Standing) -> None:
        self.name = follower.name
        self._app, self._follower, self._standing = app, follower, standing

    def step(self) -> bool:
        """Step, once it is known that the log is whole. Raises as `Standing.require` does."""
        if not self._standing.known:
            with self._app.session() as session:
                self._standing.require(session)
        return self._follower.step()


class Lookout:
    """Ends a process that has no bus, once one that has a bus finds that the log was put back."""

    def __init__(self, app: Application) -> None:
        self.name = f"{app.name}.lookout"
        self._app = app
        self._looked_at: datetime | None = None

    def step(self) -> bool:
        """Look now and then. Raises `LogBehindError`."""
        now = nature.now()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            with self._app.session() as session:
                if why := why_put_back(session):
                    raise LogBehindError(why)
            self._looked_at = now
        return False


class InMemory:
    """Keeps something in memory up with the log, from its beginning at every start: as fresh as the log.

    `own`: the own events that it takes; others are not decoded for it. All of them where it is None.
    """

    def __init__(
        self, app: Application, name: str, take: Callable[[Any], object], *, own: Iterable[type] | None = None
    ) -> None:
        self.name = f"{app.name}.{name}"
        self.position = 0
        """How far it has come."""
        self._app, self._take = app, take
        codec = app.codec
        self._but = frozenset() if own is None else frozenset(codec.topics).difference(map(codec.topic_of, own))

    def step(self) -> bool:
        """Take in one page."""
        with self._app.database.session() as session:
            page = read_page(self._app, session, after=self.position, but=self._but)
        for row, event in zip(page.recorded, page.events, strict=True):
            if event is None:
                continue
            try:
                self._take(event)
            except Exception as error:
                raise damaged(row, f"{self.name} cannot take it: {error!r}") from error
        if page.recorded:
            self.position = page.recorded[-1].position
        return bool(page.recorded)


def fold_up_to(app: Application, session: Session, views: Sequence[View], position: int) -> None:
    """Fold views at least up to a position of the log."""
    followers = [ViewFollower(app, view) for view in views]
    names = [follower.name for follower in followers]
    while positions.behind(session, names, than=position) and read_abreast(app, session, followers):
        pass


__all__ = [
    "Abreast",
    "Follower",
    "InMemory",
    "Lookout",
    "Move",
    "OnlyOnWhole",
    "Page",
    "PageFollower",
    "ViewFollower",
    "fold_up_to",
    "next_page",
    "read_abreast",
    "read_page",
]
