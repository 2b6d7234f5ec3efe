"""What is new: the newest state of each key, each event once."""

from __future__ import annotations

from collections import OrderedDict

from mandate_kit.records import Age

REMEMBERED = 100_000
"""Ids of events that are remembered to know a repeat; a resend follows within one batch of the sender."""


class Newest:
    """How new what is known of each key is, and which keys have become unknown.

    Delivery is at least once and a sender that was frozen may send an old state late: neither changes anything. A key
    whose record could not be read is unknown until a state comes that is as new as that record, or, where not even its
    headers could be read, newer than all before.
    """

    def __init__(self) -> None:
        self._ages: dict[str, dict[str, Age]] = {}
        self._same: dict[Age, Age] = {}
        """One tuple for all keys of the same age: few ages, a million keys."""
        self.unknown: dict[tuple[str, str], Age | None] = {}
        """(topic, key) -> how new the record was that could not be read, where it said so."""

    def is_news(self, topic: str, key: str, age: Age) -> bool:
        """Whether a state of this age says something new."""
        before = self._ages.get(topic, {}).get(key)
        if self.unknown and (topic, key) in self.unknown:
            lost = self.unknown[topic, key]
            if lost is not None:
                return age >= lost
        return before is None or age > before

    def take(self, topic: str, key: str, age: Age) -> None:
        """Remember that a state of this age was taken."""
        self._ages.setdefault(topic, {})[key] = self._same.setdefault(age, age)
        self.unknown.pop((topic, key), None)

    def lose(self, topic: str, key: str, age: Age | None) -> bool:
        """Let a key become unknown by a record that cannot be read; False where a newer state is known."""
        before = self._ages.get(topic, {}).get(key)
        if age is not None and before is not None and age <= before:
            return False
        lost = self.unknown.get((topic, key))
        if age is None or lost is None or age > lost:
            self.unknown[topic, key] = age
        return True

    def end(self, topic: str, key: str) -> None:
        """A tombstone: nothing is known of the key, and nothing is unknown. What was before stays old."""
        self.unknown.pop((topic, key), None)


class Repeats:
    """Which events were seen just now, by their ids."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._seen: OrderedDict[str, None] = OrderedDict()

    def is_news(self, id: str) -> bool:
        """Whether this id was not seen just now."""
        return id not in self._seen

    def take(self, id: str) -> None:
        """Remember an event that was taken."""
        self._seen[id] = None
        if len(self._seen) > self._remembered:
            self._seen.popitem(last=False)
