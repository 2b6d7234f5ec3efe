"""Commit -> own view, and commit -> another service's decision, at 20 commands a second (P11).

The embedded bus runs as `mandate run` runs it: one process, one bell, one thread a service. Kafka runs as `mandate up`
runs it: a thread a role, woken by LISTEN, and the api's application beside them (here all in one process). The
command is access's approval of a role; the decision is that of connections: whether this person manages the employer.
Commands are sent at fixed times; the clock starts when the commit has been answered. Limits in the same run: NOTIFY to
a reader of another session, and a bare producer and consumer on the same broker; the peer polls each 100 ms.
"""

# aiokafka has no annotations
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import psycopg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from chassis import nature
from chassis.bus import Publisher, Subscriber
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import Follower
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.server import KafkaServer
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.main import UNCALLED_S, UNHURRIED, UNHURRIED_S
from chassis.migrate import open_database
from chassis.runtime import POLL_S, Listener, Wakeup, Worker, running
from chassis.service import Service, abreast, followers
from cli.platform import POLL_S as POLL_IN_ONE_PROCESS_S
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import role_requests
from services.access.domain.association import Association
from services.access.projections.staff_list import STAFF_LIST
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.connections.projections.managers import MANAGERS, manages
from tests.bench.figures import Bench, begin, percentile, ratios
from tests.bench.kafka import broker
from tests.bench.machine import children, cpu_s, postmaster, server
from tests.house import CATALOGUE, House, build, living
from tests.papers import hand_in

RATE = 20
WAIT_S = 20.0
EUS = ("EUS",)
FLOORS_MS = {"embedded bus": 150, "Kafka": 500}
REST_S = 1.3
"""Between commands of an idle house: longer than any poll."""


class Watch:
    """When what stands in a view became visible: looked at after each step of its follower, without a poll."""

    def __init__(self, inner: Follower, look: Callable[[], None]) -> None:
        self.name, self._inner, self._look = inner.name, inner, look

    def step(self) -> bool:
        worked = self._inner.step()
        if worked:
            self._look()
        return worked


class Stopwatch:
    """Commit times, and what has been seen since."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.committed: dict[UUID, float] = {}
        self.pending: dict[str, set[UUID]] = {"access": set(), "connections": set()}
        self.seen: dict[str, dict[UUID, float]] = {"access": {}, "connections": {}}

    def expect(self, association: UUID) -> None:
        for waiting in self.pending.values():
            waiting.add(association)

    def look(self, service: str, table: str) -> None:
        at = time.perf_counter()
        waiting = list(self.pending[service])
        if not waiting:
            return
        with self._house.rooms[service].app.database.session() as session:
            rows = session.run(
                f"SELECT association_id FROM {table} WHERE association_id = ANY(%s) AND status = 'APPROVED'", (waiting,)
            )
        for (association,) in rows:
            self.seen[service][association] = at
            self.pending[service].discard(association)

    def milliseconds(self, service: str) -> list[float]:
        # seen before the command had its answer back is seen at once
        return [max(0.0, at - self.committed[one]) * 1e3 for one, at in self.seen[service].items()]


def watched(house: House, service: Service, app: Any, bus: tuple[Publisher, Subscriber], stopwatch: Stopwatch) -> Any:
    """The service's followers, with its view looked at."""
    view = STAFF_LIST if service is ACCESS else MANAGERS
    groups = abreast(app, followers(service, app, *bus))
    groups["views"] = [Watch(one, lambda: stopwatch.look(service.name, view.name)) for one in groups["views"]]
    return groups


@contextmanager
def in_one_process(house: House, bus: tuple[Publisher, Subscriber], stopwatch: Stopwatch) -> Iterator[None]:
    """As `cli.platform`: one bell for all."""
    bell = Wakeup()
    workers = []
    for service in (ACCESS, CONNECTIONS):
        app = house.rooms[service.name].app
        app.on_append = app.on_told = bell.ring
        groups = watched(house, service, app, bus, stopwatch)
        driven = [one for group in groups.values() for one in group]
        workers.append(Worker(service.name, driven, bell, poll_s=POLL_IN_ONE_PROCESS_S))
    with running(workers):
        yield
    for worker in workers:
        assert worker.error is None, worker.error


