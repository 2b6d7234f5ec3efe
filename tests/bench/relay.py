"""Drain of 20,000 events through the relay, on the embedded bus and on Kafka.

The limit is the bare publisher of the same bus, given the very messages that the relay made, in batches as large.
Every round reads the bus from its beginning: no message lost, none twice, versions rising within each key.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence

from chassis.bus import Message, Publisher, Record, Subscriber, TopicAdmin, Written
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import PROGRESS
from chassis.progress import Standing
from chassis.relay import Relay
from services.connections.__main__ import SERVICE as CONNECTIONS
from tests.bench.figures import Bench, begin, ratios
from tests.bench.history import append_all, connection_events
from tests.bench.kafka import broker
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import CATALOGUE, House, Room, build, living

FLOOR = 2_000
TOPICS = ("ConnectionRequested", "ConnectionApproved", "ConnectionState")


class Noted:
    """A publisher that keeps what went through it, batch by batch."""

    def __init__(self, inner: Publisher) -> None:
        self._inner = inner
        self.batches: list[Sequence[Message]] = []

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        if any(message.topic != PROGRESS for message in messages):
            self.batches.append(messages)
        return self._inner.publish(messages)

    def close(self) -> None:
        self._inner.close()


class Bus:
    """One driver: its three parts."""

    def __init__(self, name: str, publisher: Publisher, subscriber: Subscriber, admin: TopicAdmin) -> None:
        self.name, self.publisher, self.subscriber, self.admin = name, publisher, subscriber, admin

    def anew(self) -> None:
        """Topics without a record."""
        self.admin.delete(list(CATALOGUE.topics))
        self.admin.ensure(tuple(CATALOGUE.topics.values()))


def drain(room: Room, bus: Bus) -> tuple[float, float, Noted]:
    """Seconds of a drain from the log's beginning, and CPU seconds of this process."""
    with room.app.session() as session:
        session.run("UPDATE positions SET position = 0 WHERE follower = %s", (f"{room.app.name}.relay",))
        session.run("DELETE FROM told")
        session.run("DELETE FROM written")
    noted = Noted(bus.publisher)
    relay = Relay(room.app, CONNECTIONS.publishing, noted, Standing(bus.subscriber, room.app.name))
    began, used = time.perf_counter(), time.process_time()
    while relay.step():
        pass
    return time.perf_counter() - began, time.process_time() - used, noted


def read_all(bus: Bus, expected: int) -> list[Record]:
    """Everything on the bus, within a bound."""
    records: list[Record] = []
    places = dict(bus.subscriber.ends(TOPICS))
    ends, places = places, {}
    until = time.perf_counter() + 60
    while time.perf_counter() < until and len(records) < expected:
        batch = bus.subscriber.poll(TOPICS, places, limit=5_000)
        records += batch.records
        places = dict(batch.places)
    assert sum(place.offset for place in ends.values()) >= expected
    return records


def check(bus: Bus, noted: Noted, events: int) -> None:
    """What the relay made is on the bus, each once, in order within its key."""
    sent = [message for batch in noted.batches for message in batch]
    ids = {message.headers["ce_id"] for message in sent}
    assert len(ids) == len(sent) == 2 * events, (len(ids), len(sent))
    records = read_all(bus, len(sent))
    assert Counter(record.headers["ce_id"] for record in records) == Counter(ids)
    last: dict[tuple[str, str], int] = {}
    for record in records:
        key, version = (record.topic, record.key), int(record.headers["ce_sequence"])
        assert version > last.get(key, 0), (key, version)
        last[key] = version


def measure(bench: Bench, postgres: EmbeddedPostgres, house: House, buses: Sequence[Bus]) -> None:
    rounds, events = (1, 5_000) if bench.quick else (bench.rounds or 5, 20_000)
    append_all(house.connections, connection_events(events), limit=events)
    rates: dict[str, list[float]] = {}
    for _ in range(rounds):
        for bus in buses:
            bus.anew()
            took, used, noted = drain(house.connections, bus)
            check(bus, noted, events)
            count = 2 * events
            rates.setdefault(bus.name, []).append(count / took)
            rates.setdefault(f"cpu {bus.name}", []).append(count / used)
            bus.anew()
            began = time.perf_counter()
            for batch in noted.batches:
                bus.publisher.publish(batch)
            rates.setdefault(f"bare {bus.name}", []).append(count / (time.perf_counter() - began))
    for bus in buses:
        bench.add(f"relay drain, {bus.name}", "messages/s", rates[bus.name], FLOOR)
        bench.add(f"  messages a CPU second of this process, {bus.name}", "messages/cpu s", rates[f"cpu {bus.name}"])
        bench.add(f"  bare publisher, {bus.name}", "messages/s", rates[f"bare {bus.name}"])
        bench.add("  relay / bare publisher", "x", ratios(rates[bus.name], rates[f"bare {bus.name}"]))
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def main() -> int:
    bench = begin("relay", __doc__)
    with server() as postgres, broker(bench) as kafka:
        template = build(postgres, (CONNECTIONS,))
        with living(postgres, template, (CONNECTIONS,)) as house:
            buses = [Bus("embedded bus", house.publisher, house.subscriber, house.admin)]
            parts: list[KafkaPublisher | KafkaSubscriber | KafkaTopicAdmin] = []
            if kafka is not None:
                publisher, subscriber = KafkaPublisher(kafka.bootstrap), KafkaSubscriber(kafka.bootstrap)
                admin = KafkaTopicAdmin(kafka.bootstrap)
                parts = [publisher, subscriber, admin]
                buses.append(Bus("Kafka", publisher, subscriber, admin))
            try:
                measure(bench, postgres, house, buses)
            finally:
                for part in parts:
                    part.close()
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
