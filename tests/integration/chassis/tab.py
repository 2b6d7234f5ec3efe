"""The aggregates of the shop."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event


class ClosedTabError(DomainError):
    """Nothing is added to a closed tab."""


class NotYetError(DomainError):
    """The tab is open for a while yet."""


class Tab(Aggregate):
    """Nothing is added twice, and nothing to a closed tab."""

    TOPIC = "shop.Tab"

    class Opened(AggregateCreated):
        """Things may be added from now on."""

        TOPIC = "shop.Tab.Opened"
        owner_id: UUID
        expires_at: datetime

    class Added(Aggregate.Event):
        """The thing is on the tab; `things` are all of them."""

        TOPIC = "shop.Tab.Added"
        what: str
        things: list[str]

    class Closed(Aggregate.Event):
        """Nothing can be added any more."""

        TOPIC = "shop.Tab.Closed"

    @event(Opened)
    def __init__(self, id: UUID, owner_id: UUID, expires_at: datetime) -> None:
        self.owner_id = owner_id
        self.expires_at = expires_at
        self.things: list[str] = []
        self.is_open = True

    def add(self, what: str) -> None:
        """Add a thing. Twice is the same as once."""
        if not self.is_open:
            raise ClosedTabError
        if what not in self.things:
            self._added(what=what, things=[*self.things, what])

    def close(self, now: datetime, *, early: bool) -> None:
        """Close it: the owner at any time, others when its time is over. Twice is the same as once."""
        if not early and now < self.expires_at:
            raise NotYetError
        if self.is_open:
            self._closed()

    @event(Added)
    def _added(self, what: str, things: list[str]) -> None:
        self.things = things

    @event(Closed)
    def _closed(self) -> None:
        self.is_open = False


class Note(Aggregate):
    """One reaction of a policy: nothing guards it, so that a second one shows."""

    TOPIC = "shop.Note"

    class Taken(AggregateCreated):
        """The policy has seen the event at the position, when so many things were on the tab."""

        TOPIC = "shop.Note.Taken"
        policy: str
        position: int
        things: int

    @event(Taken)
    def __init__(self, id: UUID, policy: str, position: int, things: int) -> None:
        self.position = position
