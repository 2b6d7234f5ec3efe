"""Given these facts, when this is asked, then those facts follow: how an aggregate is tested (style: section 3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from chassis import nature


@dataclass(frozen=True)
class Fact:
    """An event by its class and what it says."""

    event: Any
    fields: dict[str, Any] = field(default_factory=dict)


def fact(event: Any, **fields: Any) -> Fact:
    """A fact; in `then`, fields that are not named may hold anything."""
    return Fact(event, fields)


class Given:
    """An aggregate with a history."""

    def __init__(self, aggregate: type[Any], facts: tuple[Fact, ...]) -> None:
        self._aggregate: Any = None
        self._error: BaseException | None = None
        self._happened: list[Any] = []
        for number, one in enumerate(facts, start=1):
            if number == 1:
                self._id = uuid4()
            self._apply(aggregate, one, number)

    def _apply(self, aggregate: type[Any], one: Fact, version: int) -> None:
        base = {"originator_id": self._id, "originator_version": version, "timestamp": nature.now()}
        if version == 1:
            base["originator_topic"] = aggregate.TOPIC
        self._aggregate = one.event(**base, **one.fields).mutate(self._aggregate)

    def when(self, action: Callable[[Any], Any]) -> Given:
        """Ask. Without a history, the action makes the aggregate and returns it."""
        try:
            made = action(self._aggregate)
        except Exception as error:  # noqa: BLE001 - judged by then_raises
            self._error = error
            if self._aggregate is not None:  # what it did before it refused must be nothing
                self._happened = list(self._aggregate.collect_events())
            return self
        asked = self._aggregate if self._aggregate is not None else made
        self._happened = list(asked.collect_events())
        return self

    def then(self, *facts: Fact) -> None:
        """Exactly these facts follow, in this order."""
        if self._error is not None:
            raise self._error
        assert [type(event) for event in self._happened] == [one.event for one in facts]
        for event, one in zip(self._happened, facts, strict=True):
            assert {name: getattr(event, name) for name in one.fields} == one.fields

    def then_raises(self, error: type[BaseException]) -> None:
        """The question is refused, and nothing follows."""
        with pytest.raises(error):
            self.then()
        assert self._happened == []


def given(aggregate: type[Any], *facts: Fact) -> Given:
    """An aggregate as these facts have made it."""
    return Given(aggregate, facts)
