"""A page of a list whose members come as ids with ranks, and whose names, known here alone, order the rest."""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import arrays

Place = tuple[int, str, str, str]
"""Where somebody stands in a list: rank, name, further name, id."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page of a list: it begins behind one or ends before one, who need not be on the list."""

    limit: int
    """0 for everybody."""
    after: UUID | None = None
    after_rank: int = 0
    descending: bool = False
    before: bool = False
    """Whether the page ends before `after`."""


EVERYBODY = Wanted(limit=0)


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a page stands among its list's places in ascending order, and how many come before it as it is read."""

    begin: int
    end: int
    skipped: int


def cut(places: Sequence[Place], anchor: Place | None, wanted: Wanted) -> Cut:
    """The page of these places, in ascending order; `anchor` is where `wanted.after` stands."""
    length = wanted.limit or len(places)
    if wanted.descending == wanted.before:  # upwards from the anchor
        begin = bisect_right(places, anchor) if anchor else 0
        end = min(begin + length, len(places))
    else:
        end = bisect_left(places, anchor) if anchor else len(places)
        begin = max(end - length, 0)
    return Cut(begin, end, len(places) - end if wanted.descending else begin)


DIGEST = "sha256(array_send({ids}) || array_send({ranks}))"
"""What `digest` tells, of a uuid[] and a bigint[], where PostgreSQL has them."""


def digest(ids: Sequence[UUID], ranks: Sequence[int]) -> bytes:
    """What a list is known by, 32 bytes: other ids, another rank or another order have another one."""
    return hashlib.sha256(arrays.uuids(ids).data + arrays.bigints(ranks).data).digest()
