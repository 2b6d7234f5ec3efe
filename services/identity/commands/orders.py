"""Orders of lists: whoever turns to the next page of a list need not send it again to have it put in order again."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis import nature
from chassis.arrays import Array
from chassis.paging import Place


@dataclass(slots=True)
class Order:
    """Who is on a list, in the order of their ranks and names."""

    places: Sequence[Place]
    marks: Mapping[UUID, int]
    """Of the names that order these people (`opened_names.Named`)."""
    shredded: frozenset[UUID]
    """Those of them who have no names any more."""
    listed: Array
    """Everybody on the list, also whoever is not known here, as PostgreSQL is asked about them."""
    opened_at: datetime
    """When the oldest of the names was opened."""
    position: int
    """Where the view of accounts stood when this was last found to hold."""


class Orders:
    """Kept by the digests of the lists, in this process alone, for a bounded time and a bounded number of people.

    Whoever asks finds out each time whether one still holds: a digest says who is on a list, not what they are called.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[bytes, Order] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, digest: bytes, *, life: timedelta) -> Order | None:
        """The order of this list, where it is known; names that are older than `life` are forgotten first."""
        oldest = nature.now() - life
        with self._lock:
            self._known = {key: one for key, one in self._known.items() if one.opened_at > oldest}
            return self._known.get(digest)

    def keep(self, digest: bytes, order: Order, *, most: int) -> None:
        """Keep this, in place of what was known before; while all have more people than `most`, the oldest go."""
        with self._lock:
            self._known.pop(digest, None)
            self._known[digest] = order
            people = sum(len(one.places) for one in self._known.values())
            while people > most:
                people -= len(self._known.pop(next(iter(self._known))).places)
