"""A broker that is killed, stopped, paused and started again under the driver (reliability F-05, F-06)."""

from __future__ import annotations

import threading
import time
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from chassis.bus import BusUnavailableError, Message, Topic, Written
from chassis.kafka import server
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DEADLINE_S = 2.0
ALLOWED_S = 2 * DEADLINE_S
"""Within what a call must have ended, on a busy machine too."""

KEYS = 20
BATCH = 50


@pytest.fixture(scope="module")
def mortal(jars: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.KafkaServer]:
    """A broker of these tests' own."""
    running = server.start(tmp_path_factory.mktemp("mortal"), jars=jars)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def topic(mortal: server.KafkaServer) -> str:
    if mortal.pid is None:  # a test before this one has failed
        mortal.restart()
    mortal.resume()
    name = f"T{uuid.uuid4().hex[:12]}"
    admin = KafkaTopicAdmin(mortal.bootstrap)
    admin.ensure([Topic(name=name, partitions=3, compacted=False, retention_days=30, origin="tests")])
    admin.close()
    return name


@pytest.fixture
def publisher(mortal: server.KafkaServer) -> Iterator[KafkaPublisher]:
    made = KafkaPublisher(mortal.bootstrap, deadline_s=DEADLINE_S)
    yield made
    made.close()


@pytest.fixture
def subscriber(mortal: server.KafkaServer) -> Iterator[KafkaSubscriber]:
    made = KafkaSubscriber(mortal.bootstrap, deadline_s=DEADLINE_S)
    yield made
    made.close()


class Stream(threading.Thread):
    """A relay: publishes numbered messages in order, and a batch again until it is confirmed."""

    def __init__(self, publisher: KafkaPublisher, topic: str) -> None:
        super().__init__(daemon=True)
        self.publisher = publisher
        self.topic = topic
        self.enough = threading.Event()
        self.confirmed: dict[int, Written] = {}
        self.failures = 0
        self.slowest_s = 0.0

    def run(self) -> None:
        number = 0
        while not self.enough.is_set():
            numbers = range(number, number + BATCH)
            began = time.monotonic()
            try:
                written = self.publisher.publish([message(self.topic, one) for one in numbers])
            except BusUnavailableError:
                self.failures += 1
            else:
                self.confirmed.update(zip(numbers, written, strict=True))
                number += BATCH
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)

    def until(self, count: int, eventually: Callable[..., Any]) -> None:
        eventually(lambda: len(self.confirmed) >= count, seconds=60)

    def finish(self) -> dict[int, Written]:
        self.enough.set()
        self.join(60)
        assert not self.is_alive()
        return self.confirmed


def message(topic: str, number: int) -> Message:
    return Message(topic=topic, key=f"key-{number % KEYS}", value=str(number).encode(), headers={})


def check(records: list[Any], confirmed: dict[int, Written]) -> None:
    """Nothing confirmed is missing, and without repeats every key's messages are in order and complete."""
    found = {(record.partition, record.offset): record for record in records}
    assert len(found) == len(records)
    for number, place in confirmed.items():
        assert found[place.partition, place.offset].value == str(number).encode()
    keys: dict[str, list[int]] = defaultdict(list)
    for record in records:
        number = int(record.value)
        if number not in keys[record.key]:
            keys[record.key].append(number)
    for key, numbers in keys.items():
        first = int(key.removeprefix("key-"))
        assert numbers == list(range(first, first + KEYS * len(numbers), KEYS))


def fails_within_its_deadline(call: Callable[[], Any], *, answers_left: int = 0) -> None:
    """`answers_left`: how often it may still be answered, by what a broker had sent before it froze."""
    for left in reversed(range(answers_left + 1)):
        began = time.monotonic()
        try:
            call()
        except BusUnavailableError:
            break
        finally:
            assert time.monotonic() - began < ALLOWED_S
        assert left, "it was answered"


def test_a_killed_broker_loses_nothing_and_keeps_the_order(
    *,
    mortal: server.KafkaServer,
    topic: str,
    publisher: KafkaPublisher,
    subscriber: KafkaSubscriber,
    read_all: Callable[..., Any],
    eventually: Callable[..., Any],
) -> None:
    stream = Stream(publisher, topic)
    stream.start()
    records: list[Any] = []
    places = None
    for _ in range(3):
        stream.until(len(stream.confirmed) + 2000, eventually)
        mortal.kill()
        # long enough for a call to run into its deadline once
        eventually(lambda before=stream.failures: stream.failures > before)
        mortal.restart()
        stream.until(len(stream.confirmed) + 500, eventually)
        batch = subscriber.poll([topic], places or {}, limit=100_000)
        records, places = [*records, *batch.records], batch.places
    confirmed = stream.finish()
    rest, _ = read_all(subscriber, [topic], places)
    check([*records, *rest], confirmed)
    assert stream.slowest_s < ALLOWED_S