@contextmanager
def as_processes(house: House, kafka: str, stopwatch: Stopwatch) -> Iterator[None]:
    """As `chassis.main`: a worker process a service has a bell, rung by LISTEN, and one that Kafka rings."""
    working: list[Worker | Listener] = []
    with ExitStack() as closing:
        for service in (ACCESS, CONNECTIONS):
            bell, news = Wakeup(), Wakeup()
            room = house.rooms[service.name]
            database = open_database(room.database.dsn, service.name, size=8)
            closing.callback(database.close)
            app = service.application(database, CATALOGUE)
            app.on_append = bell.ring
            room.app.on_append = lambda _position: None
            bus = KafkaPublisher(kafka), KafkaSubscriber(kafka, on_news=news.ring)
            for part in bus:
                closing.callback(part.close)
            groups = watched(house, service, app, bus, stopwatch)
            for role, group in groups.items():
                woken = (bell, POLL_S)
                if role == "ingest":
                    woken = (news, UNCALLED_S)
                elif role in UNHURRIED:
                    woken = (Wakeup(), UNHURRIED_S)
                working += [Worker(f"{service.name}.{role}", group, woken[0], poll_s=woken[1])] if group else []
            working.append(Listener(database, bell))
        with running(working):
            time.sleep(1)  # LISTEN has taken effect
            yield
        for one in working:
            assert not isinstance(one, Worker) or one.error is None, one


def asked(house: House, count: int) -> list[tuple[UUID, UUID, UUID, UUID]]:
    """Requests that wait for a decision: request, association, person, employer."""
    made = []
    for _ in range(count):
        person, employer = nature.new_id(), nature.new_id()
        receipt = house.access.execute(role_requests.request_role, person, employer_id=employer, role="ACCESS_MANAGER")
        made.append((receipt.id, Association.id_for(person, employer), person, employer))
    return made


def send(house: House, stopwatch: Stopwatch, requests: Sequence[tuple[UUID, UUID, UUID, UUID]], every_s: float) -> None:
    """Approve each at its time."""
    clerk = nature.new_id()
    began = time.perf_counter()
    for number, (request, association, *_) in enumerate(requests):
        time.sleep(max(0.0, began + number * every_s - time.perf_counter()))
        stopwatch.expect(association)
        stopwatch.committed[association] = float("inf")
        hand_in(house.access.app, request)
        house.access.execute(role_requests.approve, clerk, roles=EUS, role_request_id=request)
        stopwatch.committed[association] = time.perf_counter()
    until = time.perf_counter() + WAIT_S
    while any(stopwatch.pending.values()) and time.perf_counter() < until:
        time.sleep(0.05)


def check(house: House, stopwatch: Stopwatch, requests: Sequence[tuple[UUID, UUID, UUID, UUID]]) -> None:
    """Every commit was seen in both places, and connections decides so."""
    assert not any(stopwatch.pending.values()), {name: len(left) for name, left in stopwatch.pending.items()}
    with house.connections.app.session() as session:
        for _, _, person, employer in requests:
            assert manages(session, account_id=person, employer_id=employer)


def one_round(house: House, bus: object, run: Callable[..., Any], count: int, every_s: float) -> Stopwatch:
    stopwatch = Stopwatch(house)
    requests = asked(house, count)
    with run(house, bus, stopwatch):
        time.sleep(1.5)  # the requests have been told and heard
        send(house, stopwatch, requests, every_s)
        check(house, stopwatch, requests)
    return stopwatch


def notified(postgres: EmbeddedPostgres, count: int) -> list[float]:
    """Milliseconds from a commit with NOTIFY to the row in another session: the limit of the embedded bus."""
    return _followed(postgres, count, wait_s=None)


def polled(postgres: EmbeddedPostgres, count: int) -> list[float]:
    """Milliseconds from a commit to a reader that looks each 100 ms: what a polling outbox does."""
    return _followed(postgres, count, wait_s=0.1)


def _followed(postgres: EmbeddedPostgres, count: int, *, wait_s: float | None) -> list[float]:
    sent: dict[int, float] = {}
    got: dict[int, float] = {}
    with psycopg.connect(postgres.dsn(), autocommit=True) as writer:
        writer.execute("DROP TABLE IF EXISTS pings")
        writer.execute("CREATE TABLE pings (id bigint PRIMARY KEY, payload bytea)")
        ready = threading.Event()

        def follow() -> None:
            with psycopg.connect(postgres.dsn(), autocommit=True) as reader:
                reader.execute("LISTEN pings")
                ready.set()
                last, until = 0, time.perf_counter() + count / RATE + 10
                while len(got) < count and time.perf_counter() < until:
                    if wait_s is None:
                        for _ in reader.notifies(timeout=1, stop_after=1):
                            pass
                    else:
                        time.sleep(wait_s)
                    for (id_,) in reader.execute("SELECT id FROM pings WHERE id > %s ORDER BY id", (last,)):
                        got[id_] = time.perf_counter()
                        last = id_

        thread = threading.Thread(target=follow)
        thread.start()
        ready.wait(10)
        began = time.perf_counter()
        for number in range(1, count + 1):
            time.sleep(max(0.0, began + (number - 1) / RATE - time.perf_counter()))
            if wait_s is None:
                writer.execute(
                    "WITH i AS (INSERT INTO pings VALUES (%s, %s)) SELECT pg_notify('pings', '')", (number, bytes(300))
                )
            else:
                writer.execute("INSERT INTO pings VALUES (%s, %s)", (number, bytes(300)))
            sent[number] = time.perf_counter()
        thread.join()
    assert got.keys() == sent.keys()
    return [max(0.0, got[number] - sent[number]) * 1e3 for number in sent]


