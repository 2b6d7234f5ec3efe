"""A subscriber's bootstrap: AssociationState rows from a real broker into the index of rights, until proven in sync.

The promise is a million rows in 30 seconds. The limit is librdkafka's bare reading of the same records, which looks at
none of them. `--rows 1000000` measures the whole; the rate of fewer is the same.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import UUID

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition
from mandate.access.v1.state_pb2 import AssociationState
from mandate_kit import feeding
from mandate_kit.rights import NotKnownError, Rights

from chassis import nature
from chassis.bus import Message
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.server import KafkaServer
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import Catalogue
from cli.teller import Teller, make_topics
from tests.bench.figures import Bench, begin, ratios
from tests.bench.kafka import broker
from tests.bench.machine import cpu_s

FLOOR = 1_000_000 / 30
BATCH = 5_000
SERVICES = ("access", "connections", "identity")
PARTITIONS = 12


def rows(teller: Teller, count: int) -> Iterator[Message]:
    """People at a fiftieth as many employers, with ids as they come from `nature`."""
    employers = [nature.new_id() for _ in range(max(1, count // 50))]
    for number in range(count):
        association_id, account_id = nature.new_id(), nature.new_id()
        state = AssociationState(
            association_id=str(association_id),
            account_id=str(account_id),
            employer_id=str(employers[number % len(employers)]),
            role="ACCESS_MANAGER" if number % 10 == 0 else "STAFF_END_USER",
            status="APPROVED" if number % 7 else "DISASSOCIATED",
            functions=["NPPES", "PECOS"][: 1 + number % 2],
        )
        yield teller.made(state, association_id, 1 + number % 3)


def tell(kafka: KafkaServer, teller: Teller, count: int) -> None:
    """Write the rows."""
    admin = KafkaTopicAdmin(kafka.bootstrap)
    make_topics(admin, "", Catalogue(), feeding.TOPICS)
    admin.close()
    batch: list[Message] = []
    for message in rows(teller, count):
        batch.append(message)
        if len(batch) == BATCH:
            teller.tell(batch)
            batch.clear()
    teller.tell(batch)


def bootstrapped(kafka: KafkaServer, teller: Teller, count: int) -> tuple[float, float]:
    """Seconds, and CPU seconds of this process, until all rows are in and proven; somebody's right is looked at."""
    teller.prove(SERVICES)
    began, used = time.perf_counter(), time.process_time()
    with Rights(kafka.bootstrap) as rights:
        while not rights.in_sync(*teller.receipts(SERVICES)):
            with suppress(NotKnownError):
                rights.wait_in_sync(*teller.receipts(SERVICES), seconds=1)
            teller.prove(SERVICES)  # as services do, once a second
        took = time.perf_counter() - began, time.process_time() - used
        assert len(rights._listener.index._associations) == count
        assert not rights.can_act(UUID(int=1), UUID(int=2), "PECOS")
    return took


def bare(kafka: KafkaServer, count: int) -> float:
    """Seconds of reading alone."""
    began = time.perf_counter()
    consumer = Consumer(
        {"bootstrap.servers": kafka.bootstrap, "group.id": "bare", "enable.partition.eof": True, "log_level": 0}
    )
    consumer.assign([TopicPartition("AssociationState", number, OFFSET_BEGINNING) for number in range(PARTITIONS)])
    seen = ended = 0
    while ended < PARTITIONS:
        for message in consumer.consume(1_000, 1.0):
            error = message.error()
            seen += error is None
            ended += error is not None and error.code() == KafkaError._PARTITION_EOF
    took = time.perf_counter() - began
    assert seen == count
    consumer.close()
    return took


def measure(bench: Bench, kafka: KafkaServer, count: int) -> None:
    publisher = KafkaPublisher(kafka.bootstrap, deadline_s=30)
    teller = Teller(publisher, "", Catalogue())
    tell(kafka, teller, count)
    whole, cpu, limit = [], [], []
    for _ in range(1 if bench.quick else bench.rounds or 3):
        limit.append(count / bare(kafka, count))
        took, used = bootstrapped(kafka, teller, count)
        whole.append(count / took)
        cpu.append(count / used)
    publisher.close()
    bench.add(f"bootstrap of the index, {count:,} states", "rows/s", whole, FLOOR)
    bench.add("  rows a CPU second of this process", "rows/cpu s", cpu)
    bench.add("  / bare reading of the same records", "x", ratios(whole, limit))
    if kafka.pid is not None:
        bench.foreign.count(cpu_s([kafka.pid]))


def main() -> int:
    options = argparse.ArgumentParser(add_help=False)
    options.add_argument("--rows", type=int, default=0)
    chosen, rest = options.parse_known_args()
    bench = begin("bootstrap", __doc__, rest)
    with broker(bench) as kafka:
        if kafka is not None:
            measure(bench, kafka, chosen.rows or (50_000 if bench.quick else 200_000))
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
