"""How far each follower of a log has come; what it made of it is committed with the move."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Session
from chassis.log import UNMADE, MovedError


def of(session: Session, follower: str) -> int:
    """How far a follower has come. Raises `LookupError` for one that `migrate` has not made."""
    row = session.one("SELECT position FROM positions WHERE follower = %s", (follower,))
    if row is None:
        raise LookupError(UNMADE.format(follower))
    return int(row[0])


def behind(session: Session, followers: Sequence[str], *, than: int | None = None) -> dict[int, list[str]]:
    """Those of these followers that have not reached a position (None: the log's end), by where they stand.

    One statement for all of them. Raises `LookupError` for one that `migrate` has not made.
    """
    rows = session.run(
        "SELECT follower, position, position < coalesce(%s, (SELECT max(position) FROM log), 0) FROM positions"
        " WHERE follower = ANY(%s) ORDER BY position, follower",
        (than, list(followers)),
    )
    if len(rows) < len(followers):
        raise LookupError(UNMADE.format(min(set(followers) - {row[0] for row in rows})))
    places: dict[int, list[str]] = {}
    for follower, at, is_behind in rows:
        if is_behind:
            places.setdefault(at, []).append(follower)
    return places


def move(session: Session, follower: str, *, was: int, becomes: int) -> None:
    """Move a position by compare-and-set, in the transaction that is open. Raises `MovedError`."""
    moved = session.run(
        "UPDATE positions SET position = %s WHERE follower = %s AND position = %s RETURNING 1",
        (becomes, follower, was),
    )
    if not moved:
        raise MovedError(f"{follower} is no longer at {was}")


def move_all(session: Session, followers: Sequence[str], *, was: int, becomes: int) -> frozenset[str]:
    """Move the positions of all these followers that still stand where they stood; one statement. Return whose."""
    if not followers:
        return frozenset()
    rows = session.run(
        "UPDATE positions SET position = %s WHERE follower IN"
        " (SELECT follower FROM positions WHERE follower = ANY(%s) AND position = %s ORDER BY follower FOR UPDATE)"
        " RETURNING follower",
        (becomes, list(followers), was),
    )
    return frozenset(name for (name,) in rows)
