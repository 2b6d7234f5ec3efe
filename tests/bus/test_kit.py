"""A subscriber from outside on a real broker: bootstrap, in sync, what is refused, and what comes back (F-13, F-14)."""

from __future__ import annotations

import random
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer, TopicPartition
from google.protobuf.message import Message
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.events_pb2 import ConnectionEnded
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit import feeding
from mandate_kit.kafka import UnknownTopicError
from mandate_kit.letters import JsonLines, letters
from mandate_kit.records import Told
from mandate_kit.rights import NotKnownError, Rights
from mandate_kit.subscriber import Subscriber

from chassis.bus import BusUnavailableError
from chassis.bus import Message as BusMessage
from chassis.kafka import server
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.topics import KafkaTopicAdmin
from chassis.messages import PROGRESS, Catalogue
from cli.teller import Teller, make_topics
from tests import toolbox
from tools.repository import ROOT

CATALOGUE = Catalogue()
SERVICES = ("access", "connections", "identity")
ENDED = "ConnectionEnded"
STAFF, CLINIC, DOCTOR, MEMBERSHIP, CONNECTION = (uuid.UUID(int=number) for number in range(1, 6))
QUESTION = (STAFF, DOCTOR, "PECOS")


def account() -> AccountState:
    return AccountState(account_id=str(STAFF), active=True)


def member() -> AssociationState:
    return AssociationState(
        association_id=str(MEMBERSHIP), account_id=str(STAFF), employer_id=str(CLINIC), role="STAFF_END_USER",
        status="APPROVED", functions=["PECOS"],
    )  # fmt: skip


def connection(status: str = "APPROVED", id: uuid.UUID = CONNECTION) -> ConnectionState:
    return ConnectionState(
        connection_id=str(id), provider_id=str(DOCTOR), surrogate_id=str(CLINIC), function="PECOS", status=status
    )


class Outside:
    """Topics of one test, those who write them, and what follows them."""

    def __init__(self, kafka: server.KafkaServer) -> None:
        self.kafka, self.prefix = kafka, f"t{uuid.uuid4().hex[:8]}."
        self.admin = KafkaTopicAdmin(kafka.bootstrap)
        self.publisher = KafkaPublisher(kafka.bootstrap)
        self.make()
        self.open: list[Rights | Subscriber] = []

    def make(self) -> None:
        """Make all topics, or make them anew; nobody remembers what was told."""
        self.admin.delete([self.prefix + name for name in (*feeding.TOPICS, ENDED, PROGRESS)])
        make_topics(self.admin, self.prefix, CATALOGUE, (*feeding.TOPICS, ENDED))
        self.teller = Teller(self.publisher, self.prefix, CATALOGUE)

    def say(self, message: Message, key: uuid.UUID, version: int, **more: Any) -> BusMessage:
        self.teller.tell([told := self.teller.made(message, key, version, **more)])
        return told

    def say_all(self) -> None:
        """A right, and the proof of it."""
        self.say(account(), STAFF, 1)
        self.say(member(), MEMBERSHIP, 1)
        self.say(connection(), CONNECTION, 1)
        self.teller.prove(SERVICES)

    def rights(self, **more: Any) -> Rights:
        self.open.append(made := Rights(self.kafka.bootstrap, prefix=self.prefix, **more))
        return made

    def follow(self, listener: Any, **more: Any) -> Subscriber:
        topics = (*feeding.TOPICS, ENDED)
        made = Subscriber(self.kafka.bootstrap, listener, topics=topics, prefix=self.prefix, **more)
        self.open.append(made)
        return made

    def close(self) -> None:
        for one in self.open:
            one.close()
        self.publisher.close()
        self.admin.close()


@pytest.fixture
def outside(kafka: server.KafkaServer) -> Iterator[Outside]:
    made = Outside(kafka)
    yield made
    made.close()


@pytest.fixture
def until(eventually: Callable[..., Any]) -> Callable[..., Any]:
    """Step until it is so."""

    def step(follower: Rights | Subscriber, check: Callable[[], Any]) -> None:
        eventually(lambda: (follower.step(0.05), check())[1])

    return step


def test_it_is_not_known_before_all_was_read_and_proven(outside: Outside, until: Callable[..., Any]) -> None:
    rights = outside.rights()
    with pytest.raises(NotKnownError, match="not been read"):
        rights.can_act(*QUESTION)
    for message, key in ((account(), STAFF), (member(), MEMBERSHIP), (connection(), CONNECTION)):
        outside.say(message, key, 1)
    outside.teller.prove(SERVICES[:2])
    until(rights, lambda: rights._subscriber.caught_up)
    until(rights, lambda: rights._subscriber.sync.heard("connections", 1, 1))
    with pytest.raises(NotKnownError, match="proof"):
        rights.can_act(*QUESTION)
    outside.teller.prove(SERVICES)
    until(rights, rights.in_sync)
    assert rights.can_act(*QUESTION)
    assert rights.explain(*QUESTION).allowed
    assert list(rights.providers_for(STAFF, "PECOS")) == sorted([CLINIC, DOCTOR])


