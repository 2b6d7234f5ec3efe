"""In sync: proven by Progress, for as long as the proof is young."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st
from mandate_kit.sync import Sync

from tests.unit.kit.records import progress

ONE = ("ConnectionState", "id-1")


def listening() -> Sync:
    sync = Sync({"ConnectionState": "connections", "AssociationState": "access"})
    sync.restart({"ConnectionState": "id-1", "AssociationState": "id-2"})
    return sync


def test_a_position_is_heard_when_every_offset_that_its_progress_names_was_passed() -> None:
    sync = listening()
    sync.tell(progress("connections", 41, (*ONE, 0, 7), (*ONE, 1, 3), ("ConnectionEnded", "id-9", 0, 99)), 0)
    sync.reached("ConnectionState", 0, 8)
    sync.reached("ConnectionState", 1, 3)
    sync.settle()
    assert not sync.heard("connections", 1, 1)
    sync.reached("ConnectionState", 1, 4)
    sync.settle()
    assert sync.heard("connections", 1, 41)
    assert not sync.heard("connections", 1, 42)
    assert not sync.heard("access", 1, 1)


def test_who_is_always_a_second_behind_proves_what_is_a_second_old() -> None:
    sync = listening()
    for second in range(1, 10):
        sync.tell(progress("connections", second, (*ONE, 0, second)), second)
        sync.reached("ConnectionState", 0, second)
        sync.settle()
    assert sync.heard("connections", 1, 8)
    assert not sync.heard("connections", 1, 9)


def test_a_topic_made_anew_proves_nothing_until_it_is_read() -> None:
    sync = listening()
    sync.reached("ConnectionState", 0, 100)
    sync.tell(progress("connections", 1, ("ConnectionState", "id-other", 0, 7)), 0)
    sync.settle()
    assert not sync.heard("connections", 1, 1)
    sync.restart({"ConnectionState": "id-other", "AssociationState": "id-2"})
    sync.settle()
    assert not sync.heard("connections", 1, 1)
    sync.reached("ConnectionState", 0, 8)
    sync.settle()
    assert sync.heard("connections", 1, 1)


def test_a_partition_that_lost_something_unread_proves_nothing_any_more() -> None:
    sync = listening()
    sync.gaps.add(("ConnectionState", 4))
    for origin in ("connections", "access"):
        sync.tell(progress(origin, 1), 0)
    sync.settle()
    assert not sync.heard("connections", 1, 1)
    assert sync.heard("access", 1, 1)


@given(st.lists(st.tuples(st.integers(1, 2), st.integers(0, 9)), min_size=1))
def test_what_was_proven_stays_proven(told: list[tuple[int, int]]) -> None:
    sync = listening()
    for edition, position in told:
        sync.tell(progress("access", position, edition=edition), 0)
        sync.settle()
    assert sync.heard("access", *max(told))


def test_the_age_is_that_of_the_service_heard_of_longest_ago_by_the_clock_that_says_more() -> None:
    sync = listening()
    assert sync.age_s(1010, 510) == math.inf
    sync.tell(progress("access", 1, at_s=1009), 509)
    sync.settle()
    assert sync.age_s(1010, 510) == math.inf
    sync.tell(progress("connections", 1, at_s=1001), 501)
    sync.settle()
    assert sync.age_s(1010, 510) == 9
    assert sync.age_s(900, 540) == 39  # a wall clock set back makes nothing young
    assert sync.age_s(1040, 510) == 39  # nor does a computer that slept


def test_the_late_progress_of_a_sender_that_was_frozen_makes_nothing_older() -> None:
    sync = listening()
    for at_s, position in ((1010, 5), (1011, 4), (1012, 5)):
        sync.tell(progress("access", position, at_s=at_s), at_s)
        sync.settle()
    sync.tell(progress("connections", 1, at_s=1012), 1012)
    sync.settle()
    assert sync.heard("access", 1, 5)
    assert sync.age_s(1012, 1012) == 0
