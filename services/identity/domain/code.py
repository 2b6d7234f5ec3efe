"""A code on its way to a person: a stream of its own; what it is compared with stands outside the log."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, event

REGISTRATION, MFA, SIGN_IN, STEP_UP = "registration", "mfa", "sign_in", "step_up"
"""Purposes: a code for one is no code for another (S-05)."""


class Code(Aggregate):
    """Issued once, to one place and for one purpose; proven or spent, never both."""

    TOPIC = "identity.Code"

    class Issued(AggregateCreated):
        """The code is on its way; `secret` is the notifier's alone, and it is dead from `dies_at` on."""

        TOPIC = "identity.Code.Issued"
        account_id: UUID
        purpose: str
        method_id: UUID | None
        kind: str
        secret: str
        language: str
        dies_at: datetime

    class Verified(Aggregate.Event):
        """The person has got it."""

        TOPIC = "identity.Code.Verified"

    class Spent(Aggregate.Event):
        """It was tried too often and is good for nothing (D-24)."""

        TOPIC = "identity.Code.Spent"

    @event(Issued)
    def __init__(
        self,
        id: UUID,
        account_id: UUID,
        purpose: str,
        method_id: UUID | None,
        kind: str,
        secret: str,
        language: str,
        dies_at: datetime,
    ) -> None:
        self.account_id = account_id
        self.purpose = purpose
        self.method_id = method_id
        self.kind = kind
        self.status = "SENT"

    def verify(self) -> None:
        """Take it for received. Twice is the same as once."""
        if self.status == "SENT":
            self._verified()

    def spend(self) -> None:
        """Take note that it was tried too often. Twice is the same as once."""
        if self.status == "SENT":
            self._spent()

    @event(Verified)
    def _verified(self) -> None:
        self.status = "VERIFIED"

    @event(Spent)
    def _spent(self) -> None:
        self.status = "SPENT"
