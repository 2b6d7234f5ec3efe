"""Logs as a history: what caused something stands before it, else time decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Session
from chassis.hearing import HEARD
from chassis.log import PAGE, Recorded


@dataclass(frozen=True, slots=True)
class Event:
    """One row of one log, with what a heard message says about where it comes from."""

    service: str
    position: int
    stream: UUID
    version: int
    topic: str
    at: datetime
    actor: UUID
    on_behalf_of: UUID | None
    command_id: UUID
    correlation_id: UUID
    causation: int | None
    """Position in the same log of the event that woke the policy that did this."""
    leaf_hash: str
    ce_id: str | None
    heard_from: str | None
    """`service@position` of the event that a heard message tells of."""
    heard_leaf: str | None
    """Leaf hash of that event: it is that very one, whatever a restore has done to positions."""

    @property
    def where(self) -> str:
        """`service@position`."""
        return f"{self.service}@{self.position}"

    @property
    def is_heard(self) -> bool:
        """Whether it is a message that the service has heard."""
        return self.topic.startswith(HEARD)

    @property
    def because_of(self) -> str:
        """`service@position` of what brought it about, here or elsewhere; empty where nothing did."""
        return f"{self.service}@{self.causation}" if self.causation else self.heard_from or ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None asks for all."""

    actor: UUID | None = None
    stream: UUID | None = None
    correlation: UUID | None = None
    command: UUID | None = None
    before: int | None = None
    """Events in front of this position: the last of these."""
    after: int | None = None
    """Events behind this position: the first of these, unless `before` is given too."""


Condition = tuple[str, Mapping[str, Any]]
"""A condition on rows of one log, with its values by name (`chassis.query.condition`)."""

_HISTORY = """
    SELECT position, stream, version, topic, recorded_at, actor, on_behalf_of, command_id, correlation_id, causation,
        leaf_hash, heard ->> 'ce_id', (heard ->> 'origin') || '@' || (heard ->> 'position'), heard ->> 'leafhash'
    FROM (
        SELECT *, CASE WHEN topic LIKE 'heard.%%' THEN state -> 'headers' END AS heard FROM history
        WHERE (%(actor)s::uuid IS NULL OR actor = %(actor)s OR on_behalf_of = %(actor)s)
            AND (%(stream)s::uuid IS NULL OR stream = %(stream)s)
            AND (%(correlation)s::uuid IS NULL OR correlation_id = %(correlation)s)
            AND (%(command)s::uuid IS NULL OR command_id = %(command)s)
            AND (%(before)s::bigint IS NULL OR position < %(before)s)
            AND (%(after)s::bigint IS NULL OR position > %(after)s)
            {more}
        ORDER BY position {order} LIMIT %(limit)s
    ) AS page
    ORDER BY position
"""


def events_of(
    session: Session, service: str, wanted: Wanted, *, limit: int | None = None, where: Condition | None = None
) -> list[Event]:
    """The last events of one log that are asked for (`Wanted.after`: the first), in order of position."""
    text, values = where or ("", {})
    more = f"AND position IN (SELECT position FROM log WHERE {text})" if text else ""  # noqa: S608 - no value is in it
    order = "ASC" if wanted.after is not None and wanted.before is None else "DESC"
    asked: dict[str, Any] = {
        **values,
        "actor": wanted.actor,
        "stream": wanted.stream,
        "correlation": wanted.correlation,
        "command": wanted.command,
        "before": wanted.before,
        "after": wanted.after,
        "limit": limit,
    }
    statement = _HISTORY.replace("{more}", more).replace("{order}", order)
    rows = session.connection.execute(statement.encode(), asked).fetchall()
    return [Event(service, *row) for row in rows]


_ROWS = "SELECT position, stream, version, topic, state, recorded_at, cause, leaf_hash FROM log WHERE "


def rows_at(session: Session, positions: Sequence[int]) -> dict[int, Recorded]:
    """The rows of one log at these positions, by position."""
    rows = session.run(f"{_ROWS} position = ANY(%s)", (list(positions),), binary=True)
    return {row[0]: Recorded(*row) for row in rows}


def rows_of(session: Session, topics: Sequence[str], *, after: int, until: int, limit: int = PAGE) -> list[Recorded]:
    """The next rows of these topics behind a position, up to another, in order."""
    rows = session.run(
        f"{_ROWS} position > %s AND position <= %s AND topic = ANY(%s) ORDER BY position LIMIT %s",
        (after, until, list(topics), limit),
        binary=True,
    )
    return [Recorded(*row) for row in rows]


def merge(logs: Sequence[Sequence[Event]], *, unread: Mapping[str, int] = {}) -> Iterator[Event]:
    """One sequence of several logs: each in its own order, a heard event behind its origin, the earliest first.

    Clocks of services differ; causation does not. `unread` says of a log up to which position it was read, where it
    goes on: what heard of later events of it comes last.
    """
    waiting = {event.leaf_hash for log in logs for event in log}
    heads = {number: 0 for number, log in enumerate(logs) if log}

    def is_ready(event: Event) -> bool:
        return event.heard_leaf not in waiting and not _is_ahead(event, unread)

    while heads:
        ready = [number for number in heads if is_ready(logs[number][heads[number]])]
        # none is ready only where a log was put back by hand, or goes on: then time decides alone
        first = min(ready or heads, key=lambda number: (logs[number][heads[number]].at, number))
        event = logs[first][heads[first]]
        waiting.discard(event.leaf_hash)
        yield event
        heads[first] += 1
        if heads[first] == len(logs[first]):
            del heads[first]


def _is_ahead(event: Event, unread: Mapping[str, int]) -> bool:
    origin, _, position = (event.heard_from or "").partition("@")
    return origin in unread and int(position) > unread[origin]
