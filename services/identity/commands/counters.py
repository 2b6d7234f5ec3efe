"""Counting tries and sendings: one atomic statement, before whatever is counted is done (S-03)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis.database import Session

EVER = timedelta(days=36_500)
"""A window for what adds up until it is reset."""


def count(session: Session, key: str, *, now: datetime, window: timedelta, most: int) -> int | None:
    """Count one more within the window, unless there are `most` already: then None, and nothing is counted.

    A hundred at once are counted one after the other: the row's lock is held to the end of the statement.
    """
    since = now - window
    row = session.one(
        "INSERT INTO counters AS c (key, times) SELECT %s, ARRAY[%s::timestamptz] WHERE %s > 0"
        " ON CONFLICT (key) DO UPDATE"
        " SET times = ARRAY(SELECT t FROM unnest(c.times) t WHERE t > %s ORDER BY t) || excluded.times"
        " WHERE (SELECT count(*) FROM unnest(c.times) t WHERE t > %s) < %s"
        " RETURNING cardinality(times)",
        (key, now, most, since, since, most),
    )
    return int(row[0]) if row else None


def wait(session: Session, key: str, *, now: datetime, window: timedelta) -> int:
    """Whole seconds until one more is free, at least 1."""
    row = session.one("SELECT min(t) FROM counters, unnest(times) t WHERE key = %s AND t > %s", (key, now - window))
    left = (row[0] + window - now).total_seconds() if row and row[0] else 0
    return max(1, -int(-left // 1))


def counted(session: Session, key: str, *, now: datetime, window: timedelta) -> list[datetime]:
    """The moments within the window, in order."""
    rows = session.run(
        "SELECT t FROM counters, unnest(times) t WHERE key = %s AND t > %s ORDER BY t", (key, now - window)
    )
    return [row[0] for row in rows]


def reset(session: Session, *keys: str) -> None:
    """Begin anew, after a success (D-24)."""
    session.run("DELETE FROM counters WHERE key = ANY(%s)", (list(keys),))


def sweep(session: Session, *, now: datetime, older: timedelta) -> None:
    """Take away what has not been counted for a long time."""
    session.run(
        "DELETE FROM counters WHERE key NOT LIKE 'spent/%%' AND NOT EXISTS (SELECT FROM unnest(times) t WHERE t > %s)",
        (now - older,),
    )


def take_back(session: Session, key: str, *, at: datetime) -> None:
    """Forget what was counted at a moment: it was not done after all."""
    session.run("UPDATE counters SET times = array_remove(times, %s) WHERE key = %s", (at, key))
