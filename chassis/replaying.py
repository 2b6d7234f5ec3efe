"""One stream as of one of its events: what came before and after it, and the state, folded from events alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.application import Application
from chassis.codec import DamagedEventError, UnknownEventError
from chassis.database import Session
from chassis.hearing import HEARD
from chassis.history import Event, Wanted, events_of, rows_at
from chassis.masking import masked, message_in

AROUND = 100
"""Events that are told before the chosen one, and after it."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the state, masked; `...` where it was not there."""

    name: str
    before: Any
    after: Any
    is_changed: bool
    """Judged by what lies under the mask: two sealed values look the same."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream as of `version`, which is the `number`-th of `count` events."""

    events: Sequence[Event]
    version: int
    number: int
    count: int
    previous: int | None
    next: int | None
    last: int
    fields: Sequence[Field]
    unreadable: str


def read_stream(app: Application, session: Session, stream: UUID, *, version: int | None) -> Stream | None:
    """The stream as of its last event that is not behind `version`; None where there is none such.

    The session is the application's pinned one.
    """
    row = session.one(
        "SELECT max(version) FILTER (WHERE version <= %s), count(*) FILTER (WHERE version <= %s), count(*),"
        " max(version) FROM log WHERE stream = %s",
        (*[_EVER if version is None else version] * 2, stream),
    )
    if row is None or row[0] is None:
        return None
    at, number, count, last = row
    events = [one for one in _around(session, app.name, stream, at) if one.version <= last]
    versions = [one.version for one in events]
    here = versions.index(at)
    previous = versions[here - 1] if here else None
    fields, unreadable = _fields(app, session, events[here], previous)
    following = versions[here + 1] if here + 1 < len(versions) else None
    return Stream(events, at, number, count, previous, following, last, fields, unreadable)


_EVER = 2**62


_AROUND = """
    position IN (
        (SELECT position FROM log WHERE stream = %(of)s AND version <= %(at)s ORDER BY version DESC LIMIT %(before)s)
        UNION ALL
        (SELECT position FROM log WHERE stream = %(of)s AND version > %(at)s ORDER BY version LIMIT %(behind)s)
    )
"""


def _around(session: Session, service: str, stream: UUID, at: int) -> list[Event]:
    where = (_AROUND, {"of": stream, "at": at, "before": AROUND + 1, "behind": AROUND})
    return sorted(events_of(session, service, Wanted(), where=where), key=lambda one: one.version)


def _fields(app: Application, session: Session, event: Event, previous: int | None) -> tuple[list[Field], str]:
    try:
        if event.topic.startswith(HEARD):
            after = _heard(app, session, event.stream, event.version)
            before = _heard(app, session, event.stream, previous) if previous else {}
        else:
            after = _folded(app, event.stream, event.version)
            before = _folded(app, event.stream, previous) if previous else {}
    except UnknownEventError:
        return [], "a newer release wrote this stream"
    except DamagedEventError as error:
        return [], f"damaged: {error}"
    names = dict.fromkeys((*after, *before))
    return [_field(name, before.get(name, ...), after.get(name, ...)) for name in names], ""


def _field(name: str, before: Any, after: Any) -> Field:
    shown, becomes = (one if one is ... else masked(one) for one in (before, after))
    return Field(name, shown, becomes, before != after)


def _folded(app: Application, stream: UUID, version: int) -> dict[str, Any]:
    aggregate = app.repository.find(stream, version=version)
    return {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}


def _heard(app: Application, session: Session, stream: UUID, version: int) -> dict[str, Any]:
    [(position,)] = session.run("SELECT position FROM log WHERE stream = %s AND version = %s", (stream, version))
    return message_in(app, rows_at(session, [position])[position])
