"""The logs of all services as one history: what caused something stands before it, else time decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Session
from chassis.hearing import HEARD
from cli.installation import Installation


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None asks for all."""

    actor: UUID | None = None
    stream: UUID | None = None
    correlation: UUID | None = None
    command: UUID | None = None


Condition = tuple[str, Mapping[str, Any]]
"""A condition on rows of one log, with its values by name (`chassis.query.condition`)."""


def history(
    installation: Installation,
    services: Sequence[str],
    wanted: Wanted,
    *,
    limit: int | None,
    where: Mapping[str, Condition] = {},
) -> list[Event]:
    """The last events of these logs that are asked for, merged; `where` is a further condition for each log."""
    logs: list[list[Event]] = []
    for service in services:
        with installation.reading(service) as session:
            logs.append(events_of(session, service, wanted, limit=limit, where=where.get(service)))
    merged = list(merge(logs))
    return merged if limit is None else merged[-limit:]


_HISTORY = """
    SELECT position, stream, version, topic, recorded_at, actor, on_behalf_of, command_id, correlation_id, causation,
        leaf_hash, heard ->> 'ce_id', (heard ->> 'origin') || '@' || (heard ->> 'position'), heard ->> 'leafhash'
    FROM (
        SELECT *, CASE WHEN topic LIKE 'heard.%%' THEN state -> 'headers' END AS heard FROM history
        WHERE (%(actor)s::uuid IS NULL OR actor = %(actor)s OR on_behalf_of = %(actor)s)
            AND (%(stream)s::uuid IS NULL OR stream = %(stream)s)
            AND (%(correlation)s::uuid IS NULL OR correlation_id = %(correlation)s)
            AND (%(command)s::uuid IS NULL OR command_id = %(command)s)
            {more}
        ORDER BY position DESC LIMIT %(limit)s
    ) AS last
    ORDER BY position
"""


def events_of(
    session: Session, service: str, wanted: Wanted, *, limit: int | None = None, where: Condition | None = None
) -> list[Event]:
    """The last events of one log that are asked for, in order of position."""
    text, values = where or ("", {})
    more = f"AND position IN (SELECT position FROM log WHERE {text})" if text else ""  # noqa: S608 - no value is in it
    asked: dict[str, Any] = {
        **values,
        "actor": wanted.actor,
        "stream": wanted.stream,
        "correlation": wanted.correlation,
        "command": wanted.command,
        "limit": limit,
    }
    rows = session.connection.execute(_HISTORY.replace("{more}", more).encode(), asked).fetchall()
    return [Event(service, *row) for row in rows]


def merge(logs: Sequence[Sequence[Event]]) -> Iterator[Event]:
    """One sequence of several logs: each in its own order, a heard event behind its origin, the earliest first.

    Clocks of services differ; causation does not.
    """
    waiting = {event.leaf_hash for log in logs for event in log}
    heads = {number: 0 for number, log in enumerate(logs) if log}
    while heads:
        ready = [number for number in heads if logs[number][heads[number]].heard_leaf not in waiting]
        # none is ready only where a log was put back by hand: then time decides alone
        first = min(ready or heads, key=lambda number: (logs[number][heads[number]].at, number))
        event = logs[first][heads[first]]
        waiting.discard(event.leaf_hash)
        yield event
        heads[first] += 1
        if heads[first] == len(logs[first]):
            del heads[first]
