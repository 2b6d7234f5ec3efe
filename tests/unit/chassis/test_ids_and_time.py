"""Ids are UUIDv7 in the order of their time; time and chance enter at one place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import nature

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
CHANCE = st.binary(min_size=10, max_size=10)


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    before = nature.use(nature.REAL)
    yield
    nature.use(before)


def id_at(moment: datetime, chance: bytes) -> UUID:
    before = nature.use(nature.Nature(now=lambda: moment, random_bytes=lambda count: chance[:count]))
    try:
        return nature.new_id()
    finally:
        nature.use(before)


@given(MOMENTS, CHANCE)
def test_an_id_has_the_layout_of_rfc_9562(moment: datetime, chance: bytes) -> None:
    id_ = id_at(moment, chance)
    assert id_.version == 7
    assert id_.bytes[8] >> 6 == 0b10
    assert id_.int >> 80 == (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    drawn = int.from_bytes(chance) & (1 << 74) - 1
    assert (id_.int >> 64 & 0xFFF) << 62 | id_.int & (1 << 62) - 1 == drawn


@given(MOMENTS, CHANCE)
def test_an_id_says_when_it_was_made_to_the_millisecond(moment: datetime, chance: bytes) -> None:
    made_at = nature.made_at(id_at(moment, chance))
    assert made_at == moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@given(MOMENTS, MOMENTS, CHANCE, CHANCE)
def test_ids_are_in_the_order_of_their_milliseconds(one: datetime, other: datetime, a: bytes, b: bytes) -> None:
    first, second = id_at(one, a), id_at(other, b)
    if first.int >> 80 != second.int >> 80:
        assert (first < second) == (one < other)


def test_a_zone_changes_nothing() -> None:
    moment = datetime(2026, 5, 4, 12, 0, 0, 123000, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=-5)))
    assert id_at(moment, bytes(10)) == id_at(elsewhere, bytes(10))


def test_an_id_of_another_version_says_nothing_of_time() -> None:
    assert nature.made_at(uuid4()) is None
    assert nature.made_at(UUID(int=0)) is None
    assert nature.made_at(UUID(int=(1 << 128) - 1)) is None


@pytest.mark.parametrize("milliseconds", [0, 1, 253_402_300_799_999, 253_402_300_800_000, (1 << 48) - 1])
def test_any_time_that_somebody_writes_into_an_id_is_read(milliseconds: int) -> None:
    """48 bits reach to the year 10889; the command ids of strangers must not be an error of ours."""
    made_at = nature.made_at(UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62))
    assert made_at is not None
    assert made_at.utcoffset() == timedelta(0)


def test_ids_differ() -> None:
    assert len({nature.new_id() for _ in range(5_000)}) == 5_000


def test_the_moment_is_aware_and_in_utc() -> None:
    assert nature.now().utcoffset() == timedelta(0)


def test_another_nature_can_be_put_in_place_and_taken_away() -> None:
    fixed = nature.Nature(now=lambda: datetime(2026, 1, 1, tzinfo=UTC), random_bytes=bytes)
    before = nature.use(fixed)
    assert nature.now().year == 2026
    assert nature.random_bytes(3) == b"\0\0\0"
    assert nature.new_id() == nature.new_id()
    assert nature.use(before) is fixed
