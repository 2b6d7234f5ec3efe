"""The disk of the broker is full: who publishes is told so in time, and nothing that was confirmed is lost (F-11)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chassis import nature
from chassis.bus import BusUnavailableError, Message, Topic
from chassis.kafka import server
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin
from tests.fire.test_disk_full import BALLAST_MB, mounted, need_a_disk

pytestmark = [pytest.mark.xdist_group("disk"), pytest.mark.timeout(420)]

SPACE_MB = 64
"""What the broker's disk has beside its ballast."""
TOPIC = "Filled"
BATCH, LONG, MOST = 20, 20_000, 400
DEADLINE_S = 2.0
ALLOWED_S = 3 * DEADLINE_S
"""Within what a call must have ended, on a busy machine too."""


@pytest.fixture
def broker(tmp_path: Path, jars: Path) -> Iterator[tuple[server.KafkaServer, Path]]:
    """A broker with everything that it keeps on a small disk of its own."""
    need_a_disk()
    with mounted(tmp_path, megabytes=SPACE_MB + BALLAST_MB) as disk:
        (disk / "ballast").write_bytes(bytes(BALLAST_MB << 20))
        running = server.start(disk / "kafka", jars=jars)
        try:
            yield running, disk
        finally:
            running.stop()


def publish(publisher: KafkaPublisher, first: int) -> None:
    """A batch of numbered messages that cannot be pressed together; it ends in time, whatever comes of it."""
    began = time.monotonic()
    texts = [f"{number} {nature.random_bytes(LONG // 2).hex()}" for number in range(first, first + BATCH)]
    try:
        publisher.publish([Message(topic=TOPIC, key="all", value=text.encode(), headers={}) for text in texts])
    finally:
        assert time.monotonic() - began < ALLOWED_S


def fill(publisher: KafkaPublisher) -> int:
    """Publish until it says no: how many messages it has taken."""
    for first in range(0, MOST * BATCH, BATCH):
        try:
            publish(publisher, first)
        except BusUnavailableError:
            return first
    raise AssertionError("the disk was never full")


def test_a_broker_that_finds_space_again_has_all_that_it_confirmed(
    broker: tuple[server.KafkaServer, Path], read_all: Callable[..., Any]
) -> None:
    """Whether it ends or refuses when its disk is full: more space and another start are all that it needs."""
    running, disk = broker
    admin = KafkaTopicAdmin(running.bootstrap)
    admin.ensure([Topic(name=TOPIC, partitions=1, compacted=False, retention_days=30, origin="tests")])
    publisher = KafkaPublisher(running.bootstrap, deadline_s=DEADLINE_S)
    subscriber = KafkaSubscriber(running.bootstrap)
    try:
        confirmed = fill(publisher)
        assert confirmed
        for _ in range(2):  # nothing is taken meanwhile, and who asks is not held up
            with pytest.raises(BusUnavailableError):
                publish(publisher, confirmed)
        (disk / "ballast").unlink()  # space is added
        running.restart()
        for first in range(confirmed, confirmed + 5 * BATCH, BATCH):
            publish(publisher, first)
        records, _ = read_all(subscriber, [TOPIC])
    finally:
        publisher.close()
        subscriber.close()
        admin.close()
    numbers = [int(record.value.split()[0]) for record in records]
    # what nobody was told of may stand there too, once or more: a batch is published again until it is confirmed
    assert list(dict.fromkeys(numbers)) == list(range(confirmed + 5 * BATCH))
