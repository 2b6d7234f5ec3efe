"""The words in which a context's rules are written: aggregates, their events, their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate, DomainEvent, event

from chassis import nature

__all__ = ["Aggregate", "AggregateCreated", "Claim", "DomainError", "Look", "NotAllowedError", "NotFoundError", "event"]

NAMESPACE = uuid5(NAMESPACE_URL, "urn:mandate")
"""Ids made of parts are made below this one, for ever."""


class DomainError(Exception):
    """A rule said no. The message says what to do; `code` and `field` are for programs."""

    code: ClassVar[str] = "REFUSED"
    field: str = ""
    rule: ClassVar[str] = ""
    """The rule's id in the domain's rule list, where it has one."""
    causes: Sequence[str] = ()
    """What stands behind the refusal, each a code, for whoever says it in other words."""
    transient: ClassVar[bool] = False
    """Whether the same may be allowed in a moment: policies and timers then wait, and park or drop nothing."""
    hides: bool = False
    """Whether who asks may not even know of the thing: they are told that there is none (A-09), our own log why."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            name = cls.__name__.removesuffix("Error")
            cls.code = "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(name)).upper()

    @classmethod
    def hiding(cls) -> Self:
        """The refusal of somebody for whom the thing is not there."""
        refusal = cls()
        refusal.hides = True
        return refusal

    def __str__(self) -> str:
        """The words given, or else the error's own docstring: the broken rule, on one line."""
        if self.args and isinstance(self.args[0], str):
            return self.args[0]
        return " ".join((self.__doc__ or self.code).split())


class NotFoundError(DomainError):
    """There is nothing with this id that you may see."""


class NotAllowedError(DomainError):
    """You may not do this."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that was wrong with what was typed."""

    code: str
    field: str
    message: str = ""


class FaultsError(DomainError):
    """Several things that were typed cannot be taken; `faults` say what, in the order of the form."""

    field = "request"

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{one.field}: {one.message or one.code}" for one in faults))
        self.faults = tuple(faults)


class Stamped(DomainEvent):
    """An event whose time is the one clock's."""

    @staticmethod
    def create_timestamp() -> datetime:
        """The injected clock's moment, not the library's own."""
        return nature.now()


class AggregateCreated(CanInitAggregate[UUID], Stamped):
    """The first event of an aggregate."""

    originator_topic: str


class Aggregate(BaseAggregate[UUID]):
    """What keeps an invariant: a stream of events and the decisions made on them."""

    TOPIC: ClassVar[str]

    class Event(CanMutateAggregate[UUID], Stamped):
        """A decision of an existing aggregate."""


class Claim(Aggregate):
    """At most one owner at a time of something that must be unique and can be given up."""

    TOPIC = "chassis.Claim"

    class Claimed(AggregateCreated):
        """The thing has its first owner from now on."""

        TOPIC = "chassis.Claim.Claimed"
        owner_id: UUID

    class ClaimedAgain(Aggregate.Event):
        """The thing, which had been given up, has an owner again from now on."""

        TOPIC = "chassis.Claim.ClaimedAgain"
        owner_id: UUID

    class Released(Aggregate.Event):
        """The thing has no owner from now on."""

        TOPIC = "chassis.Claim.Released"

    @event(Claimed)
    def __init__(self, id: UUID, owner_id: UUID) -> None:  # noqa: ARG002 - `id` lets a caller pass it
        self.owner_id: UUID | None = owner_id

    def claim(self, owner_id: UUID) -> bool:
        """Take it if it is free. Return whether `owner_id` owns it now; twice is the same as once."""
        if self.owner_id is None:
            self._claimed_again(owner_id=owner_id)
        return self.owner_id == owner_id

    def release(self, owner_id: UUID) -> None:
        """Give it up; what another owns stays theirs."""
        if self.owner_id == owner_id:
            self._released()

    @event(ClaimedAgain)
    def _claimed_again(self, owner_id: UUID) -> None:
        self.owner_id = owner_id

    @event(Released)
    def _released(self) -> None:
        self.owner_id = None


class Look(Aggregate):
    """One look of an auditor at one thing; nothing comes after it."""

    TOPIC = "chassis.Look"

    class Taken(AggregateCreated):
        """The actor has been told of `about` (a stream, a provider), as `question` and `asked` say."""

        TOPIC = "chassis.Look.Taken"
        question: str
        about: UUID
        asked: dict[str, str]

    @event(Taken)
    def __init__(self, id: UUID, question: str, about: UUID, asked: dict[str, str]) -> None:  # noqa: ARG002 - as above
        self.question, self.about, self.asked = question, about, asked


def id_of(*parts: object) -> UUID:
    """An id made of what must be unique: the same parts give the same id, for ever.

    Parts are public; what is personal goes through an HMAC first (`chassis.vault.blind`).
    """
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))
