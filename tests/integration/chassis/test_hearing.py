"""Hearing: the log is the inbox. What comes twice, late, forged or broken changes nothing that was right."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState
from mandate.bus.v1 import topics_pb2

from chassis import hearing, log, parking, progress
from chassis.bus import Batch, Message, Place, Record
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.hearing import Ingest
from chassis.messages import PROGRESS, Origin, wrap
from chassis.progress import ViewStaleError
from tests.chance import TIMES, beside_a_pool
from tests.house import House, Room, living
from tests.integration.chassis.conftest import Clock
from tests.integration.chassis.shop import SERVICE

AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)
ONE, OTHER = UUID(int=0x0195 << 112 | 1), UUID(int=0x0195 << 112 | 2)
Rows = Callable[..., list[Any]]


def origin(stream: UUID, version: int, *, edition: int = 1, service: str = "access") -> Origin:
    return Origin(service, edition, version, stream, version, AT, UUID(int=7), "", bytes(32))


def state(key: UUID, version: int, status: str, *, edition: int = 1, form: int = 1, service: str = "access") -> Message:
    message = AssociationState(association_id=str(key), account_id=str(ONE), employer_id=str(OTHER), status=status)
    return wrap(message, origin(key, version, edition=edition, service=service), form=form)


def asked(key: UUID, version: int = 1, tracking_id: str = "R1") -> Message:
    who: dict[str, Any] = {"account_id": str(ONE), "employer_id": str(OTHER)}
    return wrap(RoleRequested(role_request_id=str(key), tracking_id=tracking_id, **who), origin(key, version))


def take(house: House, *messages: Message) -> None:
    house.publisher.publish(messages)
    run(house.shop)


def run(room: Room, ingest: Ingest | None = None) -> None:
    for follower in (ingest or room.follower("shop.ingest"), room.follower("roles_v1"), room.follower("asked_v1")):
        while follower.step():
            pass


def statuses(rows: Rows, house: House) -> dict[str, str]:
    return dict(rows(house.shop, "SELECT association_id, status FROM roles_v1"))


def parked(rows: Rows, house: House) -> list[Any]:
    return rows(house.shop, 'SELECT key, cause, value FROM parked_messages ORDER BY topic, partition, "offset"')


def test_a_state_that_is_older_than_what_was_heard_is_ignored(shop_house: House, rows: Rows) -> None:
    """By edition, then version, then form."""
    steps = [
        (state(ONE, 5, "A"), "A"),
        (state(ONE, 4, "older"), "A"),
        (state(ONE, 5, "same"), "A"),
        (state(ONE, 5, "told again in another form", form=2), "told again in another form"),
        (state(ONE, 5, "the old form"), "told again in another form"),
        (state(ONE, 6, "B"), "B"),
        (state(ONE, 2, "after a restore", edition=2), "after a restore"),
        (state(ONE, 900, "before the restore"), "after a restore"),
        (state(ONE, 1, "older", edition=2, form=9), "after a restore"),
        (state(ONE, 3, "C", edition=2), "C"),
    ]
    for message, then in steps:
        take(shop_house, message)
        assert statuses(rows, shop_house) == {str(ONE): then}
    heard = rows(shop_house.shop, "SELECT version FROM log ORDER BY position")
    assert [version for (version,) in heard] == [5, 5, 6, 2, 3]


def test_in_one_batch_the_newest_state_is_last(shop_house: House, rows: Rows) -> None:
    take(
        shop_house, state(ONE, 2, "B"), state(ONE, 1, "A"), state(OTHER, 1, "X"), state(ONE, 2, "B"), state(ONE, 3, "C")
    )
    assert statuses(rows, shop_house) == {str(ONE): "C", str(OTHER): "X"}


def test_a_heard_row_keeps_headers_and_value_as_they_came(shop_house: House) -> None:
    message = asked(ONE)
    take(shop_house, message)
    with shop_house.shop.app.session() as session:
        [row] = log.read(session, after=0)
    assert hearing.headers_of(row) == message.headers
    assert hearing.decode_heard(shop_house.shop.app.catalogue, row).SerializeToString() == message.value
    assert (row.topic, row.version, row.cause.correlation_id) == ("heard.RoleRequested", 1, UUID(int=7))
    assert row.stream.bytes[:8] == ONE.bytes[:8]  # the time in front: random ids halve the rate of appends


MESSAGES = [
    *(state(key, version, f"v{version}") for key in (ONE, OTHER) for version in range(1, 6)),
    state(ONE, 2, "restored", edition=2),
    state(OTHER, 5, "other form", form=2),
    *(asked(UUID(int=number)) for number in range(1, 6)),
]


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres, shop_template: str) -> Any:
    with living(postgres, shop_template, [SERVICE]) as house:
        yield house


@pytest.mark.timeout(3600)
@settings(max_examples=25 * TIMES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@beside_a_pool
@given(seed=st.integers(0, 1 << 30), repeats=st.integers(1, 4), batch=st.integers(1, 30))
def test_shuffled_and_repeated_deliveries_give_the_same_views(
    shared: House, seed: int, repeats: int, batch: int
) -> None:
    """F-13, F-14: any order between keys and topics, any repeats; per key states may even come late."""
    draw = random.Random(seed)
    delivered = [message for message in MESSAGES for _ in range(draw.randint(1, repeats))]
    draw.shuffle(delivered)
    room = shared.shop
    with shared.bus.session() as bus:
        bus.run("DELETE FROM records")
    shared.publisher.publish(delivered)
    with psycopg.connect(room.database.dsn, options="-c search_path=shop", autocommit=True) as owner:
        owner.execute("ALTER TABLE log DISABLE TRIGGER ALL; DELETE FROM log; ALTER TABLE log ENABLE TRIGGER ALL")
        for table in ("heard", "offsets", "roles_v1", "asked_v1"):
            owner.execute(f"DELETE FROM {table}".encode())
        owner.execute("UPDATE positions SET position = 0")
    run(room, Ingest(room.app, shared.subscriber, batch=batch))
    with room.app.session() as session:
        found = dict(session.run("SELECT association_id, status FROM roles_v1"))
        [(count,)] = session.run("SELECT count(*) FROM asked_v1")
        [(events,)] = session.run("SELECT count(*) FROM log WHERE topic = 'heard.RoleRequested'")
    assert found == {str(ONE): "restored", str(OTHER): "other form"}
    assert count == events == 5


def test_offsets_set_back_to_zero_change_nothing(shop_house: House, rows: Rows) -> None:
    """F-13: they are hints."""
    shop = shop_house.shop
    take(shop_house, *MESSAGES, Message("AssociationState", str(ONE), b"\xff", {}), progress_of(shop_house, 9))
    tables = ["log", "heard", "roles_v1", "asked_v1", "parked_messages", "progress"]
    before = {table: rows(shop, f"SELECT * FROM {table} ORDER BY 1") for table in tables}
    assert before["progress"]
    assert before["parked_messages"]
    rows(shop, "UPDATE offsets SET next = 0")
    run(shop, Ingest(shop.app, shop_house.subscriber, batch=3))
    rows(shop, "DELETE FROM offsets")
    run(shop, Ingest(shop.app, shop_house.subscriber, batch=7))
    assert {table: rows(shop, f"SELECT * FROM {table} ORDER BY 1") for table in tables} == before


def test_offsets_set_back_beyond_retention_leave_no_gap(shop_house: House, rows: Rows) -> None:
    """All that retention has taken was heard before; a gap would put the service out of sync for good."""
    shop = shop_house.shop
    take(shop_house, *(asked(UUID(int=number)) for number in range(1, 40)))
    for partition in range(3):
        shop_house.admin.truncate("RoleRequested", partition, before=5)
    rows(shop, "UPDATE offsets SET next = 0")
    ingest = Ingest(shop.app, shop_house.subscriber)
    run(shop, ingest)
    assert rows(shop, "SELECT 1 FROM offsets WHERE gap") == []
    take(shop_house, asked(UUID(int=99)), progress_of(shop_house, 3))
    with shop.app.session() as session:
        assert progress.heard_up_to(session, "access") is not None


BAD_STATE = state(OTHER, 1, "A")
BAD: list[tuple[Message, str]] = [
    (state(OTHER, 1, "forged", service="connections"), "connections may not write AssociationState"),
    (replace(BAD_STATE, value=b"\xff\xff"), "the value is no AssociationState"),
    (replace(BAD_STATE, value=b""), "it has no value"),
    (replace(BAD_STATE, headers={}), "the header ce_type is missing"),
    (replace(BAD_STATE, headers=dict(BAD_STATE.headers) | {"ce_sequence": str(1 << 64)}), "a header is wrong"),
    (replace(BAD_STATE, headers=dict(BAD_STATE.headers) | {"edition": "0"}), "a header is wrong"),
    (
        replace(BAD_STATE, headers=dict(BAD_STATE.headers) | {"ce_type": "mandate.access.v1.RoleRequested"}),
        "the topic is",
    ),
    (replace(BAD_STATE, key=str(uuid4())), "ce_partitionkey says"),
]


@pytest.mark.parametrize(("message", "cause"), BAD, ids=[cause for _, cause in BAD])
def test_what_cannot_be_taken_is_parked_with_its_bytes_and_the_partition_goes_on(
    shop_house: House, rows: Rows, message: Message, cause: str
) -> None:
    """B-05."""
    take(shop_house, state(ONE, 1, "A"), message, state(ONE, 2, "B"))
    [(key, why, value)] = parked(rows, shop_house)
    assert (key, value) == (message.key, message.value)
    assert cause in why
    assert statuses(rows, shop_house) == {str(ONE): "B"}
    with shop_house.shop.app.session() as session:
        assert parking.unknown_keys(session, ["AssociationState"]) == {message.key}
        assert parking.unknown_keys(session, ["RoleRequested"]) == set()


class Strange:
    """A bus that brings what the embedded one cannot carry."""

    def __init__(self, *records: Record) -> None:
        self.records = records

    def poll(self, topics: Any, places: Any, *, limit: int = 500) -> Batch:
        parts = {(one.topic, one.partition) for one in self.records}
        return Batch(records=self.records, places={part: Place("id", 10) for part in parts})

    def ends(self, topics: Any) -> Any:
        return {}

    def another(self) -> Strange:
        return self

    def close(self) -> None: ...


def test_keys_headers_and_causes_that_no_table_takes_are_parked_too(shop_house: House, rows: Rows) -> None:
    """B-05: a stranger's NUL must not stop the service: PostgreSQL takes none, in text or jsonb."""
    good = state(OTHER, 1, "A")
    nul = dict(good.headers) | {"ce_type": "a.\0", "x\0": "\0"}
    strange = Strange(
        Record("AssociationState", 0, 1, "a\0b", b"\0", nul, AT),
        Record("AssociationState", 0, 2, good.key, None, good.headers, AT),
        Record(
            "AssociationState",
            0,
            3,
            str(ONE),
            good.value,
            dict(good.headers) | {"ce_partitionkey": str(ONE), "ce_id": "\0"},
            AT,
        ),
        Record(PROGRESS, 0, 1, "access", b"\xff\xff", {}, AT),
        Record(PROGRESS, 0, 2, "a\0", b"", {"\0": "\0"}, AT),
    )
    ingest = Ingest(shop_house.shop.app, strange)
    for _ in range(2):
        ingest.step()
    found = parked(rows, shop_house)
    assert [key for key, _, _ in found] == ["a\\x00b", good.key, str(ONE), "access", "a\\x00"]
    assert found[1][2] is None
    assert statuses(rows, shop_house) == {}