def test_a_restart_shorter_than_the_deadline_loses_nothing(
    mortal: server.KafkaServer,
    topic: str,
    subscriber: KafkaSubscriber,
    read_all: Callable[..., Any],
    eventually: Callable[..., Any],
) -> None:
    """The same producer goes on, and what it sends again the broker takes once."""
    publisher = KafkaPublisher(mortal.bootstrap, deadline_s=30)
    try:
        stream = Stream(publisher, topic)
        stream.start()
        stream.until(1000, eventually)
        mortal.kill()
        mortal.restart()
        stream.until(len(stream.confirmed) + 1000, eventually)
        confirmed = stream.finish()
        records, _ = read_all(subscriber, [topic])
        check(records, confirmed)
        assert stream.failures == 0
        assert len(records) == len(confirmed)
    finally:
        publisher.close()


def test_without_a_broker_calls_fail_in_time_and_work_again_afterwards(
    mortal: server.KafkaServer,
    topic: str,
    publisher: KafkaPublisher,
    subscriber: KafkaSubscriber,
    read_all: Callable[..., Any],
) -> None:
    publisher.publish([message(topic, 1)])
    _, places = read_all(subscriber, [topic])
    threads = threading.active_count()
    mortal.stop()
    for _ in range(3):
        fails_within_its_deadline(lambda: publisher.publish([message(topic, 2)]))
        fails_within_its_deadline(lambda: subscriber.poll([topic], places))
        fails_within_its_deadline(lambda: subscriber.ends([topic]))
        assert threading.active_count() <= threads
    mortal.restart()
    publisher.publish([message(topic, 3)])
    records, places = read_all(subscriber, [topic], places)
    for _ in range(20):  # about two seconds in which a producer that was given up would deliver after all
        more, places = read_all(subscriber, [topic], places)
        records += more
    assert [record.value for record in records] == [b"3"]


def test_a_frozen_broker_makes_calls_fail_in_time(
    *,
    mortal: server.KafkaServer,
    topic: str,
    publisher: KafkaPublisher,
    subscriber: KafkaSubscriber,
    read_all: Callable[..., Any],
    eventually: Callable[..., Any],
) -> None:
    """Connections stay open and nothing answers; afterwards late messages may come, in order all the same."""
    stream = Stream(publisher, topic)
    stream.start()
    stream.until(1000, eventually)
    records, places = read_all(subscriber, [topic]) if stream.finish() else ([], {})
    threads = threading.active_count()
    mortal.pause()
    number = max(stream.confirmed) + 1
    try:
        for answers_left in (1, 0):
            fails_within_its_deadline(lambda: publisher.publish([message(topic, number)]))
            fails_within_its_deadline(lambda: subscriber.poll([topic], places), answers_left=answers_left)
            assert threading.active_count() <= threads
    finally:
        mortal.resume()

    def works() -> bool:
        try:
            [stream.confirmed[number]] = publisher.publish([message(topic, number)])
        except BusUnavailableError:
            return False
        return True

    eventually(works)
    rest, _ = read_all(subscriber, [topic], places, patient=True)
    check([*records, *rest], stream.confirmed)


def test_a_new_object_may_be_made_while_the_broker_is_away(
    mortal: server.KafkaServer, topic: str, read_all: Callable[..., Any]
) -> None:
    mortal.kill()
    publisher = KafkaPublisher(mortal.bootstrap, deadline_s=DEADLINE_S)
    subscriber = KafkaSubscriber(mortal.bootstrap, deadline_s=DEADLINE_S)
    try:
        fails_within_its_deadline(lambda: publisher.publish([message(topic, 1)]))
        fails_within_its_deadline(lambda: subscriber.poll([topic], {}))
        mortal.restart()
        publisher.publish([message(topic, 1)])
        records, _ = read_all(subscriber, [topic])
        assert [record.value for record in records] == [b"1"]
    finally:
        publisher.close()
        subscriber.close()
