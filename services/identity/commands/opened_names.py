"""Names that lists have opened lately: each page of a list is put in order by the names of all who are on it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from chassis import nature


@dataclass(frozen=True, slots=True)
class Named:
    """A person's names; empty where there are none yet, or none any more."""

    mark: int
    """Of the sealed names (`accounts.changed`): another one as soon as they are others."""
    first_name: str = ""
    middle_name: str = ""
    last_name: str = ""
    order: tuple[str, str] = ("", "")
    """Last and first name, case apart."""
    opened_at: datetime = field(default_factory=nature.now)


class OpenedNames:
    """Kept in this process alone, for a bounded time and in a bounded number: the oldest go first.

    Whoever asks finds out each time whether they still hold: by the mark, and by the person's key (`Vault.destroyed`).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[UUID, Named] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, account_ids: Iterable[UUID], *, life: timedelta) -> dict[UUID, Named]:
        """Those that are known of these people; what is older than `life` is forgotten first."""
        oldest = nature.now() - life
        with self._lock:
            while self._known and next(iter(self._known.values())).opened_at <= oldest:
                del self._known[next(iter(self._known))]
            return {id_: named for id_ in account_ids if (named := self._known.get(id_)) is not None}

    def keep(self, opened: Mapping[UUID, Named], *, most: int) -> None:
        """Keep these, in the place of what was known before."""
        with self._lock:
            for id_, named in opened.items():
                self._known.pop(id_, None)
                self._known[id_] = named
            while len(self._known) > most:
                del self._known[next(iter(self._known))]

    def forget(self, account_ids: Collection[UUID]) -> None:
        """Keep nothing of these people."""
        with self._lock:
            for id_ in account_ids:
                self._known.pop(id_, None)