async def _bare(bootstrap: str, topic: str, count: int) -> list[float]:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True)
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="latest")
    await producer.start()
    await consumer.start()
    took: list[float] = []
    try:
        await consumer.seek_to_end()
        for partition in consumer.assignment():
            await consumer.position(partition)

        async def read() -> None:
            while len(took) < count:
                record = await consumer.getone()
                took.append((time.perf_counter() - float(record.value or b"0")) * 1e3)

        reading = asyncio.create_task(read())
        began = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(max(0.0, began + number / RATE - time.perf_counter()))
            await producer.send(topic, repr(time.perf_counter()).encode(), partition=0)
        await asyncio.wait_for(reading, 20)
    finally:
        await consumer.stop()
        await producer.stop()
    return took


def report(bench: Bench, name: str, rounds: Sequence[Stopwatch]) -> None:
    for service, what in (("access", "own view"), ("connections", "other service's decision")):
        rows = [one.milliseconds(service) for one in rounds]
        bench.add(f"commit -> {what}, {name}: p50", "ms", [percentile(row, 0.5) for row in rows], at_most=True)
        bench.add(
            f"commit -> {what}, {name}: p99",
            "ms",
            [percentile(row, 0.99) for row in rows],
            FLOORS_MS[name] if service == "connections" else None,
            at_most=True,
        )


def add_parts(bench: Bench, name: str, rows: Sequence[Sequence[float]]) -> None:
    for part in (0.5, 0.99):
        bench.add(f"  {name}: p{part * 100:.0f}", "ms", [percentile(row, part) for row in rows], at_most=True)


def measure(bench: Bench, postgres: EmbeddedPostgres, kafka: KafkaServer | None) -> None:
    rounds, count, lone = (1, 100, 4) if bench.quick else (bench.rounds or 5, 200, 5)
    template = build(postgres, (ACCESS, CONNECTIONS))
    embedded, rested, on_kafka = [], [], []
    limits: dict[str, list[list[float]]] = {"notify": [], "poll": [], "bare": []}
    with living(postgres, template, (ACCESS, CONNECTIONS)) as house, ExitStack() as closing:
        bus = (house.publisher, house.subscriber)
        other = living(postgres, template, (ACCESS, CONNECTIONS))
        far = closing.enter_context(other) if kafka else None
        if kafka:
            make_topics(kafka)
        for _ in range(rounds):
            embedded.append(one_round(house, bus, in_one_process, count, 1 / RATE))
            rested.append(one_round(house, bus, in_one_process, lone, REST_S))
            limits["notify"].append(notified(postgres, count))
            if not bench.quick:
                limits["poll"].append(polled(postgres, count))
            if kafka and far:
                on_kafka.append(one_round(far, kafka.bootstrap, as_processes, count, 1 / RATE))
                limits["bare"].append(asyncio.run(_bare(kafka.bootstrap, "RoleRequested", count)))
    report(bench, "embedded bus", embedded)
    add_parts(bench, "limit: NOTIFY to a reader in another session", limits["notify"])
    if not bench.quick:
        add_parts(bench, "peer: a reader that polls each 100 ms", limits["poll"])
    slowest = [max(one.milliseconds("connections")) for one in rested]
    bench.add("commit -> other's decision, one command at rest: max", "ms", slowest, 150, at_most=True)
    if on_kafka:
        report(bench, "Kafka", on_kafka)
        add_parts(bench, "limit: bare aiokafka, same broker", limits["bare"])
        ours = [percentile(one.milliseconds("connections"), 0.99) for one in on_kafka]
        bare = [percentile(one, 0.99) for one in limits["bare"]]
        bench.add("  Kafka: p99 of the decision / bare", "x", ratios(ours, bare), 2, at_most=True, goal=1.3)
    bench.foreign.count(cpu_s(children(postmaster(postgres.base))))


def make_topics(kafka: KafkaServer) -> None:
    admin = KafkaTopicAdmin(kafka.bootstrap)
    admin.ensure(tuple(CATALOGUE.topics.values()))
    admin.close()


def main() -> int:
    bench = begin("latency", __doc__)
    with server() as postgres, broker(bench) as kafka:
        measure(bench, postgres, kafka)
        return bench.finish()


if __name__ == "__main__":
    sys.exit(main())
