"""The latest commands that somebody gave, over all services: what a trace begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cli.actors import system_actors
from cli.installation import Installation

SHOWN = 20
REACH = 10
"""Answers of each service that are looked at for every command that is to be shown."""


@dataclass(frozen=True)
class Command:
    """A command that was taken."""

    command_id: UUID
    service: str
    actor: str
    """The name of a part, or a person's account id."""
    at: datetime
    events: Sequence[str]
    """What it made true, in order; empty where it changed nothing."""

    @property
    def what(self) -> str:
        """Its events in a line."""
        first, *more = self.events or ("changed nothing",)
        return f"{first} and {len(more)} more" if more else first


# A command's events stand side by side and end at its answer's position. What followed another command has that one's
# correlation, and is seen in that one's trace.
_LATEST = """
    SELECT a.command_id, a.actor, a.answered_at, coalesce(e.topics, '{}')
    FROM (SELECT * FROM answered ORDER BY answered_at DESC LIMIT %s) AS a
    LEFT JOIN LATERAL (
        SELECT array_agg(topic ORDER BY position) AS topics, min(correlation_id::text) AS correlation
        FROM history WHERE position BETWEEN a.position - 31 AND a.position AND command_id = a.command_id
    ) AS e ON true
    WHERE coalesce(e.correlation, a.command_id::text) = a.command_id::text
    ORDER BY a.answered_at DESC
"""


def latest(installation: Installation, *, limit: int = SHOWN) -> list[Command]:
    """The last commands that began something, the newest first; answers are kept for a day."""
    names = system_actors()
    found: list[Command] = []
    for service in installation.services():
        with installation.reading(service.name) as session:
            rows = session.run(_LATEST, (REACH * limit,))
        found += [
            Command(command_id, service.name, names.get(actor) or str(actor), at, topics)
            for command_id, actor, at, topics in rows
            if topics or actor not in names  # what is seeded is asked for at every start, and is there already
        ]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]
