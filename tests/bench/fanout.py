"""Latency of a message by how many subscribers there are (performance 3): one relay writes, whoever subscribes reads.

The broker is Kafka, published to by our own driver; each subscriber is a consumer as the kit has one (librdkafka),
which waits for what comes. All stand in one process with the publisher, so that one clock times both: a hundred of
them share its cores with the broker, which is the harder case. Publishing is done once, however many there are.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

from confluent_kafka import Consumer, KafkaException, TopicPartition

from chassis.bus import Message, Topic
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.server import KafkaServer
from chassis.kafka.topics import KafkaTopicAdmin
from cli.demo import eventually
from tests.bench.figures import Bench, Line, Plot, begin, percentile, ratios
from tests.bench.kafka import broker
from tests.bench.machine import cpu_s
from tests.load.arrivals import arrive

TOPIC = "Fanned"
MANY = (1, 10, 100)
RATE = 20
WAIT_S = 30.0
GOAL = 2.0
PARTITIONS = 3


@dataclass
class Reader:
    """One subscriber on a thread of its own: when it had which message."""

    kafka: str
    seen: dict[int, float] = field(default_factory=dict)
    ready: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        settings = {"bootstrap.servers": self.kafka, "group.id": "bench", "enable.auto.commit": False, "log_level": 0}
        consumer = Consumer(settings)
        consumer.assign([TopicPartition(TOPIC, number, _end(consumer, number)) for number in range(PARTITIONS)])
        while not self.over.is_set():
            message = consumer.poll(0.5)
            if message is None:
                self.ready.set()
            else:
                self.seen[int(message.value() or b"0")] = time.perf_counter()
        consumer.close()


def _end(consumer: Consumer, number: int) -> int:
    """Where a partition ends; a topic that was just made has no leader for a moment."""

    def looked() -> tuple[int, int] | None:
        with suppress(KafkaException):
            return consumer.get_watermark_offsets(TopicPartition(TOPIC, number), timeout=WAIT_S)
        return None

    return int(eventually(looked, f"a leader of partition {number}")[1])


@contextmanager
def readers(kafka: str, count: int) -> Iterator[list[Reader]]:
    """So many subscribers that have come to the end of the topic."""
    made = [Reader(kafka) for _ in range(count)]
    try:
        for one in made:
            assert one.ready.wait(WAIT_S), "a subscriber did not come to the end"
        yield made
    finally:
        for one in made:
            one.over.set()
        for one in made:
            one.thread.join(WAIT_S)


def one_round(
    kafka: KafkaServer, publisher: KafkaPublisher, first: int, count: int, subscribers: int
) -> tuple[list[float], float]:
    """Milliseconds from before a message is published to each subscriber that has it; and of CPU, for each of those."""
    sent: dict[int, float] = {}
    with readers(kafka.bootstrap, subscribers) as reading:
        used = _cpu_s(kafka)

        def publish(turn: int) -> None:
            number = first + turn
            sent[number] = time.perf_counter()
            publisher.publish([Message(topic=TOPIC, key=str(number), value=str(number).encode(), headers={})])

        arrive(RATE, count / RATE, publish, clients=1)
        eventually(lambda: all(len(one.seen) >= count for one in reading), "the last message at every subscriber")
        used = _cpu_s(kafka) - used
        for one in reading:
            assert one.seen.keys() == sent.keys(), "a subscriber missed a message, or has one of before"
        took = [(at - sent[number]) * 1e3 for one in reading for number, at in one.seen.items()]
        return took, used / len(took) * 1e3


def _cpu_s(kafka: KafkaServer) -> float:
    """Of the broker and of everybody in this process."""
    assert kafka.pid is not None
    return time.process_time() + cpu_s([kafka.pid])


def measure(bench: Bench, kafka: KafkaServer) -> None:
    rounds, count = (1, 40) if bench.quick else (bench.rounds or 5, 100)
    admin, publisher = KafkaTopicAdmin(kafka.bootstrap), KafkaPublisher(kafka.bootstrap)
    p50: dict[int, list[float]] = {many: [] for many in MANY}
    p99: dict[int, list[float]] = {many: [] for many in MANY}
    cpu: dict[int, list[float]] = {many: [] for many in MANY}
    with ExitStack() as closing:
        closing.callback(admin.close)
        closing.callback(publisher.close)
        admin.ensure([Topic(name=TOPIC, partitions=PARTITIONS, compacted=False, retention_days=1, origin="bench")])
        one_round(kafka, publisher, 0, 20, 1)
        first = 20
        for _ in range(rounds):
            for many in MANY:
                took, used = one_round(kafka, publisher, first, count, many)
                first += count
                p50[many].append(percentile(took, 0.5))
                p99[many].append(percentile(took, 0.99))
                cpu[many].append(used)
    for many in MANY:
        bench.add(f"published -> {many} subscriber{'s' * (many > 1)}: p50", "ms", p50[many], at_most=True)
        bench.add("  p99", "ms", p99[many], at_most=True)
        bench.add("  CPU for each message at each subscriber, broker and all", "ms", cpu[many], at_most=True)
        if many > 1:
            bench.add("  p99 / of one", "x", ratios(p99[many], p99[1]), at_most=True, goal=GOAL)
    lines = [
        Line(name, list(MANY), [percentile(of[many], 0.5) for many in MANY])
        for name, of in (("p50", p50), ("p99", p99))
    ]
    title = "From publishing to every subscriber"
    bench.plots.append(Plot("latency-by-subscribers", title, "subscribers", "ms", lines, by_powers=True))


def main() -> int:
    bench = begin("fanout", __doc__)
    with broker(bench) as kafka:
        if kafka is not None:
            measure(bench, kafka)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
