"""What carries messages between services: two drivers, `chassis.kafka` and `chassis.embedded.bus`, keep it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class BusUnavailableError(Exception):
    """The bus cannot be reached just now; the same call may succeed later."""


class UnknownTopicError(Exception):
    """The topic does not exist; `migrate` makes topics, nothing else does."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic as `proto/` declares it; partitions are fixed for life."""

    name: str
    partitions: int
    compacted: bool
    retention_days: int
    """Days that a record is kept; 0 is for ever."""
    origin: str
    """The service that alone writes it; empty where every relay writes (`Progress`)."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message on its way out. `headers` are CloudEvents 1.0 in binary mode, and ours."""

    topic: str
    key: str
    value: bytes | None
    """None takes a state's key away: a tombstone."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """Where the bus has put a message; it is there for good once this has been returned."""

    topic: str
    topic_id: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """One message as it was read."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: Mapping[str, str]
    appended_at: datetime
    """The bus's own append time, never a sender's clock."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far one partition has been read: `offset` is the next to read, in the topic with this id."""

    topic_id: str
    offset: int


Places = Mapping[tuple[str, int], Place]
"""(topic, partition) -> Place."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought: records in order within each partition, and where to go on."""

    records: Sequence[Record] = ()
    places: Places = field(default_factory=dict)
    """The place after these records, for every partition that was asked for."""
    gaps: Sequence[tuple[str, int]] = ()
    """Partitions whose saved place retention has passed: what lay between is not to be had here."""


class Publisher(Protocol):
    """Writes messages. Order is kept within a key."""

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        """Write all, in order, and return their places in the same order once every one is durable.

        Raises `BusUnavailableError` when any may not have been written (some may have been: the caller
        publishes all of them again) and `UnknownTopicError` for a topic that nobody made.
        """
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


class Subscriber(Protocol):
    """Reads partitions from places that the caller keeps; knows no groups and commits nothing that matters."""

    def poll(self, topics: Sequence[str], places: Places, *, limit: int = 500) -> Batch:
        """Return what is there after the places, at most about `limit` records, without waiting for more.

        A partition without a place is read from its beginning. So is one whose topic has another id than the
        place says (made anew), and one whose place lies beyond the end. A place that retention has passed
        goes on at the first record left and is named in `gaps`.
        """
        ...

    def ends(self, topics: Sequence[str]) -> Places:
        """The place after the last record of every partition of these topics."""
        ...

    def another(self) -> Subscriber:
        """One of the same bus, for somebody who reads other topics: each reads on best where it has been.

        For what is not urgent: it takes little at a time, and little memory.
        """
        ...

    def close(self) -> None:
        """Let go of connections and threads."""
        ...


class TopicAdmin(Protocol):
    """Makes topics; used by `migrate` and by tests."""

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing; raise `ValueError` for one that exists with other partitions."""
        ...

    def delete(self, topics: Sequence[str]) -> None:
        """Remove topics with all their records."""
        ...


def partition_of(key: str, partitions: int) -> int:
    """The partition of a key: the same in both drivers, in every language, for ever.

    The first eight bytes of SHA-256 over the key's UTF-8, big-endian, modulo the number of partitions.
    """
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) % partitions


PATIENCE = 50
"""Polls that bring nothing, before the bus counts as away."""


def records_between(subscriber: Subscriber, begin: Places, ends: Places) -> Iterator[Record]:
    """All records from these places to those, and perhaps some that came meanwhile.

    To the ends, and not only until a poll brings nothing. Raises `BusUnavailableError` where they are not reached.
    """
    topics = sorted({topic for topic, _ in ends})
    places, empty = begin, 0
    while any(places[part].topic_id == end.topic_id and places[part].offset < end.offset for part, end in ends.items()):
        batch = subscriber.poll(topics, places)
        yield from batch.records
        empty = 0 if batch.records or batch.places != places else empty + 1
        if empty > PATIENCE:
            raise BusUnavailableError(f"{', '.join(topics)} cannot be read to the end")
        places = batch.places