def test_later_messages_of_a_parked_key_wait_and_no_others(shop_house: House, rows: Rows) -> None:
    """F-15: only that key waits; a redrive keeps its order."""
    shop = shop_house.shop
    broken = replace(asked(ONE, 1, "R1"), value=b"\xff")
    take(shop_house, broken, asked(ONE, 2, "R2"), asked(OTHER, 1, "R9"))
    take(shop_house, asked(ONE, 3, "R3"), asked(OTHER, 2, "R8"))
    assert [why.split()[0] for _, why, _ in parked(rows, shop_house)] == ["the", "waits", "waits"]
    assert rows(shop, "SELECT * FROM asked_v1") == [(str(OTHER), "R8")]
    ingest = shop.follower("shop.ingest")
    assert ingest.redrive() == 0
    assert len(parked(rows, shop_house)) == 3

    # a newer release can read it: here, because it was mended
    rows(shop, "UPDATE parked_messages SET value = %s WHERE value = %s", asked(ONE, 1, "R1").value, b"\xff")
    assert ingest.redrive() == 3
    assert parked(rows, shop_house) == []
    run(shop)
    assert rows(shop, "SELECT version FROM log WHERE topic = 'heard.RoleRequested' ORDER BY position") == [
        (1,),
        (2,),
        (1,),
        (2,),
        (3,),
    ]
    assert dict(rows(shop, "SELECT * FROM asked_v1")) == {str(OTHER): "R8", str(ONE): "R3"}
    take(shop_house, asked(ONE, 4, "R4"))
    assert dict(rows(shop, "SELECT * FROM asked_v1"))[str(ONE)] == "R4"