def test_a_message_that_comes_alone_is_taken_when_it_comes(outside: Outside, until: Callable[..., Any]) -> None:
    """However long a step may wait for news: it does not wait for more of them."""
    rights = outside.rights()
    outside.say_all()
    until(rights, rights.in_sync)
    while rights.step(0.05):
        pass
    outside.say(connection("DISCONNECTED"), CONNECTION, 2)
    began = time.monotonic()
    assert rights.step(120)
    assert time.monotonic() - began < 60


def test_a_receipt_is_waited_for_and_a_right_that_ended_is_gone(outside: Outside) -> None:
    """A thread follows; whoever asks waits for what a receipt stands for."""
    outside.say_all()
    with outside.rights() as rights:
        rights.wait_in_sync(("connections", 1, 1))
        assert rights.can_act(*QUESTION)
        outside.say(connection("DISCONNECTED"), CONNECTION, 2)
        assert not rights.in_sync(("connections", 1, 2))
        outside.teller.prove(SERVICES)
        rights.wait_in_sync(("connections", 1, 2))
        assert not rights.can_act(*QUESTION)
        with pytest.raises(NotKnownError):
            rights.wait_in_sync(("connections", 1, 3), seconds=0.01)
        outside.open.clear()


def test_what_is_stale_is_refused_until_the_next_proof(
    outside: Outside, until: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    outside.say_all()
    rights = outside.rights(stale_after_s=2.0)
    until(rights, lambda: proven(outside, rights))
    eventually(lambda: not rights.in_sync())  # nobody steps: the thread that follows may have died
    with pytest.raises(NotKnownError):
        rights.can_act(*QUESTION)
    until(rights, lambda: proven(outside, rights))
    assert rights.can_act(*QUESTION)
    assert rights.metrics.registry.get_sample_value("mandate_kit_not_known_total") == 1


def test_repeats_and_late_records_of_all_partitions_change_nothing(outside: Outside, until: Callable[..., Any]) -> None:
    chance = random.Random(7)
    keys = [uuid.uuid4() for _ in range(40)]
    told = [
        [
            outside.teller.made(connection("APPROVED" if version < 3 else "DISCONNECTED", key), key, version)
            for key in keys
        ]
        for version in (1, 2, 3)
    ]
    everything = [one for version in told for one in version] * 3
    chance.shuffle(everything)
    outside.teller.tell(everything)
    outside.say_all()
    seen: dict[str, str] = {}

    class Ears:
        def take(self, told: Told) -> None:
            assert isinstance(told.message, ConnectionState | AccountState | AssociationState)
            seen[told.key] = getattr(told.message, "status", "")

        def forget(self, topic: str, key: str) -> None:
            raise AssertionError

    subscriber = outside.follow(Ears())
    until(subscriber, lambda: subscriber.sync.heard("connections", 1, 121))
    assert {seen[str(key)] for key in keys} == {"DISCONNECTED"}


def test_random_bytes_and_headers_stop_nobody(outside: Outside, until: Callable[..., Any], tmp_path: Path) -> None:
    """B-05: what a stranger writes on any partition is kept apart, with its bytes."""
    producer = Producer({"bootstrap.servers": outside.kafka.bootstrap, "log_level": 0})
    chance, count = random.Random(11), 0
    for topic in (*feeding.TOPICS, PROGRESS):
        for _ in range(50):
            noise = chance.randbytes(chance.randrange(60)) or None
            headers: list[Any] = [(chance.choice(["ce_id", "edition", "\xfe"]), chance.choice([None, b"", b"\xff"]))]
            producer.produce(outside.prefix + topic, value=noise, key=chance.randbytes(3) or None, headers=headers)
            count += noise is not None or topic == PROGRESS
    assert producer.flush(10) == 0
    outside.say_all()
    poisoned = str(CONNECTION).encode()
    rights = outside.rights(dead_letters=JsonLines(tmp_path / "dead.jsonl"))
    until(rights, rights.in_sync)
    assert rights.can_act(*QUESTION)
    assert len(list(letters(tmp_path / "dead.jsonl"))) == count
    [partition] = [
        written.partition
        for (_, topic, _), written in outside.teller._written.items()
        if topic.endswith(".ConnectionState")
    ]
    producer.produce(outside.prefix + "ConnectionState", value=b"\xff\xff", key=poisoned, partition=partition)
    assert producer.flush(10) == 0
    until(rights, lambda: rights.unknown >= {("ConnectionState", str(CONNECTION))})
    assert not rights.can_act(*QUESTION)
    assert rights.can_act(STAFF, CLINIC, "PECOS")
    again = outside.rights(dead_letters=tmp_path / "dead.jsonl")  # another process, the same file
    until(again, again.in_sync)
    assert len(list(letters(tmp_path / "dead.jsonl"))) == count + 1


def test_topics_made_anew_are_read_anew(outside: Outside, until: Callable[..., Any]) -> None:
    """A bus that was moved or restored: other topics under the same names, told anew."""
    outside.say_all()
    rights = outside.rights()
    until(rights, rights.in_sync)
    outside.make()
    outside.say(connection("DISCONNECTED"), CONNECTION, 2)
    outside.say_all()
    until(rights, lambda: rights.in_sync() and not rights.can_act(*QUESTION))


def test_events_go_on_where_the_group_was_and_a_cut_beginning_is_not_in_sync(
    outside: Outside, until: Callable[..., Any]
) -> None:
    outside.say_all()
    seen: list[str] = []

    class Ears:
        def take(self, told: Told) -> None:
            if isinstance(told.message, ConnectionEnded):
                seen.append(told.message.tracking_id)

        def forget(self, topic: str, key: str) -> None:
            raise AssertionError

    def ended(number: int) -> None:
        outside.say(ConnectionEnded(connection_id=str(CONNECTION), tracking_id=f"C{number}"), CONNECTION, number)
        outside.teller.prove(SERVICES)

    ended(2)
    first = outside.follow(Ears(), group="billing")
    until(first, lambda: seen)
    ended(3)
    second = outside.follow(Ears(), group="billing")
    until(second, lambda: len(seen) > 1)
    assert seen == ["C2", "C3"]
    until(second, lambda: second.sync.heard("connections", 1, 3))
    ended(4)
    ended(5)
    [last] = [one for (_, topic, _), one in outside.teller._written.items() if topic.endswith(ENDED)]
    cut = TopicPartition(last.topic, last.partition, last.offset)
    for future in outside.admin._admin.delete_records([cut]).values():
        future.result(10)
    third = outside.follow(Ears(), group="billing")
    until(third, lambda: len(seen) > 2)
    assert seen == ["C2", "C3", "C5"]
    until(third, lambda: third.caught_up)
    assert third.sync.gaps == {(last.topic, last.partition)}
    assert not third.sync.heard("connections", 1, 3)
    assert third.sync.heard("access", 1, 1)


def test_a_broker_without_the_topics_is_said_at_once(outside: Outside) -> None:
    rights = Rights(outside.kafka.bootstrap, prefix="nothing.here.")
    outside.open.append(rights)
    with pytest.raises(UnknownTopicError, match=r"nothing\.here\.AccountState"):
        rights.step()


def test_a_broker_that_dies_and_returns_is_followed_again(
    jars: Path, tmp_path_factory: pytest.TempPathFactory, eventually: Callable[..., Any]
) -> None:
    """F-05: meanwhile nothing is decided for longer than the bound."""
    mortal = server.start(tmp_path_factory.mktemp("mortal-kit"), jars=jars)
    outside = Outside(mortal)
    try:
        outside.say_all()
        with outside.rights(stale_after_s=2.0) as rights:
            eventually(lambda: proven(outside, rights))
            mortal.kill()
            eventually(lambda: not rights.in_sync())
            mortal.restart()
            eventually(lambda: proven(outside, rights))
            assert rights.can_act(*QUESTION)
            outside.open.clear()
    finally:
        outside.close()
        mortal.stop()


def test_the_page_of_the_kit_says_what_works(outside: Outside, tmp_path: Path) -> None:
    """The first program of kit/python/README.md, as it stands there, on these topics."""
    outside.say_all()
    page = (ROOT / "kit" / "python" / "README.md").read_text()
    [first, *_] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(first.splitlines()) <= 20
    here = first.replace('"127.0.0.1:9092"', f'"{outside.kafka.bootstrap}", prefix="{outside.prefix}"')
    done = toolbox.run([sys.executable, "-c", here], tmp_path)
    assert done.stdout.startswith("no: (Missing(what='ACTIVE_ACCOUNT'"), done.stderr
    theirs = here.replace("018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b61", str(STAFF))
    outside.teller.prove(SERVICES)
    yes = theirs.replace("018f0c5e-7d3a-7b6e-9a52-5d2f4c8f0b62", str(DOCTOR))
    assert toolbox.run([sys.executable, "-c", yes], tmp_path).stdout == "go on\n"


def proven(outside: Outside, rights: Rights) -> bool:
    """Whether a new proof has arrived."""
    with suppress(BusUnavailableError):
        outside.teller.prove(SERVICES)
    return rights.in_sync()
