"""What is stored beside each event: who and why, packed; and the leaf of its proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.audit import leaf_hash
from chassis.cause import Cause, system_actor

CAUSES = st.builds(
    Cause,
    actor=st.uuids(),
    command_id=st.uuids(),
    correlation_id=st.uuids(),
    on_behalf_of=st.none() | st.uuids().filter(lambda id_: id_.int != 0),
    causation=st.integers(0, (1 << 63) - 1),
)
ONE = Cause(
    actor=UUID(int=1), command_id=UUID(int=3), correlation_id=UUID(int=4), on_behalf_of=UUID(int=2), causation=5
)


@given(CAUSES)
def test_a_cause_is_read_as_it_was_packed(cause: Cause) -> None:
    assert Cause.unpack(cause.pack()) == cause
    assert len(cause.pack()) == 73


def test_the_packed_form_is_kept_for_ever() -> None:
    fields = "".join(f"{number:032x}" for number in (1, 2, 3, 4))
    assert ONE.pack().hex() == f"01{fields}{5:016x}"


@pytest.mark.parametrize("packed", [b"", bytes(72), bytes(74), b"\x02" + ONE.pack()[1:], b"\x00" + ONE.pack()[1:]])
def test_what_is_no_cause_of_this_form_is_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="cause"):
        Cause.unpack(packed)


def test_a_command_begins_a_correlation_and_a_reaction_goes_on_with_it() -> None:
    cause = Cause.of(UUID(int=9), roles=frozenset({"EUS"}), mfa_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert cause.correlation_id == cause.command_id
    then = cause.then(actor=system_actor("access/approve"), position=77)
    assert (then.correlation_id, then.command_id, then.causation) == (cause.correlation_id, cause.command_id, 77)
    assert then.actor == system_actor("access/approve") != cause.actor
    assert (then.roles, then.mfa_at) == (frozenset(), None)


AT = datetime(2026, 5, 4, 13, 0, 0, 1, tzinfo=UTC)


def leaf(**other: object) -> str:
    fields = {
        "origin": "access",
        "stream": UUID(int=7),
        "version": 3,
        "topic": "access.RoleRequest.Approved",
        "recorded_at": AT,
        "cause": ONE.pack(),
        "state": b"{}",
    }
    return leaf_hash(**(fields | other)).hex()  # type: ignore[arg-type]


def test_the_leaf_is_what_it_was() -> None:
    """A proof that was given once must hold for ever: format 1, computed once from the words of its docstring."""
    assert leaf() == "90f44435ec52843cf2691f33df9a2e9dd959beb57b7dc545910a02edcf57c2bd"


@pytest.mark.parametrize(
    "other",
    [
        {"origin": "acces", "topic": "saccess.RoleRequest.Approved"},
        {"stream": UUID(int=8)},
        {"version": 4},
        {"topic": "access.RoleRequest.Rejected"},
        {"recorded_at": AT + timedelta(microseconds=1)},
        {"cause": ONE.then(actor=UUID(int=1), position=6).pack()},
        {"state": b"{} "},
        {"cause": ONE.pack() + b"{", "state": b"}"},
    ],
)
def test_every_part_of_an_event_is_in_its_leaf(other: dict[str, object]) -> None:
    assert leaf(**other) != leaf()


def test_the_leaf_does_not_depend_on_the_zone_of_the_reader() -> None:
    assert leaf(recorded_at=AT.astimezone(timezone(timedelta(hours=9)))) == leaf()
