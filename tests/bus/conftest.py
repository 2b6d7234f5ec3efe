"""A real broker for the session, and the drivers that the conformance suite is run over."""

from __future__ import annotations

import os
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from confluent_kafka import TopicPartition

from chassis.bus import BusUnavailableError, Message, Topic
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber, EmbeddedTopicAdmin
from chassis.kafka import server
from chassis.kafka.jars import fetch_jars
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.migrate import migrate_bus, open_database
from tests.house import new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from chassis.bus import Publisher, Record, Subscriber, TopicAdmin
    from chassis.embedded.postgres import EmbeddedPostgres

T = TypeVar("T")


class Bus:
    """One driver as the conformance suite sees it; what it hands out is closed with it."""

    name: str
    admin: TopicAdmin

    def __init__(self) -> None:
        self._open: list[Publisher | Subscriber] = []

    def publisher(self) -> Publisher:
        self._open.append(made := self._publisher())
        return made

    def subscriber(self) -> Subscriber:
        self._open.append(made := self._subscriber())
        return made

    def topic(self, *, partitions: int = 3, compacted: bool = False) -> str:
        """Make a topic that no other test knows, and return its name."""
        topic = self.declare(f"T{uuid.uuid4().hex[:12]}", partitions=partitions, compacted=compacted)
        self.admin.ensure([topic])
        return topic.name

    @staticmethod
    def declare(name: str, *, partitions: int = 3, compacted: bool = False) -> Topic:
        days = 0 if compacted else 30
        return Topic(name=name, partitions=partitions, compacted=compacted, retention_days=days, origin="tests")

    def close(self) -> None:
        for one in self._open:
            one.close()

    def _publisher(self) -> Publisher:
        raise NotImplementedError

    def _subscriber(self) -> Subscriber:
        raise NotImplementedError

    def truncate(self, topic: str, partition: int, before: int) -> None:
        """Remove the records below this offset, as retention does."""
        raise NotImplementedError

    def tombstone(self, topic: str, key: str, headers: Mapping[str, str]) -> None:
        """Write a record without a value."""
        self.publisher().publish([Message(topic=topic, key=key, value=None, headers=headers)])


class KafkaBus(Bus):
    name = "kafka"

    def __init__(self, bootstrap: str) -> None:
        super().__init__()
        self._bootstrap = bootstrap
        self.admin = self._admin = KafkaTopicAdmin(bootstrap)

    def _publisher(self) -> Publisher:
        return KafkaPublisher(self._bootstrap)

    def _subscriber(self) -> Subscriber:
        return KafkaSubscriber(self._bootstrap)

    def close(self) -> None:
        super().close()
        self._admin.close()

    def truncate(self, topic: str, partition: int, before: int) -> None:
        place = TopicPartition(topic, partition, before)
        for future in self._admin._admin.delete_records([place]).values():
            future.result(10)


def _kafka(request: pytest.FixtureRequest) -> Bus:
    running: server.KafkaServer = request.getfixturevalue("kafka")
    return KafkaBus(running.bootstrap)


class EmbeddedBus(Bus):
    name = "embedded"

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self._database = open_database(dsn, "bus", size=9)
        self.admin = self._admin = EmbeddedTopicAdmin(self._database)

    def _publisher(self) -> Publisher:
        return EmbeddedPublisher(self._database)

    def _subscriber(self) -> Subscriber:
        return EmbeddedSubscriber(self._database)

    def close(self) -> None:
        super().close()
        self._database.close()

    def truncate(self, topic: str, partition: int, before: int) -> None:
        self._admin.truncate(topic, partition, before=before)


def _embedded(request: pytest.FixtureRequest) -> Bus:
    return EmbeddedBus(request.getfixturevalue("embedded_dsn"))


DRIVERS: dict[str, Callable[[pytest.FixtureRequest], Bus]] = {
    "kafka": _kafka,
    "embedded": _embedded,
}
"""What the conformance suite is run over: add a driver here, and a subclass of `Bus` above."""


@pytest.fixture(scope="session")
def embedded_dsn(postgres: EmbeddedPostgres) -> str:
    """A database with the bus's schema, for all tests: each makes topics of its own."""
    dsn = postgres.dsn(new_database(postgres))
    migrate_bus(dsn)
    return dsn


@pytest.fixture(scope="session")
def jars() -> Path:
    """Kafka's jars, fetched once for all checkouts."""
    return fetch_jars(Path(os.environ.get("MANDATE_CACHE") or Path.home() / ".cache" / "mandate"))


@pytest.fixture(scope="session")
def kafka(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.KafkaServer]:
    """A broker that no test may stop; one that may be is in `test_kafka_faults.py`."""
    running = server.start(tmp_path_factory.mktemp("kafka"), jars=jars)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(params=DRIVERS)
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    made = DRIVERS[request.param](request)
    try:
        yield made
    finally:
        made.close()


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Ask again until the answer is true, for at most so many seconds; return that answer."""

    def ask(check: Callable[[], T], *, seconds: float = 20.0) -> T:
        until = time.monotonic() + seconds
        while not (answer := check()):
            assert time.monotonic() < until, "it did not happen in time"
            threading.Event().wait(0.02)
        return answer

    return ask


@pytest.fixture
def read_all() -> Callable[..., Any]:
    """Everything after these places, by polling until a poll brings nothing: (records, places)."""

    def read(
        subscriber: Subscriber, topics: list[str], places: Any = None, *, patient: bool = False
    ) -> tuple[list[Record], Any]:
        records: list[Record] = []
        places = places or {}
        while True:
            try:
                batch = subscriber.poll(topics, places)
            except BusUnavailableError:
                if not patient:
                    raise
                continue
            places = batch.places
            if not batch.records:
                return records, places
            records.extend(batch.records)

    return read
