"""Records that strangers, and mistakes, put on the bus among good ones (B-05, F-15)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState

from chassis import log, nature
from chassis.bus import Batch, Message, Place, Record
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.hearing import HEARD, Ingest, decode_heard
from chassis.messages import PROGRESS, Origin, wrap
from chassis.parking import storable
from chassis.service import settle
from tests.chance import TURNS, chance, play
from tests.house import House, living
from tests.integration.chassis.shop import SERVICE
from tests.strange import broken, nested

pytestmark = pytest.mark.timeout(3600)
AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)
Rows = Callable[..., list[Any]]
GROWTH_MB = 16.0
BATCH = 400


def state(key: UUID, version: int, *, form: int = 1) -> Message:
    message = AssociationState(association_id=str(key), account_id=str(uuid4()), employer_id=str(uuid4()), status="A")
    return wrap(message, origin(key, version), form=form)


def asked(key: UUID, version: int) -> Message:
    who: dict[str, Any] = {"account_id": str(uuid4()), "employer_id": str(uuid4())}
    return wrap(RoleRequested(role_request_id=str(key), tracking_id="R1", **who), origin(key, version))


def origin(key: UUID, version: int, service: str = "access") -> Origin:
    return Origin(service, 1, version, key, version, AT, UUID(int=7), "", bytes(32))


NUMBERS = ("edition", "form", "position", "ce_sequence")
NEEDED = ("ce_id", "ce_type", "ce_time", "ce_sequence", "ce_partitionkey", "origin", "edition", "position")
BREAKS: dict[str, Callable[[Message, Random], Message]] = {
    "random bytes": lambda good, by: replace(good, value=b"\xff" + by.randbytes(by.randint(0, 300))),
    "bits turned": lambda good, by: replace(good, value=broken(good.value or b"", by)),
    "groups within groups": lambda good, by: replace(good, value=nested(by.choice([101, 5_000]))),
    "no value": lambda good, _: replace(good, value=None),
    "an empty value": lambda good, _: replace(good, value=b""),
    "two megabytes": lambda good, _: replace(good, value=b"\xff" * 2 * 1024 * 1024),
    "another type": lambda good, _: with_headers(good, ce_type="mandate.access.v1.EmployerState"),
    "a header is missing": lambda good, by: without(good, by.choice(NEEDED)),
    "a header stands twice": lambda good, by: with_headers(
        good, **{(name := by.choice(NEEDED)): "\0".join([good.headers[name]] * 2)}
    ),
    "no number": lambda good, by: with_headers(
        good, **{by.choice(NUMBERS): by.choice(["", "x", "-1", "1e3", "9" * 19, "9" * 5_000])}
    ),
    "no time": lambda good, by: with_headers(
        good, ce_time=by.choice(["", "noon", "2026-05-04", "2026-05-04T13:00:00", "0001-01-01T00:00:00+14:00"])
    ),
    "another key": lambda good, _: replace(good, key=str(uuid4())),
    "a key that is no text": lambda good, _: replace(good, key="\\xff\0"),
    "a key without an end": lambda good, by: long_key(good, by.randint(2_000, 100_000), by),
    "headers without an end": lambda good, by: with_headers(good, more="x" * by.randint(1, 200_000), ce_id="\0"),
    "forged": lambda good, by: with_headers(good, origin=by.choice(["", "identity", "shop", "ACCESS"])),
}
"""What can be wrong with a message. What has its bits turned may still be one."""


def with_headers(good: Message, **headers: str) -> Message:
    return replace(good, headers={**good.headers, **headers})


def without(good: Message, name: str) -> Message:
    return replace(good, headers={one: text for one, text in good.headers.items() if one != name})


def long_key(good: Message, length: int, by: Random) -> Message:
    """All headers agree with it, and it is not to be pressed together: no index of a table takes it."""
    key = by.randbytes(length).hex()
    return with_headers(replace(good, key=key), ce_partitionkey=key)


@dataclass
class Bus:
    """Brings these records, and no more."""

    records: list[Record]
    topic_id: str

    def poll(self, topics: Any, places: Any, *, limit: int = 500) -> Batch:
        parts = {(one.topic, one.partition): one.offset for one in self.records}
        found = Batch(self.records, {part: Place(self.topic_id, last + 1) for part, last in parts.items()})
        self.records = []
        return found if found.records else Batch(places=places)

    def ends(self, topics: Any) -> Any:
        return {}

    def another(self) -> Bus:
        return self

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def shared(postgres: EmbeddedPostgres, shop_template: str) -> Iterator[House]:
    with living(postgres, shop_template, [SERVICE]) as house:
        yield house


def hear(house: House, messages: list[Message]) -> str:
    """Let the shop hear them, in this order; return the id of their topics, which no others have."""
    topic_id = uuid4().hex
    records = [Record(one.topic, 0, offset, one.key, one.value, one.headers, AT) for offset, one in enumerate(messages)]
    bus: Any = Bus(records, topic_id)
    ingest = Ingest(house.shop.app, bus)
    while ingest.step():
        pass
    return topic_id


def heard(house: House, after: int) -> list[tuple[str, bytes]]:
    with house.shop.app.session() as session:
        found = [row for row in log.read(session, after=after, limit=10_000) if row.topic.startswith(HEARD)]
    catalogue = house.shop.app.catalogue
    return [(row.topic.removeprefix(HEARD), decode_heard(catalogue, row).SerializeToString()) for row in found]


@pytest.mark.parametrize("turn", TURNS)
def test_what_is_strange_is_parked_as_it_came_and_holds_nobody_back(shared: House, rows: Rows, turn: int) -> None:
    def happens(names: list[str], by: Any) -> None:
        messages: list[Message] = []
        wrong: dict[int, str] = {}
        fine = uuid4()
        for version, name in enumerate(names, start=1):
            messages.append(state(fine, version))
            wrong[len(messages)] = name
            messages.append(BREAKS[name](by.choice([state, asked])(uuid4(), 1), by))
        messages.append(asked(uuid4(), 1))
        after = shared.shop.end()
        topic_id = hear(shared, messages)
        kept = {
            (topic, offset): (key, value, cause)
            for topic, offset, key, value, cause in rows(
                shared.shop,
                'SELECT topic, "offset", key, value, cause FROM parked_messages WHERE topic_id = %s',
                topic_id,
            )
        }
        said = heard(shared, after)
        for offset, message in enumerate(messages):
            where = (message.topic, offset)
            if where in kept:
                assert offset in wrong, kept[where]
                key, value, cause = kept[where]
                assert value == message.value
                assert cause
                assert key[:40] == storable(message.key)[:40]
            elif offset in wrong:
                assert wrong[offset] == "bits turned", (wrong[offset], message)
        fit = [one for offset, one in enumerate(messages) if (one.topic, offset) not in kept]
        assert [topic for topic, _ in said] == [one.topic for one in fit]
        assert [value for _, value in said if value in {one.value for one in fit}]
        settle([{role: [one for one in of if one.name != "shop.ingest"] for role, of in shared.shop.followers.items()}])
        assert rows(shared.shop, "SELECT status FROM roles_v1 WHERE association_id = %s", str(fine)) == [("A",)]

    names = st.lists(st.sampled_from(sorted(BREAKS)), min_size=1, max_size=6)
    play(turn, 60, happens, names, st.randoms(use_true_random=False))


def test_a_form_of_a_newer_release_is_heard_and_its_unknown_fields_are_kept(shared: House) -> None:
    after = shared.shop.end()
    known = state(uuid4(), 1, form=99)
    newer = replace(known, value=(known.value or b"") + b"\xfa\x7f\x03new")  # field 2047
    hear(shared, [newer])
    assert heard(shared, after) == [("AssociationState", newer.value)]


def test_what_is_parked_with_a_key_without_an_end_makes_that_key_alone_wait(shared: House, rows: Rows) -> None:
    key = nature.random_bytes(20_000).hex()
    long = with_headers(replace(asked(uuid4(), 1), key=key), ce_partitionkey=key)
    topic_id = hear(shared, [long, replace(long, value=b"\xff"), asked(uuid4(), 1)])
    [*_, (_, last)] = found = rows(
        shared.shop, "SELECT key, headers FROM parked_messages WHERE topic_id = %s ORDER BY 1", topic_id
    )
    assert len(found) == 2
    assert last["ce_partitionkey"] == key
    hear(shared, [replace(long, key=key[:-1] + "x")])
    keys = rows(shared.shop, "SELECT DISTINCT key FROM parked_messages WHERE starts_with(key, %s)", key[:40])
    assert len(keys) == 2


@pytest.mark.parametrize("turn", TURNS)
def test_a_flood_of_strange_records_leaves_no_memory_behind(shared: House, rows: Rows, turn: int) -> None:
    by = chance(turn)
    small = [name for name in sorted(BREAKS) if name != "two megabytes"]

    def flood() -> None:
        made = [BREAKS[by.choice(small)](state(uuid4(), 1), by) for _ in range(BATCH)]
        hear(shared, [*made, replace(state(uuid4(), 1), topic=PROGRESS, value=by.randbytes(90))])
        rows(shared.shop, "DELETE FROM parked_messages RETURNING 1")

    flood()
    before = rss_mb()
    for _ in range(3):
        flood()
    assert rss_mb() - before < GROWTH_MB


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