def test_a_forged_message_can_be_let_go(shop_house: House, rows: Rows) -> None:
    take(shop_house, state(ONE, 9, "forged", service="connections"), state(ONE, 1, "A"))
    assert statuses(rows, shop_house) == {}
    shop = shop_house.shop
    [(topic, partition, offset, topic_id)] = rows(
        shop, 'SELECT topic, partition, "offset", topic_id FROM parked_messages ORDER BY "offset" LIMIT 1'
    )
    with shop.app.session() as session:
        parking.discard(session, Record(topic, partition, offset, "", None, {}, AT), topic_id)
    assert shop.follower("shop.ingest").redrive() == 1
    run(shop)
    assert statuses(rows, shop_house) == {str(ONE): "A"}


def test_two_ingests_hear_each_message_once(shop_house: House, rows: Rows) -> None:
    shop = shop_house.shop
    shop_house.publisher.publish(MESSAGES)
    one, other = (Ingest(shop.app, shop_house.subscriber, batch=size) for size in (3, 5))
    while one.step() | other.step():
        pass
    run(shop)
    assert statuses(rows, shop_house) == {str(ONE): "restored", str(OTHER): "other form"}
    heard = rows(shop, "SELECT stream, version FROM log")
    assert len(heard) == len(set(heard))


# -- Progress


