"""Whatever is asked of a connection, in any order, it stands as 4.5 says."""

from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

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
from tests.chance import TURNS
from tests.models import Modelled, march

SIDES = st.sampled_from([PROVIDER, SURROGATE])
WHO = uuid4()


class AnyConnection(Modelled):
    """The model: who asked last, and how it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.asker, self.status = SURROGATE, "PENDING"
        ids = (uuid4(), uuid4())
        self.connection = Connection(
            id=Connection.id_for(*ids, "PECOS"),
            provider_id=ids[0],
            surrogate_id=ids[1],
            function="PECOS",
            initiator=self.asker,
            requested_by=WHO,
            tracking_id="C000000000",
        )
        self.follow("connection", self.connection)

    def stands(self) -> None:
        """As the model says."""
        assert (self.connection.status, self.connection.initiator) == (self.status, self.asker)

    @rule(side=SIDES)
    def request(self, side: str) -> None:
        """Ask again; what the other side has asked for is approved by that (D-14)."""
        is_met = self.status == "PENDING" and side != self.asker
        refused = AlreadyAskedError if self.status in {"PENDING", "APPROVED"} and not is_met else None
        self.ask(
            lambda: self.connection.request(initiator=side, requested_by=WHO, tracking_id="C000000000"), refused=refused
        )
        if refused is None:
            self.asker, self.status = (self.asker, "APPROVED") if is_met else (side, "PENDING")
        self.stands()

    @rule(side=SIDES, status=st.sampled_from(["APPROVED", "REJECTED"]))
    def decide(self, side: str, status: str) -> None:
        """Only the other side, and only what waits; twice is once."""
        refused: type[NotPendingError | OtherSideDecidesError] | None = None
        if self.status not in {status, "PENDING"}:
            refused = NotPendingError
        elif self.status == "PENDING" and side == self.asker:
            refused = OtherSideDecidesError
        changes = self.status == "PENDING"
        if status == "APPROVED":
            self.ask(lambda: self.connection.approve(side=side, approved_by=WHO), refused=refused, changes=changes)
        else:
            self.ask(
                lambda: self.connection.reject(side=side, rejected_by=WHO, reason=""), refused=refused, changes=changes
            )
        self.status = self.status if refused else status
        self.stands()

    @rule(side=SIDES)
    def cancel(self, side: str) -> None:
        """Only who asked."""
        refused: type[NotPendingError | OnlyAskerCancelsError] | None = None
        if self.status not in {"CANCELLED", "PENDING"}:
            refused = NotPendingError
        elif self.status == "PENDING" and side != self.asker:
            refused = OnlyAskerCancelsError
        changes = self.status == "PENDING"
        self.ask(lambda: self.connection.cancel(side=side, cancelled_by=WHO), refused=refused, changes=changes)
        self.status = self.status if refused else "CANCELLED"
        self.stands()

    @rule(side=SIDES)
    def disconnect(self, side: str) -> None:
        """Either side, at any time."""
        refused = None if self.status in {"APPROVED", "DISCONNECTED"} else NotConnectedError
        changes = self.status == "APPROVED"
        self.ask(lambda: self.connection.disconnect(side=side, ended_by=WHO), refused=refused, changes=changes)
        self.status = self.status if refused else "DISCONNECTED"
        self.stands()

    @rule(side=SIDES)
    def close(self, side: str) -> None:
        """With an employer of either side, at any time (D-41)."""
        becomes = {"PENDING": "REJECTED", "APPROVED": "DISCONNECTED"}
        changes = self.status in becomes
        self.ask(lambda: self.connection.close(closed_by=WHO, side=side, reason="EMPLOYER_CLOSED"), changes=changes)
        self.status = becomes.get(self.status, self.status)
        self.stands()


@pytest.mark.parametrize("turn", TURNS)
def test_any_sequence_of_questions_about_a_connection(turn: int) -> None:
    """4.5, D-14, X-18."""
    march(AnyConnection, turn)
