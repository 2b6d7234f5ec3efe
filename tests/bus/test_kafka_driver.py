"""What only the Kafka driver and its broker promise; what every driver does is in `test_conformance.py`."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ConfigResource  # type: ignore[attr-defined]

from chassis.bus import BusUnavailableError, Message, Topic, UnknownTopicError
from chassis.kafka import server
from chassis.kafka.jars import KafkaStartError, fetch_jars
from chassis.kafka.publisher import KafkaPublisher
from chassis.kafka.subscriber import KafkaSubscriber
from chassis.kafka.topics import MESSAGE_BYTES, KafkaTopicAdmin
from chassis.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chassis.bus import Places

DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
def admin(kafka: server.KafkaServer) -> Iterator[KafkaTopicAdmin]:
    made = KafkaTopicAdmin(kafka.bootstrap)
    yield made
    made.close()


@pytest.fixture
def publisher(kafka: server.KafkaServer) -> Iterator[KafkaPublisher]:
    made = KafkaPublisher(kafka.bootstrap)
    yield made
    made.close()


@pytest.fixture
def subscriber(kafka: server.KafkaServer) -> Iterator[KafkaSubscriber]:
    made = KafkaSubscriber(kafka.bootstrap)
    yield made
    made.close()


def topic(*, compacted: bool = False, retention_days: int = 30) -> Topic:
    name = f"T{uuid.uuid4().hex[:12]}"
    return Topic(name=name, partitions=1, compacted=compacted, retention_days=retention_days, origin="tests")


def settings(kafka: server.KafkaServer, name: str) -> dict[str, str]:
    resource = ConfigResource(ConfigResource.Type.TOPIC, name)
    client = AdminClient({"bootstrap.servers": kafka.bootstrap, "log_level": 0})  # held until it has answered
    [future] = client.describe_configs([resource]).values()
    return {key: entry.value for key, entry in future.result(10).items()}


def test_an_event_topic_is_kept_for_its_days(kafka: server.KafkaServer, admin: KafkaTopicAdmin) -> None:
    event = topic(retention_days=30)
    admin.ensure([event])
    made = settings(kafka, event.name)
    assert made["cleanup.policy"] == "delete"
    assert made["retention.ms"] == str(30 * DAY_MS)
    assert made["message.timestamp.type"] == "LogAppendTime"


def test_a_state_topic_is_compacted_after_a_day(kafka: server.KafkaServer, admin: KafkaTopicAdmin) -> None:
    state = topic(compacted=True, retention_days=0)
    admin.ensure([state])
    made = settings(kafka, state.name)
    assert made["cleanup.policy"] == "compact"
    assert made["retention.ms"] == "-1"
    assert made["min.compaction.lag.ms"] == str(DAY_MS)
    assert made["delete.retention.ms"] == str(30 * DAY_MS)
    assert made["message.timestamp.type"] == "LogAppendTime"


def test_a_topic_that_kafka_cannot_make_is_refused(kafka: server.KafkaServer, admin: KafkaTopicAdmin) -> None:
    with pytest.raises(ValueError, match="no/name"):
        admin.ensure([Topic(name="no/name", partitions=1, compacted=False, retention_days=1, origin="tests")])
    lonely = KafkaTopicAdmin(kafka.bootstrap, replication=3)  # there is one broker
    with pytest.raises(ValueError, match="refuses"):
        lonely.ensure([topic()])
    lonely.close()


def test_a_topic_is_never_made_by_writing_to_it(publisher: KafkaPublisher, admin: KafkaTopicAdmin) -> None:
    for _ in range(2):
        with pytest.raises(UnknownTopicError):
            publisher.publish([Message(topic="Unmade", key="key", value=b"", headers={})])


def test_too_large_a_message_is_refused_before_anything_is_written(
    publisher: KafkaPublisher, subscriber: KafkaSubscriber, admin: KafkaTopicAdmin, read_all: Callable[..., Any]
) -> None:
    into = topic()
    admin.ensure([into])
    small = Message(topic=into.name, key="key", value=b"small", headers={})
    with pytest.raises(ValueError, match="bytes"):
        publisher.publish([small, Message(topic=into.name, key="key", value=bytes(MESSAGE_BYTES), headers={})])
    assert not subscriber.poll([into.name], {}).records
    room = MESSAGE_BYTES - 64 - 4 * len("key")
    publisher.publish([Message(topic=into.name, key="key", value=bytes(room), headers={}), small])
    records, _ = read_all(subscriber, [into.name])
    assert [len(record.value or b"") for record in records] == [room, 5]


def test_news_rings_between_two_polls_and_the_next_poll_has_it(
    kafka: server.KafkaServer, publisher: KafkaPublisher, admin: KafkaTopicAdmin, read_all: Callable[..., Any]
) -> None:
    """Who reads waits at a bell instead of looking again and again; what was taken meanwhile is given once."""
    into = topic()
    admin.ensure([into])
    rung = threading.Event()
    waiting = KafkaSubscriber(kafka.bootstrap, on_news=rung.set)
    try:
        _, places = read_all(waiting, [into.name])
        before = places
        for value in (b"one", b"two"):
            assert not rung.wait(0.2)
            publisher.publish([Message(topic=into.name, key="key", value=value, headers={})])
            assert rung.wait(5)
            batch = waiting.poll([into.name], places)
            assert [record.value for record in batch.records] == [value]
            rung.clear()
            assert not waiting.poll([into.name], batch.places).records
            places = batch.places
        publisher.publish([Message(topic=into.name, key="key", value=b"three", headers={})])
        assert rung.wait(5)  # taken already; and still whoever reads from further back has all of it
        records, _ = read_all(waiting, [into.name], before)
        assert [record.value for record in records] == [b"one", b"two", b"three"]
    finally:
        waiting.close()


def test_who_polls_while_it_comes_has_everything_once(
    publisher: KafkaPublisher, subscriber: KafkaSubscriber, admin: KafkaTopicAdmin
) -> None:
    """Records that come as a poll begins, ends, or between two: none is lost where the lookout is called in."""
    into = topic()
    admin.ensure([into])
    found: list[int] = []
    places: Places = {}
    for number in range(60):
        publisher.publish([Message(topic=into.name, key="key", value=str(number).encode(), headers={})])
        for _ in range(number % 3):
            batch = subscriber.poll([into.name], places)
            found, places = [*found, *(int(record.value or b"") for record in batch.records)], batch.places
        threading.Event().wait(0.003 * (number % 7))
    while (batch := subscriber.poll([into.name], places)).records:
        found, places = [*found, *(int(record.value or b"") for record in batch.records)], batch.places
    assert found == list(range(60))


def test_a_strangers_record_stops_nobody(
    kafka: server.KafkaServer, subscriber: KafkaSubscriber, admin: KafkaTopicAdmin, read_all: Callable[..., Any]
) -> None:
    into = topic()
    admin.ensure([into])
    stranger = Producer({"bootstrap.servers": kafka.bootstrap, "log_level": 0})
    stranger.produce(
        into.name, value=b"\xff\x00", key=b"\xffkey", headers=[("h", b"\xfe"), ("none", None), ("h", b"2")]
    )
    stranger.produce(into.name, value=None, key=None)
    assert stranger.flush(10) == 0
    [one, other], _ = read_all(subscriber, [into.name])
    assert (one.key, one.value, dict(one.headers)) == ("\\xffkey", b"\xff\x00", {"h": "\\xfe\0" + "2", "none": ""})
    assert (other.key, other.value, dict(other.headers)) == ("", None, {})


def test_nobody_there_is_said_within_the_deadline_and_leaves_no_threads() -> None:
    port = free_port()  # nothing listens on it
    publisher = KafkaPublisher(f"127.0.0.1:{port}", deadline_s=0.6)
    subscriber = KafkaSubscriber(f"127.0.0.1:{port}", deadline_s=0.6)
    admin = KafkaTopicAdmin(f"127.0.0.1:{port}", deadline_s=0.3)
    threads = threading.active_count()
    for _ in range(3):
        with pytest.raises(BusUnavailableError):
            publisher.publish([Message(topic="T", key="key", value=b"", headers={})])
        with pytest.raises(BusUnavailableError):
            subscriber.poll(["T"], {})
        with pytest.raises(BusUnavailableError):
            subscriber.ends(["T"])
        with pytest.raises(BusUnavailableError):
            admin.ensure([topic()])
        with pytest.raises(BusUnavailableError):
            admin.delete(["T"])
        assert threading.active_count() <= threads
    publisher.close()
    subscriber.close()
    admin.close()


def test_the_jars_are_fetched_once(jars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # no Maven to be found
    (jars.parent / f"{jars.name}.part-left-by-a-crash").mkdir(exist_ok=True)
    assert fetch_jars(jars.parent) == jars
    assert list(jars.glob("kafka_2.13-*.jar"))


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    tmp_path: Path, jars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(KafkaStartError, match="apt-get install -y openjdk-17-jre-headless maven"):
        fetch_jars(tmp_path / "cache")
    assert not any(path.is_dir() for path in (tmp_path / "cache").glob("kafka-*/*"))
    with pytest.raises(KafkaStartError, match="apt-get install -y openjdk-17-jre-headless maven"):
        server.start(tmp_path / "broker", jars=jars)


def test_two_that_fetch_at_once_fetch_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Path] = []

    def maven(output: Path) -> None:
        runs.append(output)
        (output / "some.jar").write_bytes(b"")

    (tmp_path / "kafka-x.part-other").mkdir()
    monkeypatch.setattr("chassis.kafka.jars._maven", maven)
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(fetch_jars(tmp_path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert len(set(found)) == 1
    assert [path.name for path in found[0].iterdir()] == ["some.jar"]


def test_a_fetch_that_was_cut_off_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut_off(output: Path) -> None:
        (output / "half.jar").write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr("chassis.kafka.jars._maven", cut_off)
    with pytest.raises(KeyboardInterrupt):
        fetch_jars(tmp_path)
    monkeypatch.setattr("chassis.kafka.jars._maven", lambda output: (output / "whole.jar").write_bytes(b""))
    jars = fetch_jars(tmp_path)
    assert [path.name for path in jars.iterdir()] == ["whole.jar"]
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == [jars]


def test_a_broker_that_does_not_start_says_why(tmp_path: Path, jars: Path, kafka: server.KafkaServer) -> None:
    with pytest.raises(KafkaStartError, match="ClassNotFoundException"):
        server.start(tmp_path / "empty", jars=tmp_path)
    with pytest.raises(KafkaStartError, match=f"Port {kafka.port} is taken"):
        server.start(tmp_path / "taken", jars=jars, port=kafka.port)