def progress_of(
    house: House, position: int, *, edition: int = 1, written: Sequence[tuple[str, int, int]] | None = None
) -> Message:
    """What access says of itself: `written` are topic, partition and last offset; all that the bus has by default."""
    ends = house.subscriber.ends(["AssociationState", "RoleRequested", "ConnectionState"])
    value = topics_pb2.Progress(origin="access", edition=edition, position=position)
    for (topic, partition), place in ends.items():
        offsets = [offset for t, p, offset in written or () if (t, p) == (topic, partition)]
        last = offsets[0] if offsets else place.offset - 1
        if (offsets or written is None) and last >= 0:
            value.written.add(topic=topic, topic_id=place.topic_id, partition=partition, offset=last)
    return Message(PROGRESS, "access", value.SerializeToString(), {})


def reached(house: House) -> tuple[int, int, int] | None:
    with house.shop.app.session() as session:
        found = progress.heard_up_to(session, "access")
    return (found.edition, found.position, found.own_position) if found else None


def test_progress_is_proven_once_everything_it_names_was_heard(shop_house: House) -> None:
    take(shop_house, asked(ONE), progress_of(shop_house, 4, written=[("RoleRequested", p, 0) for p in range(3)]))
    assert reached(shop_house) is None
    numbers = iter(range(1, 99))
    while any(place.offset == 0 for place in shop_house.subscriber.ends(["RoleRequested"]).values()):
        take(shop_house, asked(UUID(int=next(numbers))))
    assert reached(shop_house) == (1, 4, shop_house.shop.end())


def test_topics_that_are_not_listened_to_prove_and_disprove_nothing(shop_house: House) -> None:
    take(shop_house, progress_of(shop_house, 7, written=[("ConnectionState", 3, 10**6)]))
    assert reached(shop_house) == (1, 7, 0)


def test_an_older_progress_that_comes_late_takes_nothing_back(shop_house: House, clock: Clock) -> None:
    take(shop_house, asked(ONE), progress_of(shop_house, 7))
    there = reached(shop_house)
    clock.move(seconds=20)
    take(shop_house, progress_of(shop_house, 3), progress_of(shop_house, 7))
    take(shop_house, progress_of(shop_house, 5))  # of a relay that was frozen: nothing newer comes behind it
    assert reached(shop_house) == there
    clock.move(seconds=20)
    with shop_house.shop.app.session() as session:
        progress.require_fresh(session, "access")
    take(shop_house, progress_of(shop_house, 2, edition=2))
    assert reached(shop_house) == (2, 2, 1)


def test_who_is_always_a_little_behind_still_proves_something(shop_house: House, rows: Rows) -> None:
    """Each new Progress names what has not been heard yet; replaced each time, none would ever be proven."""
    shop = shop_house.shop
    partition = next(p for (t, p), place in _written(shop_house, asked(ONE)).items() if place.offset)
    ingest = Ingest(shop.app, shop_house.subscriber, batch=8)
    for number in range(1, 6):
        said = progress_of(shop_house, number, written=[("RoleRequested", partition, number)])
        shop_house.publisher.publish([said])
        ingest.step()
        shop_house.publisher.publish([asked(ONE, number + 1)])
        shop_house.publisher.publish(
            [progress_of(shop_house, number + 1, written=[("RoleRequested", partition, number + 1)])]
        )
        ingest.step()
    found = reached(shop_house)
    assert found is not None
    assert found[1] >= 4


