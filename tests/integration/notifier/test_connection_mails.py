"""Mails about connections: the deciding side, the asking side, both sides."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from mandate.connections.v1 import events_pb2 as connections

from tests.integration.notifier.bureau import Bureau
from tests.integration.notifier.test_role_mails import association, subjects

PROVIDER, SURROGATE = uuid4(), uuid4()
TRACKING = "C7F3K2QX9V"
PARTIES: dict[str, Any] = {
    "provider_id": str(PROVIDER),
    "surrogate_id": str(SURROGATE),
    "function": "PECOS",
    "tracking_id": TRACKING,
}
ASKS = "A connection request awaits your decision"


class Sides:
    """An official on each side, and somebody of the surrogate who asks."""

    def __init__(self, bureau: Bureau) -> None:
        self.asker = bureau.people.add("asker@example.com")
        self.provider = association(bureau.people.add("p@example.com"), "AUTHORIZED_OFFICIAL", employer_id=PROVIDER)
        self.surrogate = association(bureau.people.add("s@example.com"), "ACCESS_MANAGER", employer_id=SURROGATE)
        bureau.called.known.update({PROVIDER: "Rosalind Marlbrook", SURROGATE: "Ledger Billing Group"})
        self.request = connections.ConnectionRequested(**PARTIES, initiator="SURROGATE", requested_by=str(self.asker))
        self.approval = connections.ConnectionApproved(**PARTIES, approved_by=str(uuid4()))
        self.rejection = connections.ConnectionRejected(**PARTIES, rejected_by=str(uuid4()), reason="Not ours")
        self.end = connections.ConnectionEnded(**PARTIES, ended_by=str(self.asker), ended_by_side="SURROGATE")


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_16_the_other_side_is_asked_once_in_whatever_order(bureau: Bureau, order: tuple[int, ...]) -> None:
    sides = Sides(bureau)
    said = (sides.request, sides.provider, sides.surrogate)
    for number in order:
        bureau.hear(said[number])
    assert subjects(bureau, "p@example.com") == [ASKS]
    assert len(bureau.inbox.messages()) == 1
    text = bureau.inbox.messages()[0].text
    assert "Ledger Billing Group asks to work on behalf of Rosalind Marlbrook" in text
    assert "PECOS, Tracking ID C7F3-K2QX-9V" in text


def test_m_16_a_provider_who_asks_is_decided_on_by_the_surrogate(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.hear(sides.surrogate)
    bureau.hear(connections.ConnectionRequested(**PARTIES, initiator="PROVIDER", requested_by=str(uuid4())))
    assert subjects(bureau, "s@example.com") == [ASKS]
    assert bureau.inbox.messages("p@example.com") == []


def test_m_16_is_dropped_when_the_request_is_taken_back_while_it_waits(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.people.away = True
    bureau.hear(sides.request)
    bureau.hear(connections.ConnectionCancelled(**PARTIES, cancelled_by=str(sides.asker)))
    bureau.people.away = False
    bureau.clock.pass_(minutes=5)
    bureau.house.settle()
    assert bureau.inbox.messages() == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_m_17_the_asking_side_is_told_once_in_whatever_order(bureau: Bureau, order: tuple[int, ...]) -> None:
    """Who asked is told in any case; other managers where their role was heard before both facts were known."""
    sides = Sides(bureau)
    said = (sides.request, sides.approval, sides.surrogate)
    for number in order:
        bureau.hear(said[number])
    told = "Your connection request was approved"
    assert subjects(bureau, "asker@example.com") == [told]
    assert subjects(bureau, "s@example.com") == ([] if order[-1] == 2 else [told])


def test_m_17_a_rejection_gives_its_reason(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.request)
    bureau.hear(sides.rejection)
    [mail] = bureau.inbox.messages("asker@example.com")
    assert mail.subject == "Your connection request was rejected"
    assert "Not ours" in mail.text


def test_m_18_both_sides_are_told_who_ended_it(bureau: Bureau) -> None:
    sides = Sides(bureau)
    bureau.hear(sides.provider)
    bureau.hear(sides.surrogate)
    bureau.hear(sides.end)
    for to in ("asker@example.com", "s@example.com", "p@example.com"):
        assert subjects(bureau, to) == ["A connection has ended"]
    assert "Ended by: Ledger Billing Group" in bureau.inbox.messages("p@example.com")[0].text
