"""4.5: one connection between a provider and a surrogate, in one business function (D-13, D-14)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from services.connections.domain.connection import (
    PROVIDER,
    SURROGATE,
    AlreadyAskedError,
    Connection,
    NotConnectedError,
    NotPendingError,
    OnlyAskerCancelsError,
    OtherSideDecidesError,
)
from tests.given import Fact, fact, given

DOCTOR, GROUP, ONE, OTHER = (uuid4() for _ in range(4))

APPROVED = fact(Connection.Approved, approved_by=OTHER)
REJECTED = fact(Connection.Rejected, rejected_by=OTHER, reason="")
CANCELLED = fact(Connection.Cancelled, cancelled_by=ONE)
ENDED = fact(Connection.Ended, ended_by=OTHER, side=PROVIDER)
CLOSED = fact(Connection.Closed, closed_by=OTHER, side=SURROGATE, reason="EMPLOYER_CLOSED")
SIDES = {SURROGATE: PROVIDER, PROVIDER: SURROGATE}

Ask = Callable[[Connection], None]


def requested(initiator: str) -> Fact:
    return fact(
        Connection.Requested,
        provider_id=DOCTOR,
        surrogate_id=GROUP,
        function="PECOS",
        initiator=initiator,
        requested_by=ONE,
        tracking_id="C1",
    )


def again(initiator: str) -> Fact:
    return fact(Connection.RequestedAgain, initiator=initiator, requested_by=OTHER, tracking_id="C2")


def ask(side: str) -> Ask:
    return lambda c: c.request(initiator=side, requested_by=OTHER, tracking_id="C2")


def approve(side: str) -> Ask:
    return lambda c: c.approve(side=side, approved_by=OTHER)


def reject(side: str) -> Ask:
    return lambda c: c.reject(side=side, rejected_by=OTHER, reason="")


def cancel(side: str) -> Ask:
    return lambda c: c.cancel(side=side, cancelled_by=ONE)


def disconnect(side: str) -> Ask:
    return lambda c: c.disconnect(side=side, ended_by=OTHER)


@pytest.mark.parametrize(("asker", "other"), SIDES.items())
def test_either_side_asks_and_the_other_decides(asker: str, other: str) -> None:
    """IA-CONN-11."""
    given(Connection, requested(asker)).when(approve(other)).then(APPROVED)
    given(Connection, requested(asker)).when(reject(other)).then(REJECTED)
    given(Connection, requested(asker)).when(approve(asker)).then_raises(OtherSideDecidesError)
    given(Connection, requested(asker)).when(reject(asker)).then_raises(OtherSideDecidesError)


@pytest.mark.parametrize(("asker", "other"), SIDES.items())
def test_only_the_side_that_asked_takes_the_request_back(asker: str, other: str) -> None:
    given(Connection, requested(asker)).when(cancel(asker)).then(CANCELLED)
    given(Connection, requested(asker)).when(cancel(other)).then_raises(OnlyAskerCancelsError)


@pytest.mark.parametrize("side", SIDES)
def test_either_side_disconnects(side: str) -> None:
    given(Connection, requested(SURROGATE), APPROVED).when(disconnect(side)).then(
        fact(Connection.Ended, ended_by=OTHER, side=side)
    )


@pytest.mark.parametrize(
    ("history", "do"),
    [
        ([APPROVED], approve(PROVIDER)),
        ([REJECTED], reject(PROVIDER)),
        ([CANCELLED], cancel(SURROGATE)),
        ([APPROVED, ENDED], disconnect(SURROGATE)),
    ],
)
def test_twice_is_the_same_as_once(history: list[Fact], do: Ask) -> None:
    given(Connection, requested(SURROGATE), *history).when(do).then()


@pytest.mark.parametrize("over", [[REJECTED], [CANCELLED], [APPROVED, ENDED]])
@pytest.mark.parametrize("side", SIDES)
def test_after_a_no_either_side_may_ask_again_under_a_new_tracking_id(over: list[Fact], side: str) -> None:
    given(Connection, requested(SURROGATE), *over).when(ask(side)).then(again(side))
    other = SIDES[side]
    given(Connection, requested(SURROGATE), *over, again(side)).when(approve(other)).then(APPROVED)
    given(Connection, requested(SURROGATE), *over, again(side)).when(approve(side)).then_raises(OtherSideDecidesError)


@pytest.mark.parametrize(("asker", "other"), SIDES.items())
def test_the_same_question_from_the_other_side_is_its_approval(asker: str, other: str) -> None:
    """D-14."""
    given(Connection, requested(asker)).when(ask(other)).then(APPROVED)
    given(Connection, requested(asker)).when(ask(asker)).then_raises(AlreadyAskedError)


@pytest.mark.parametrize("side", SIDES)
def test_there_is_at_most_one_connection(side: str) -> None:
    """D-14."""
    given(Connection, requested(SURROGATE), APPROVED).when(ask(side)).then_raises(AlreadyAskedError)


@pytest.mark.parametrize(
    ("history", "do"),
    [
        ([REJECTED], approve(PROVIDER)),
        ([CANCELLED], approve(PROVIDER)),
        ([APPROVED, ENDED], approve(PROVIDER)),
        ([APPROVED], reject(PROVIDER)),
        ([CANCELLED], reject(PROVIDER)),
        ([APPROVED], cancel(SURROGATE)),
        ([REJECTED], cancel(SURROGATE)),
    ],
)
def test_what_does_not_wait_is_not_decided(history: list[Fact], do: Ask) -> None:
    given(Connection, requested(SURROGATE), *history).when(do).then_raises(NotPendingError)


@pytest.mark.parametrize("history", [[], [REJECTED], [CANCELLED]])
def test_what_is_not_connected_is_not_disconnected(history: list[Fact]) -> None:
    given(Connection, requested(SURROGATE), *history).when(disconnect(PROVIDER)).then_raises(NotConnectedError)


def close(connection: Connection) -> None:
    connection.close(closed_by=OTHER, side=SURROGATE, reason="EMPLOYER_CLOSED")


@pytest.mark.parametrize(
    ("history", "then"),
    [
        ([], [fact(Connection.Rejected, rejected_by=OTHER, reason="EMPLOYER_CLOSED")]),
        ([APPROVED], [CLOSED]),
        ([APPROVED, CLOSED], []),
        ([APPROVED, ENDED], []),
        ([REJECTED], []),
        ([CANCELLED], []),
    ],
)
def test_d_41_with_an_employer_ends_what_is_approved_and_what_waits_is_rejected(
    history: list[Fact], then: list[Fact]
) -> None:
    given(Connection, requested(PROVIDER), *history).when(close).then(*then)


@pytest.mark.parametrize("side", [PROVIDER, SURROGATE])
def test_what_has_ended_with_an_employer_is_over(side: str) -> None:
    """D-41: twice is the same as once, and ended is ended."""
    given(Connection, requested(SURROGATE), APPROVED, CLOSED).when(disconnect(side)).then()
    given(Connection, requested(SURROGATE), APPROVED, CLOSED).when(approve(PROVIDER)).then_raises(NotPendingError)


def test_each_function_is_a_connection_of_its_own() -> None:
    """D-13: a yes in one function and a no in the other is normal."""
    pecos, nppes = (Connection.id_for(DOCTOR, GROUP, function) for function in ("PECOS", "NPPES"))
    assert pecos != nppes
    assert pecos == Connection.id_for(DOCTOR, GROUP, "PECOS")
    assert pecos != Connection.id_for(GROUP, DOCTOR, "PECOS")