def _written(house: House, message: Message) -> Any:
    house.publisher.publish([message])
    return house.subscriber.ends([message.topic])


def test_a_gap_proves_nothing_until_the_topic_is_told_again(shop_house: House, rows: Rows) -> None:
    shop = shop_house.shop
    take(shop_house, *(asked(UUID(int=number)) for number in range(1, 10)))
    take(shop_house, progress_of(shop_house, 9))
    there = reached(shop_house)
    shop_house.publisher.publish([asked(UUID(int=number)) for number in range(10, 60)])
    for partition in range(3):
        shop_house.admin.truncate("RoleRequested", partition, before=10)
    take(shop_house, progress_of(shop_house, 60))
    assert rows(shop, "SELECT count(*) FROM offsets WHERE gap") == [(3,)]
    assert reached(shop_house) == there
    run(shop, Ingest(shop.app, shop_house.subscriber))
    take(shop_house, asked(UUID(int=61)), progress_of(shop_house, 61))
    assert reached(shop_house) == there

    shop_house.admin.delete(["RoleRequested"])
    shop_house.admin.ensure([shop.app.catalogue.topics["RoleRequested"]])
    take(shop_house, *(asked(UUID(int=number)) for number in range(1, 62)), progress_of(shop_house, 61))
    assert reached(shop_house) == (1, 61, shop.end())
    assert rows(shop, "SELECT count(*) FROM asked_v1") == [(61,)]


def test_a_progress_of_another_topic_id_waits(shop_house: House) -> None:
    before = progress_of(shop_house, 5, written=[("RoleRequested", 0, 0)])
    shop_house.admin.delete(["RoleRequested"])
    shop_house.admin.ensure([shop_house.shop.app.catalogue.topics["RoleRequested"]])
    take(shop_house, *(asked(UUID(int=number)) for number in range(1, 10)), before)
    assert reached(shop_house) is None
    take(shop_house, progress_of(shop_house, 5))
    assert reached(shop_house) == (1, 5, 9)


def test_what_was_heard_long_ago_is_stale(shop_house: House, clock: Clock) -> None:
    with shop_house.shop.app.session() as session:
        with pytest.raises(ViewStaleError):
            progress.require_fresh(session, "access")
        take(shop_house, progress_of(shop_house, 1))
        clock.move(seconds=30)
        progress.require_fresh(session, "access")
        clock.move(microseconds=1)
        with pytest.raises(ViewStaleError) as stale:
            progress.require_fresh(session, "access")
    assert (stale.value.code, stale.value.transient) == ("VIEW_STALE", True)


def test_a_progress_that_repeats_the_last_one_is_written_down_every_five_seconds_alone(
    shop_house: House, rows: Rows, clock: Clock
) -> None:
    """At rest it shows that its origin lives, and nothing else; what says anything new is written at once."""
    ingest = Ingest(shop_house.shop.app, shop_house.subscriber)

    def takes(message: Message) -> bool:
        before = rows(shop_house.shop, "SELECT xmin FROM progress")
        shop_house.publisher.publish([message])
        run(shop_house.shop, ingest)
        return rows(shop_house.shop, "SELECT xmin FROM progress") != before

    again = progress_of(shop_house, 7)
    assert takes(again)
    for _ in range(4):
        clock.move(seconds=1)
        assert not takes(again)
    clock.move(seconds=1)
    assert takes(again)
    assert takes(progress_of(shop_house, 8))
    assert reached(shop_house) == (1, 8, 0)
    [(saved,)] = rows(shop_house.shop, "SELECT next FROM offsets WHERE topic = %s", PROGRESS)
    assert saved == shop_house.subscriber.ends([PROGRESS])[PROGRESS, 0].offset


def test_a_broken_progress_is_parked_each_time(shop_house: House, rows: Rows, clock: Clock) -> None:
    ingest = Ingest(shop_house.shop.app, shop_house.subscriber)
    for _ in range(3):
        shop_house.publisher.publish([Message(PROGRESS, "access", b"\xff\xff", {})])
        run(shop_house.shop, ingest)
    assert len(parked(rows, shop_house)) == 3
