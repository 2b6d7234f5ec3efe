"""What becomes of a record: the newest state of each key, each event once, what cannot be read apart (B-05, F-15)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit.intake import Intake
from mandate_kit.letters import DeadLetter
from mandate_kit.metrics import Metrics
from mandate_kit.records import Record, Told
from mandate_kit.rights import RightsListener
from mandate_kit.sync import Sync

from tests.unit.kit.records import id_of, progress, record

STAFF, CLINIC, DOCTOR, MEMBERSHIP, CONNECTION = (id_of(number) for number in range(1, 6))


class Ears:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.gone: list[tuple[str, str]] = []

    def take(self, told: Told) -> None:
        if told.message == RoleRequested(tracking_id="R-refused"):
            raise ValueError("not for us")
        self.told.append(told)

    def forget(self, topic: str, key: str) -> None:
        self.gone.append((topic, key))


class Fed:
    """An intake with what came out of it."""

    def __init__(self, listener: Any = None) -> None:
        self.ears: Any = listener or Ears()
        self.dead: list[DeadLetter] = []
        self.metrics = Metrics()
        self.intake = Intake(self.ears, Sync({}), self.metrics, self.dead.append)

    def feed(self, *records: Record) -> Fed:
        for one in records:
            self.intake.take(one)
        return self

    def count(self, topic: str, outcome: str) -> float:
        labels = {"topic": topic, "outcome": outcome}
        return self.metrics.registry.get_sample_value("mandate_kit_records_total", labels) or 0


def account(active: bool = True) -> AccountState:
    return AccountState(account_id=str(STAFF), active=active)


def staff(status: str = "APPROVED") -> AssociationState:
    return AssociationState(
        association_id=str(MEMBERSHIP), account_id=str(STAFF), employer_id=str(CLINIC), role="STAFF_END_USER",
        status=status, functions=["PECOS"],
    )  # fmt: skip


def connection(status: str = "APPROVED") -> ConnectionState:
    return ConnectionState(
        connection_id=str(CONNECTION),
        provider_id=str(DOCTOR),
        surrogate_id=str(CLINIC),
        function="PECOS",
        status=status,
    )


RIGHT = (record(account(), STAFF, 1), record(staff(), MEMBERSHIP, 2), record(connection(), CONNECTION, 2))
ENDED = record(connection("DISCONNECTED"), CONNECTION, 3)


def can_act(fed: Fed) -> bool:
    answer: bool = fed.ears.index.can_act(STAFF, DOCTOR, "PECOS")
    return answer


@given(st.permutations([*RIGHT, ENDED]), st.lists(st.integers(0, 3), max_size=8))
def test_in_any_order_and_however_often_the_newest_state_of_each_key_counts(
    order: list[Record], again: list[int]
) -> None:
    """F-13, F-14."""
    fed = Fed(RightsListener()).feed(*order, *(order[one] for one in again))
    assert not can_act(fed)
    assert not fed.dead
    gone = fed.ears.index.explain(STAFF, DOCTOR, "PECOS").missing
    assert [one.status for one in gone] == ["DISCONNECTED"]


def test_a_higher_edition_or_form_is_newer_than_any_sequence() -> None:
    higher = [
        record(connection(), CONNECTION, 1, edition="2"),
        record(connection(), CONNECTION, 1, edition="2", form="2"),
    ]
    fed = Fed().feed(ENDED, *higher, *higher, ENDED)
    assert [one.age for one in fed.ears.told] == [(1, 3, 1), (2, 1, 1), (2, 1, 2)]
    assert fed.count("ConnectionState", "old") == 3


BROKEN = {
    "random bytes": {"value": b"\xff\xff"},
    "no bytes": {"value": b""},
    "another type": {"ce_type": "mandate.access.v1.RoleRequested"},
    "another key": {"ce_partitionkey": "someone"},
    "a forged source": {"origin": "identity"},
    "no sequence": {"ce_sequence": None},
    "no number": {"ce_sequence": "three"},
    "nothing before the first": {"edition": "0"},
    "no id": {"ce_id": None},
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_read_makes_its_key_unknown_and_holds_nobody_else_back(broken: dict[str, Any]) -> None:
    poison = record(connection(), CONNECTION, 3, **broken)
    fed = Fed(RightsListener()).feed(*RIGHT)
    assert can_act(fed)
    fed.feed(poison)
    assert not can_act(fed)
    assert fed.intake.newest.unknown.keys() == {("ConnectionState", str(CONNECTION))}
    [letter] = fed.dead
    assert (letter.record, bool(letter.cause)) == (poison, True)
    assert fed.ears.index.can_act(STAFF, CLINIC, "PECOS")
    fed.feed(RIGHT[2])  # a repeat of what was before the poison says nothing about now
    assert not can_act(fed)
    fed.feed(record(connection(), CONNECTION, 4))
    assert can_act(fed)
    assert not fed.intake.newest.unknown


def test_an_id_that_is_no_id_is_poison_too() -> None:
    wrong = AssociationState(association_id="7", account_id="x", employer_id="y", status="APPROVED")
    fed = Fed(RightsListener()).feed(*RIGHT, record(wrong, MEMBERSHIP, 3))
    assert not fed.ears.index.can_act(STAFF, CLINIC, "PECOS")
    assert len(fed.dead) == 1


def test_an_old_record_that_cannot_be_read_changes_nothing() -> None:
    fed = Fed(RightsListener()).feed(*RIGHT, record(connection(), CONNECTION, 1, value=b"\xff"))
    assert can_act(fed)
    assert len(fed.dead) == 1


@given(
    st.lists(
        st.tuples(st.binary(max_size=40), st.lists(st.tuples(st.text(max_size=12), st.binary(max_size=12)))),
        max_size=20,
    )
)
def test_random_bytes_stop_nobody(strange: list[tuple[bytes, list[tuple[str, bytes]]]]) -> None:
    """B-05."""
    noise = [
        Record(topic, 0, 9, key, value, headers, 0)
        for value, headers in strange
        for topic in ("AccountState", "RoleRequested", "Progress")
        for key in (value, None)
    ]
    fed = Fed(RightsListener()).feed(*noise, *RIGHT)
    assert can_act(fed)
    assert len(fed.dead) == len(noise)


def test_a_tombstone_takes_the_key_out() -> None:
    fed = Fed(RightsListener()).feed(*RIGHT, record(connection(), CONNECTION, 3, value=None))
    assert not can_act(fed)
    assert not fed.dead
    fed.feed(RIGHT[2])
    assert not can_act(fed)


def test_an_event_is_told_once() -> None:
    asked = [record(RoleRequested(tracking_id=f"R{number}"), STAFF, number, form=None) for number in (2, 1, 2, 1)]
    fed = Fed().feed(*asked)
    assert [one.message.tracking_id for one in fed.ears.told] == ["R2", "R1"]
    assert fed.count("RoleRequested", "old") == 2


def test_what_the_listener_refuses_is_a_dead_letter_and_comes_again() -> None:
    refused = record(RoleRequested(tracking_id="R-refused"), STAFF, 1)
    fed = Fed().feed(refused, refused)
    assert [one.cause for one in fed.dead] == ["not for us", "not for us"]
    assert not fed.ears.told


def test_what_is_told_says_when_and_where_it_was_said() -> None:
    [told] = Fed().feed(RIGHT[1]).ears.told
    assert (told.id, told.position, told.time.isoformat()) == ("/1/2/AssociationState", 2, "2026-05-04T13:30:15+00:00")


def test_a_progress_that_is_none_is_a_dead_letter() -> None:
    fed = Fed().feed(progress("access", 1, edition=0), progress("access", 1))
    assert [one.record.topic for one in fed.dead] == ["Progress"]
