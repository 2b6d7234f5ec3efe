"""Topics on Kafka: making them, and reading their ids and partitions.

aiokafka cannot read topic ids, so all of this goes by confluent-kafka's admin client.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from chassis.bus import BusUnavailableError, Topic, UnknownTopicError
from chassis.kafka.tls import Tls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

DAY_MS = 86_400_000

MESSAGE_BYTES = 2_000_000
"""The largest message with key and headers. Twice the limit of a gRPC message, so that what came in goes out."""

TOPIC_BYTES = MESSAGE_BYTES + 65_536
"""What a topic accepts in one batch: one largest message and its frame."""

MAX_AGE_S = 2.0
"""How long a topic's id is believed without asking again: so late is a topic made anew noticed."""

PAUSE_S = 0.02

_UNKNOWN = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError.TOPIC_EXCEPTION, KafkaError._UNKNOWN_TOPIC}  # noqa: SLF001


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """What the broker says of a topic just now."""

    id: str
    partitions: int
    led: bool
    """Whether every partition has a leader: records can be written and read."""


class TopicTable:
    """Ids and partitions of topics, asked for at most once in a while."""

    def __init__(self, bootstrap: str, *, deadline_s: float, tls: Tls | None = None) -> None:
        self._deadline_s = deadline_s
        self._known: dict[str, tuple[TopicInfo, float]] = {}
        self._admin = _admin(bootstrap, tls)

    def look_up(self, names: Iterable[str], *, max_age_s: float = MAX_AGE_S) -> dict[str, TopicInfo]:
        """Return all these topics as they were at most `max_age_s` seconds ago.

        Raises `UnknownTopicError` for one that does not exist and `BusUnavailableError` when nobody answers.
        """
        wanted = set(names)
        before = time.monotonic()  # an answer is as old as its question
        stale = [name for name in wanted if before - self._known.get(name, (None, -1e9))[1] >= max_age_s]
        if stale:
            found = describe(self._admin, stale, seconds=self._deadline_s)
            for name in stale:
                self._known.pop(name, None)
            self._known.update({name: (info, before) for name, info in found.items()})
            missing = sorted(set(stale) - set(found))
            if missing:
                raise UnknownTopicError(", ".join(missing))
        return {name: self._known[name][0] for name in wanted}

    def forget(self) -> None:
        """Ask again next time: something happened that a topic made anew would explain."""
        self._known.clear()


def settings_of(topic: Topic) -> dict[str, str]:
    """The topic's settings as Kafka names them, whoever makes it."""
    config = {
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(TOPIC_BYTES),
        "retention.ms": str(topic.retention_days * DAY_MS or -1),
    }
    if topic.compacted:
        config |= {
            "cleanup.policy": "compact",
            # a relay that was frozen writes a late record: there is a day to notice and publish the newest again
            "min.compaction.lag.ms": str(DAY_MS),
            "delete.retention.ms": str(30 * DAY_MS),
        }
    return config


class KafkaTopicAdmin:
    """Makes topics on Kafka as `proto/` declares them."""

    def __init__(
        self, bootstrap: str, *, replication: int = 1, deadline_s: float = 5.0, tls: Tls | None = None
    ) -> None:
        self._replication = replication
        self._deadline_s = deadline_s
        self._admin = _admin(bootstrap, tls)
        self._closed = threading.Event()

    def ensure(self, topics: Sequence[Topic]) -> None:
        """Make the topics that are missing and return when all can be written and read.

        Raises `ValueError` for a topic that exists with other partitions (nothing is made then) or that the
        broker refuses, and `BusUnavailableError` when nobody answers in time.
        """
        names = [topic.name for topic in topics]
        found = describe(self._admin, names, seconds=self._deadline_s)
        _check_partitions(topics, found)
        missing = [self._new(topic) for topic in topics if topic.name not in found]
        if missing:
            made = self._admin.create_topics(missing, request_timeout=self._deadline_s)
            self._collect(made, harmless=KafkaError.TOPIC_ALREADY_EXISTS)  # two migrations at once
        found = self._until(names, present=True)
        _check_partitions(topics, found)

    def delete(self, topics: Sequence[str]) -> None:
        """Remove topics with all their records and return when they are gone; one that is not there is no matter."""
        if topics:
            gone = self._admin.delete_topics(list(topics), request_timeout=self._deadline_s)
            self._collect(gone, harmless=KafkaError.UNKNOWN_TOPIC_OR_PART)
            self._until(topics, present=False)

    def close(self) -> None:
        """Stop waiting for anything."""
        self._closed.set()

    def _new(self, topic: Topic) -> NewTopic:
        return NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=self._replication,
            config=settings_of(topic),
        )

    def _collect(self, futures: Mapping[str, Future[Any]], *, harmless: int) -> None:
        for name, future in futures.items():
            try:
                future.result(self._deadline_s + 1)
            except KafkaException as error:
                reason: KafkaError = error.args[0]
                if reason.code() == harmless:
                    continue
                if reason.retriable() or reason.code() < 0:  # below zero: the client's own, nobody answered
                    raise BusUnavailableError(f"{name}: {reason.str()}") from error
                raise ValueError(f"Kafka refuses topic {name}: {reason.str()}") from error
            except FutureTimeoutError as error:
                raise BusUnavailableError(f"{name}: no answer within {self._deadline_s} s") from error

    def _until(self, names: Sequence[str], *, present: bool) -> dict[str, TopicInfo]:
        """Wait until the broker that answers us has heard of it from the controller."""
        until = time.monotonic() + self._deadline_s
        while time.monotonic() < until:
            found = describe(self._admin, names, seconds=self._deadline_s)
            if present and all(name in found and found[name].led for name in names):
                return found
            if not present and not found:
                return found
            if self._closed.wait(PAUSE_S):
                break
        raise BusUnavailableError(f"Topics are not {'there' if present else 'gone'} yet: {', '.join(names)}")


def describe(admin: AdminClient, names: Iterable[str], *, seconds: float) -> dict[str, TopicInfo]:
    """Ask the broker for these topics; those that do not exist are left out of the answer.

    Raises `BusUnavailableError` when there is no answer within about `seconds`.
    """
    found: dict[str, TopicInfo] = {}
    wanted = sorted(set(names))
    if not wanted:
        return found
    try:
        futures = admin.describe_topics(TopicCollection(wanted), request_timeout=seconds)
        for name, future in futures.items():
            try:
                topic = future.result(seconds + 1)
            except KafkaException as error:
                if error.args[0].code() in _UNKNOWN:
                    continue
                raise
            led = all(part.leader is not None and part.leader.id >= 0 for part in topic.partitions)
            found[name] = TopicInfo(id=str(topic.topic_id), partitions=len(topic.partitions), led=led)
    except (KafkaException, FutureTimeoutError) as error:
        raise BusUnavailableError(f"Kafka does not answer: {error}") from error
    return found


def _admin(bootstrap: str, tls: Tls | None) -> AdminClient:
    settings: dict[str, Any] = {
        "bootstrap.servers": bootstrap,
        "log_level": 0,  # it writes to standard error; what fails is raised to the caller
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 500,  # its own 10 s would outlast a restart of the broker
        "socket.timeout.ms": 5000,
    }
    return AdminClient(settings | (tls.for_librdkafka() if tls else {}))


def _check_partitions(topics: Sequence[Topic], found: Mapping[str, TopicInfo]) -> None:
    for topic in topics:
        info = found.get(topic.name)
        if info is not None and info.partitions != topic.partitions:
            raise ValueError(
                f"Topic {topic.name} has {info.partitions} partitions, not {topic.partitions}: they are fixed for life"
            )
