"""What all followers of a log share: reading on, keeping a place, folding views."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

from chassis import failpoints, log, positions
from chassis.application import Application
from chassis.codec import DamagedEventError, UnknownEventError
from chassis.database import DatabaseUnavailableError, Session
from chassis.hearing import HEARD, damaged, decode_heard
from chassis.log import Move, Recorded
from chassis.views import Rows, UnfoldableError, View

TOGETHER = 500
"""Events of a page that views fold in one transaction; of a longer one each has its own: others wait for positions."""


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


TakeAll = Callable[[Session, int, Page, Sequence[Any]], bool]
"""Lets followers that stand at one position take the page behind it. Returns whether any had work."""


def take_each(session: Session, was: int, page: Page, followers: Sequence[PageFollower]) -> bool:
    """Each by itself; whom the page does not concern is moved on."""
    taken = {follower.name: follower.take(session, was, page) for follower in followers}
    unconcerned = [name for name, work in taken.items() if work is None]
    positions.move_all(session, unconcerned, was=was, becomes=page.recorded[-1].position)
    return bool(unconcerned) or any(taken.values())


class Abreast:
    """Followers that read one log together: a page is read and decoded once for all who stand before it."""

    def __init__(
        self,
        app: Application,
        role: str,
        followers: Sequence[PageFollower],
        *,
        batch: int = log.PAGE,
        take: TakeAll = take_each,
    ) -> None:
        self.name = f"{app.name}.{role}"
        self._app, self._followers, self._batch, self._take = app, followers, batch, take

    def step(self) -> bool:
        """Let each take the next page behind its position. Return whether any had work."""
        with self._app.database.session() as session:
            return read_abreast(self._app, session, self._followers, limit=self._batch, take=self._take)


def read_abreast(
    app: Application,
    session: Session,
    followers: Sequence[PageFollower],
    *,
    limit: int = log.PAGE,
    take: TakeAll = take_each,
) -> bool:
    """Let each of these followers take the next page behind its position. Return whether any had work.

    While nothing happens one statement asks for all of them. One that is far behind (a new view) has pages of its own.
    Raises `DamagedEventError` for who cannot go on, once those that stand elsewhere have no work.
    """
    named = {follower.name: follower for follower in followers}
    worked, damage = False, None
    for at, names in positions.behind(session, list(named)).items():
        try:
            page = read_page(app, session, after=at, limit=limit)
            if page.recorded:  # else it is what this release does not know: wait
                worked |= take(session, at, page, [named[name] for name in names])
        except DamagedEventError as error:
            damage = damage or error
    if damage is not None and not worked:
        raise damage
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
        """Fold a page: rows and position in one transaction."""
        return fold_together(session, was, page, [self])

    def fold(self, page: Page) -> Rows:
        """What becomes of a page, not written yet. Raises `DamagedEventError`."""
        return folded(self._view, page)

    def write(self, session: Session, rows: Rows) -> None:
        """Write it, in the open transaction."""
        self._view.write(session, rows)


def fold_together(session: Session, was: int, page: Page, followers: Sequence[ViewFollower]) -> bool:
    """Let views fold a page: the rows of all, and their positions, in one transaction.

    Another copy that folded it first is no error: a position moves by compare-and-set, and what has been moved is not
    written. Raises `DamagedEventError` where a view could make nothing of an event, or its rows cannot be written; the
    others have folded the page.
    """
    damage: list[DamagedEventError] = []
    groups = [[*followers]] if len(page.recorded) <= TOGETHER else [[one] for one in followers]
    for group in groups:
        try:
            damage += _fold(session, was, page, group)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - the database refuses what one of them writes: each by itself, then
            if len(group) > 1:
                groups += [[one] for one in group]
            else:
                damage.append(DamagedEventError(f"{group[0].name} cannot be written behind {was}: {error!r}"))
                damage[-1].__cause__ = error
    for one in damage:
        raise one
    return True


def _fold(session: Session, was: int, page: Page, followers: Sequence[ViewFollower]) -> list[DamagedEventError]:
    """Fold a page in one transaction. Return what is wrong with those that could not."""
    rows, damage = dict[str, Rows](), list[DamagedEventError]()
    for one in followers:
        try:
            rows[one.name] = one.fold(page)
        except DamagedEventError as error:
            damage.append(error)
    concerned = [one for one in followers if one.name in rows and not rows[one.name].are_none]
    with session.transaction() if concerned else nullcontext():
        mine = positions.move_all(session, list(rows), was=was, becomes=page.recorded[-1].position)
        for one in concerned:
            if one.name in mine:
                one.write(session, rows[one.name])
        if concerned:
            failpoints.reach("view.before_commit")
    return damage


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
    while positions.behind(session, names, than=position) and read_abreast(app, session, followers, take=fold_together):
        pass


__all__ = [
    "Abreast",
    "Follower",
    "InMemory",
    "Move",
    "Page",
    "PageFollower",
    "ViewFollower",
    "fold_together",
    "fold_up_to",
    "next_page",
    "read_abreast",
    "read_page",
]
