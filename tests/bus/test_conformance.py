"""What every driver of the bus promises; `conftest.DRIVERS` says which are tried."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chassis.bus import Message, Place, UnknownTopicError, partition_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from chassis.bus import Record
    from tests.bus.conftest import Bus

MANY = 12


def message(topic: str, key: str, text: str, **headers: str) -> Message:
    return Message(topic=topic, key=key, value=text.encode(), headers=headers)


def numbered(topic: str, count: int, *, keys: int) -> list[Message]:
    """Messages whose value is their number within their key."""
    return [message(topic, f"key-{number % keys}", str(number // keys)) for number in range(count)]


def by_key(records: Iterable[Record]) -> dict[str, list[int]]:
    values: dict[str, list[int]] = defaultdict(list)
    for record in records:
        assert record.value is not None
        values[record.key].append(int(record.value))
    return values


def values(records: Iterable[Record]) -> list[bytes | None]:
    return [record.value for record in records]


def test_order_is_kept_within_a_key(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher = bus.topic(), bus.publisher()
    messages = numbered(topic, 3000, keys=30)
    for start in range(0, len(messages), 200):
        publisher.publish(messages[start : start + 200])
    records, _ = read_all(bus.subscriber(), [topic])
    assert by_key(records) == {f"key-{key}": list(range(100)) for key in range(30)}


def test_offsets_rise_by_partition(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic()
    bus.publisher().publish(numbered(topic, 300, keys=30))
    records, places = read_all(bus.subscriber(), [topic])
    for partition in range(3):
        offsets = [record.offset for record in records if record.partition == partition]
        assert offsets == sorted(set(offsets))
        assert places[topic, partition].offset > offsets[-1]


def test_what_was_written_is_found_at_its_place(bus: Bus, read_all: Callable[..., Any]) -> None:
    one, other = bus.topic(), bus.topic(partitions=MANY)
    messages = [message(one if number % 3 else other, f"k{number % 7}", str(number)) for number in range(100)]
    written = bus.publisher().publish(messages)
    records, places = read_all(bus.subscriber(), [one, other])
    found = {(record.topic, record.partition, record.offset): record for record in records}
    for sent, place in zip(messages, written, strict=True):
        record = found[place.topic, place.partition, place.offset]
        assert (record.topic, record.key, record.value) == (sent.topic, sent.key, sent.value)
        assert places[place.topic, place.partition].topic_id == place.topic_id


def test_a_key_has_the_partition_that_we_compute(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic(partitions=MANY)
    keys = [f"schlüssel-{number}" for number in range(200)]
    written = bus.publisher().publish([message(topic, key, "") for key in keys])
    assert [place.partition for place in written] == [partition_of(key, MANY) for key in keys]
    records, _ = read_all(bus.subscriber(), [topic])
    assert {(record.key, record.partition) for record in records} == {(key, partition_of(key, MANY)) for key in keys}


def test_a_repeat_is_delivered_again(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher = bus.topic(), bus.publisher()
    same = message(topic, "key", "same", ce_id="one")
    first, again = publisher.publish([same, same])
    [third] = publisher.publish([same])
    assert first.offset < again.offset < third.offset
    records, _ = read_all(bus.subscriber(), [topic])
    assert values(records) == [b"same"] * 3


def test_nothing_to_publish_is_nothing_written(bus: Bus) -> None:
    assert list(bus.publisher().publish([])) == []


def test_one_publisher_serves_many_threads(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher = bus.topic(), bus.publisher()
    batches = [[message(topic, f"thread-{thread}", str(number)) for number in range(50)] for thread in range(8)]
    with ThreadPoolExecutor(8) as pool:
        written = [place for places in pool.map(publisher.publish, batches) for place in places]
    assert len({(place.partition, place.offset) for place in written}) == 400
    records, _ = read_all(bus.subscriber(), [topic])
    assert by_key(records) == {f"thread-{thread}": list(range(50)) for thread in range(8)}


def test_an_empty_topic_has_places_for_every_partition(bus: Bus) -> None:
    topic = bus.topic(partitions=MANY)
    batch = bus.subscriber().poll([topic], {})
    assert not batch.records
    assert not batch.gaps
    assert set(batch.places) == {(topic, partition) for partition in range(MANY)}


def test_reading_goes_on_after_the_places(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher, subscriber = bus.topic(), bus.publisher(), bus.subscriber()
    publisher.publish([message(topic, "key", "one")])
    records, places = read_all(subscriber, [topic])
    assert values(records) == [b"one"]
    publisher.publish([message(topic, "key", "two")])
    records, places = read_all(subscriber, [topic], places)
    assert values(records) == [b"two"]
    records, _ = read_all(bus.subscriber(), [topic], places)
    assert records == []


def test_offsets_set_back_bring_the_records_again(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, subscriber = bus.topic(), bus.subscriber()
    bus.publisher().publish(numbered(topic, 60, keys=6))
    records, places = read_all(subscriber, [topic])
    half = {where: replace(place, offset=place.offset // 2) for where, place in places.items()}
    again, _ = read_all(subscriber, [topic], half)
    order = [(record.partition, record.offset) for record in records]
    assert {(record.partition, record.offset) for record in again} == {
        where for where in order if where[1] >= half[topic, where[0]].offset
    }
    everything, _ = read_all(subscriber, [topic])
    assert sorted((record.partition, record.offset) for record in everything) == sorted(order)


def test_the_same_places_bring_the_same_records(bus: Bus) -> None:
    """A listener whose transaction failed asks again."""
    topic, subscriber = bus.topic(partitions=1), bus.subscriber()
    bus.publisher().publish(numbered(topic, 20, keys=1))
    first = subscriber.poll([topic], {}, limit=5)
    assert subscriber.poll([topic], {}, limit=5).records == first.records
    second = subscriber.poll([topic], first.places, limit=5)
    assert subscriber.poll([topic], first.places, limit=5).records == second.records


def test_subscribers_do_not_share(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic()
    bus.publisher().publish(numbered(topic, 30, keys=3))
    one, other = bus.subscriber(), bus.subscriber()
    assert len(read_all(one, [topic])[0]) == len(read_all(other, [topic])[0]) == 30


def test_a_place_beyond_the_end_starts_from_the_beginning(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, subscriber = bus.topic(partitions=1), bus.subscriber()
    bus.publisher().publish(numbered(topic, 10, keys=1))
    ends = subscriber.ends([topic])
    beyond = {where: replace(place, offset=place.offset + 1) for where, place in ends.items()}
    for reader in (subscriber, bus.subscriber()):
        records, places = read_all(reader, [topic], beyond)
        assert len(records) == 10
        assert places == ends


@pytest.mark.parametrize("written_anew", [3, 30])  # fewer and more than the place that is held
def test_a_topic_made_anew_is_read_from_its_beginning(
    bus: Bus, written_anew: int, read_all: Callable[..., Any], eventually: Callable[..., Any]
) -> None:
    topic, publisher, subscriber = bus.topic(partitions=1), bus.publisher(), bus.subscriber()
    [old, *_] = publisher.publish(numbered(topic, 10, keys=1))
    _, places = read_all(subscriber, [topic])
    bus.admin.delete([topic])
    bus.admin.ensure([bus.declare(topic, partitions=1)])
    [new, *_] = publisher.publish([message(topic, "new", str(number)) for number in range(written_anew)])
    assert new.topic_id != old.topic_id

    fresh, ends = read_all(bus.subscriber(), [topic], places)  # somebody who starts now sees it at once
    assert by_key(fresh) == {"new": list(range(written_anew))}
    assert ends[topic, 0].topic_id == new.topic_id

    held = places
    heard: list[Any] = []

    def caught_up() -> bool:
        nonlocal held
        batch = subscriber.poll([topic], held)
        held = batch.places
        heard.extend(batch.records)
        return bool(held[topic, 0] == ends[topic, 0])

    eventually(caught_up)
    assert set(by_key(heard)["new"]) == set(range(written_anew))


def test_a_topic_made_anew_is_not_mixed_with_what_it_was(bus: Bus, eventually: Callable[..., Any]) -> None:
    """Never does a place with the new id stand after records of the old topic: those would be skipped for good."""
    topic, publisher, subscriber = bus.topic(partitions=1), bus.publisher(), bus.subscriber()
    publisher.publish(numbered(topic, 400, keys=1))
    held, of = subscriber.poll([topic], {}, limit=10).places, {}
    bus.admin.delete([topic])
    bus.admin.ensure([bus.declare(topic, partitions=1)])
    [new, *_] = publisher.publish([message(topic, "new", str(number)) for number in range(500)])

    def caught_up() -> bool:
        nonlocal held
        batch = subscriber.poll([topic], held, limit=50)
        held = batch.places
        of.update({int(record.value or b""): record.key for record in batch.records if record.key == "new"})
        return held[topic, 0] == Place(new.topic_id, 500)

    eventually(caught_up)
    assert set(of) == set(range(500))


def test_a_place_that_retention_has_passed_is_a_gap(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, subscriber = bus.topic(partitions=2), bus.subscriber()
    key = next(f"k{number}" for number in range(99) if partition_of(f"k{number}", 2) == 1)
    written = bus.publisher().publish([message(topic, key, str(number)) for number in range(10)])
    early = subscriber.poll([topic], {}, limit=2).places
    assert early[topic, 1].offset == written[2].offset
    bus.truncate(topic, 1, written[6].offset)
    for reader in (bus.subscriber(), subscriber):
        batch = reader.poll([topic], early)
        if batch.records and int(batch.records[0].value or b"") == 2:  # it had them in hand already: no gap
            continue
        assert list(batch.gaps) == [(topic, 1)]
        assert values(batch.records) == [b"6", b"7", b"8", b"9"]
        after = reader.poll([topic], batch.places)
        assert not after.gaps
        assert not after.records


def test_a_gap_is_named_while_reading(bus: Bus) -> None:
    topic, publisher, subscriber = bus.topic(partitions=1), bus.publisher(), bus.subscriber()
    publisher.publish(numbered(topic, 10, keys=1))
    places = subscriber.poll([topic], {}).places
    old = {where: replace(place, offset=4) for where, place in places.items()}
    bus.truncate(topic, 0, 10)
    for _ in range(2):  # as long as the caller has not moved on
        batch = subscriber.poll([topic], old)
        assert list(batch.gaps) == [(topic, 0)]
        assert not batch.records
        assert batch.places[topic, 0].offset == 10
    assert not subscriber.poll([topic], batch.places).gaps


def test_without_a_place_there_is_no_gap(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, subscriber = bus.topic(partitions=1), bus.subscriber()
    bus.publisher().publish(numbered(topic, 10, keys=1))
    bus.truncate(topic, 0, 7)
    batch = subscriber.poll([topic], {})
    assert values(batch.records) == [b"7", b"8", b"9"]
    assert not batch.gaps


def test_an_unknown_topic_is_said_to_be_unknown(bus: Bus) -> None:
    known, publisher, subscriber = bus.topic(), bus.publisher(), bus.subscriber()
    with pytest.raises(UnknownTopicError, match="Nowhere"):
        publisher.publish([message(known, "key", "1"), message("Nowhere", "key", "1")])
    with pytest.raises(UnknownTopicError, match="Nowhere"):
        subscriber.poll([known, "Nowhere"], {})
    with pytest.raises(UnknownTopicError, match="Nowhere"):
        subscriber.ends(["Nowhere"])
    assert not subscriber.poll([known], {}).records  # nothing of that batch was written


def test_a_topic_that_was_deleted_becomes_unknown(bus: Bus, eventually: Callable[..., Any]) -> None:
    topic, subscriber = bus.topic(), bus.subscriber()
    places = subscriber.poll([topic], {}).places
    bus.admin.delete([topic])

    def unknown() -> bool:
        try:
            subscriber.poll([topic], places)
        except UnknownTopicError:
            return True
        return False

    eventually(unknown)


def test_headers_come_back_as_they_were(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic()
    headers = {"ce_id": "access/1/7", "ce_subject": "Ünïcødé 東京 🏥", "empty": "", "long": "x" * 5000}
    bus.publisher().publish([Message(topic=topic, key="clé", value=b"\x00\xff", headers=headers)])
    [record], _ = read_all(bus.subscriber(), [topic])
    assert dict(record.headers) == headers
    assert (record.key, record.value) == ("clé", b"\x00\xff")


def test_a_tombstone_has_no_value_and_an_empty_value_is_one(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic(partitions=3, compacted=True)
    bus.publisher().publish([message(topic, "key", "")])
    bus.tombstone(topic, "key", {"ce_id": "gone"})
    records, _ = read_all(bus.subscriber(), [topic])
    assert values(records) == [b"", None]
    assert records[1].key == "key"
    assert dict(records[1].headers) == {"ce_id": "gone"}


def test_a_value_of_a_mebibyte_passes(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher = bus.topic(), bus.publisher()
    large = bytes(range(256)) * 4096
    small = message(topic, "key", "small")
    publisher.publish([small, Message(topic=topic, key="key", value=large, headers={"ce_id": "large"}), small])
    subscriber = bus.subscriber()
    another = subscriber.another()
    records, _ = read_all(subscriber, [topic])
    assert values(records) == [b"small", large, b"small"]
    records, _ = read_all(another, [topic])  # who fetches little at a time is not stopped by it
    assert values(records) == [b"small", large, b"small"]
    another.close()


def test_ends_are_the_places_after_everything(bus: Bus, read_all: Callable[..., Any]) -> None:
    one, other = bus.topic(), bus.topic(partitions=MANY)
    subscriber = bus.subscriber()
    assert subscriber.ends([one, other]) == subscriber.poll([one, other], {}).places
    bus.publisher().publish([*numbered(one, 50, keys=10), *numbered(other, 70, keys=10)])
    _, places = read_all(subscriber, [one, other])
    ends = subscriber.ends([one, other])
    assert ends == places
    assert sum(place.offset for place in ends.values()) == 120


def test_a_topic_may_join_those_that_are_read(bus: Bus, read_all: Callable[..., Any]) -> None:
    one, other, publisher, subscriber = bus.topic(), bus.topic(), bus.publisher(), bus.subscriber()
    publisher.publish([message(one, "key", "1"), message(other, "key", "2")])
    records, places = read_all(subscriber, [one])
    assert values(records) == [b"1"]
    records, places = read_all(subscriber, [one, other], places)
    assert values(records) == [b"2"]
    records, _ = read_all(subscriber, [other], places)
    assert records == []


def test_the_bus_gives_the_time_of_appending(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic, publisher = bus.topic(partitions=1), bus.publisher()
    for number in range(5):
        publisher.publish([message(topic, "key", str(number), ce_time="1999-01-01T00:00:00Z")])
    records, _ = read_all(bus.subscriber(), [topic])
    times = [record.appended_at for record in records]
    assert times == sorted(times)
    assert all(time.utcoffset() == timedelta(0) for time in times)
    assert times[0] > datetime(2020, 1, 1, tzinfo=UTC)


def test_the_limit_is_kept_and_every_partition_has_its_turn(bus: Bus) -> None:
    topic, subscriber, limit = bus.topic(partitions=MANY), bus.subscriber(), 50
    bus.publisher().publish(numbered(topic, 3600, keys=120))
    places: Any = {}
    seen: list[set[int]] = []
    total = 0
    while total < 3600:
        batch = subscriber.poll([topic], places, limit=limit)
        places = batch.places
        assert 0 < len(batch.records) <= 2 * limit
        total += len(batch.records)
        seen.append({record.partition for record in batch.records})
    assert total == 3600
    assert set[int]().union(*seen[: 2 * MANY]) == set(range(MANY))


def test_a_busy_partition_does_not_starve_another(bus: Bus) -> None:
    topic, publisher, subscriber = bus.topic(partitions=2), bus.publisher(), bus.subscriber()
    busy, lone = (next(k for k in map(str, range(99)) if partition_of(k, 2) == part) for part in (0, 1))
    publisher.publish([message(topic, busy, "x") for _ in range(4000)])
    publisher.publish([message(topic, lone, "here")])
    places: Any = {}
    for poll in range(10):
        batch = subscriber.poll([topic], places, limit=20)
        places = batch.places
        if any(record.key == lone for record in batch.records):
            break
        assert poll < 9, "the lone record was not given its turn"


def test_topics_are_made_once_and_keep_their_partitions(bus: Bus, read_all: Callable[..., Any]) -> None:
    topic = bus.topic(partitions=3)
    bus.publisher().publish([message(topic, "key", "kept")])
    bus.admin.ensure([bus.declare(topic, partitions=3)])
    missing = bus.declare(f"{topic}b")
    with pytest.raises(ValueError, match=r"\b3\b.*\b4\b|\b4\b.*\b3\b"):
        bus.admin.ensure([missing, bus.declare(topic, partitions=4)])
    with pytest.raises(UnknownTopicError):
        bus.subscriber().ends([missing.name])
    assert values(read_all(bus.subscriber(), [topic])[0]) == [b"kept"]


def test_deleting_what_is_not_there_is_no_matter(bus: Bus) -> None:
    topic = bus.topic()
    bus.admin.delete([topic])
    bus.admin.delete([topic])
    bus.admin.delete([])


def test_closing_lets_go_of_every_thread(bus: Bus) -> None:
    topic, before = bus.topic(), threading.active_count()
    publisher, subscriber = bus.publisher(), bus.subscriber()
    publisher.publish([message(topic, "key", "1")])
    subscriber.poll([topic], {})
    for _ in range(2):  # twice is harmless
        publisher.close()
        subscriber.close()
    assert threading.active_count() <= before
