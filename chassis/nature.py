"""Time and chance: the only places where either enters, so that a simulation can put its own there."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID


class Nature(NamedTuple):
    """A source of time (aware, UTC) and one of random bytes."""

    now: Callable[[], datetime]
    random_bytes: Callable[[int], bytes]


REAL = Nature(now=lambda: datetime.now(UTC), random_bytes=os.urandom)
"""The wall clock and the system's random numbers."""

_current = REAL
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def use(nature: Nature) -> Nature:
    """Put another nature in place for this process and return the one that was there."""
    global _current
    before, _current = _current, nature
    return before


def now() -> datetime:
    """The moment, aware, in UTC."""
    return _current.now()


def random_bytes(count: int) -> bytes:
    """Unpredictable bytes (predictable ones in a simulation)."""
    return _current.random_bytes(count)


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits.

    The time in front keeps the log's second index dense: random ids halve the rate of appends.
    """
    milliseconds = (_current.now() - _EPOCH) // _MILLISECOND
    chance = int.from_bytes(_current.random_bytes(10))
    return UUID(int=_layout(milliseconds, chance))


def made_at(id: UUID) -> datetime | None:
    """The moment in a UUIDv7, to the millisecond; None for an id of another version.

    48 bits reach beyond the year 9999: whoever writes such a time gets the last moment that there is.
    """
    if id.version != 7:  # noqa: PLR2004 - the version of RFC 9562 with the time in front
        return None
    try:
        return _EPOCH + (id.int >> 80) * _MILLISECOND
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC)


def _layout(milliseconds: int, chance: int) -> int:
    high = (milliseconds & (1 << 48) - 1) << 80
    return high | 0x7 << 76 | (chance >> 62 & 0xFFF) << 64 | 0b10 << 62 | chance & (1 << 62) - 1
