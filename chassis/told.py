"""What was told last of each state, and which states must be told again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Session
from chassis.log import Recorded

Key = tuple[str, UUID]
"""State topic and aggregate."""

_BEGIN: Key = ("", UUID(int=0))


@dataclass(frozen=True, slots=True)
class Told:
    """One state as it was told last."""

    version: int
    hash: bytes
    edition: int
    form: int


def last(session: Session, key: Key) -> Told | None:
    """What was told last of a state, or None."""
    row = session.one("SELECT version, hash, edition, form FROM told WHERE topic = %s AND key = %s", key)
    return Told(*row) if row else None


def save(session: Session, told: Mapping[Key, Told]) -> None:
    """Remember what has been told, in the open transaction."""
    if told:
        session.run(
            "INSERT INTO told (topic, key, version, hash, edition, form)"
            " SELECT * FROM unnest(%s::text[], %s::uuid[], %s::bigint[], %s::bytea[], %s::bigint[], %s::bigint[])"
            " ON CONFLICT (topic, key) DO UPDATE SET version = excluded.version, hash = excluded.hash,"
            " edition = excluded.edition, form = excluded.form",
            (
                [topic for topic, _ in told],
                [key for _, key in told],
                [one.version for one in told.values()],
                [one.hash for one in told.values()],
                [one.edition for one in told.values()],
                [one.form for one in told.values()],
            ),
        )


def forget(session: Session, keys: Collection[Key]) -> None:
    """Let go of states that nobody tells any more."""
    if keys:
        session.run(
            "DELETE FROM told USING unnest(%s::text[], %s::uuid[]) AS gone (topic, key)"
            " WHERE told.topic = gone.topic AND told.key = gone.key",
            ([topic for topic, _ in keys], [key for _, key in keys]),
        )


def topics(session: Session) -> list[str]:
    """The state topics of which something was told."""
    return [topic for (topic,) in session.run("SELECT DISTINCT topic FROM told ORDER BY topic")]


def tell_again(session: Session, keys: Collection[Key]) -> None:
    """Let these states count as told in no form, so that the relay tells them again, whoever dies meanwhile."""
    if keys:
        session.run(
            "UPDATE told SET form = 0 FROM unnest(%s::text[], %s::uuid[]) AS late (topic, key)"
            " WHERE told.topic = late.topic AND told.key = late.key",
            ([topic for topic, _ in keys], [key for _, key in keys]),
        )


def tell_all_again(session: Session) -> int:
    """The same for every state that was told; return how many."""
    [(count,)] = session.run("WITH told_all AS (UPDATE told SET form = 0 RETURNING 1) SELECT count(*) FROM told_all")
    return int(count)


def ends_of_commands(session: Session, streams: Collection[UUID], position: int) -> list[Recorded]:
    """For each stream its last event, up to a position of the log, that ended a command: no state stands between."""
    rows = session.run(
        "SELECT e.position, e.stream, e.version, e.topic, e.state, e.recorded_at, e.cause, e.leaf_hash"
        " FROM unnest(%s::uuid[]) AS s (id) CROSS JOIN LATERAL (SELECT * FROM log AS l"
        " WHERE l.stream = s.id AND l.position <= %s AND NOT EXISTS (SELECT 1 FROM log AS n"
        " WHERE n.stream = l.stream AND n.version = l.version + 1 AND n.cause = l.cause)"
        " ORDER BY l.version DESC LIMIT 1) AS e",
        (list(streams), position),
        binary=True,
    )
    return [Recorded(*row) for row in rows]


class Behind:
    """The states that were told last in an earlier edition or form than ours, a page at a time.

    Which they are stands in their rows, so whoever dies on the way goes on where it stopped.
    """

    def __init__(self) -> None:
        self._after: Key | None = None
        self._than = (0, 0)
        self.hides_progress = False
        """Whether the edition is behind: listeners still hold what a restore has taken back."""

    def look(self, session: Session, edition: int, form: int) -> None:
        """Begin at the first key."""
        self._after, self._than = _BEGIN, (edition, form)
        row = session.one("SELECT EXISTS (SELECT 1 FROM told WHERE edition < %s)", (edition,))
        self.hides_progress = row == (True,)

    def page(self, session: Session, limit: int) -> list[Key]:
        """The next of them, the same until `passed`; none when all have been told."""
        if self._after is None:
            return []
        rows = session.run(
            "SELECT topic, key FROM told WHERE (topic, key) > (%s, %s) AND (edition, form) < (%s, %s)"
            " ORDER BY topic, key LIMIT %s",
            (*self._after, *self._than, limit),
        )
        if not rows:
            self._after, self.hides_progress = None, False
        return [(topic, key) for topic, key in rows]

    def passed(self, page: list[Key]) -> None:
        """These have been told and saved."""
        self._after = page[-1]
