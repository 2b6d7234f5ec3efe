"""A registration begun with an address that has an account: to who began it, it looks like any other (A-01)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, event
from services.identity.domain.refusals import RegistrationEndedError


class Decoy(Aggregate):
    """Leads nowhere: no code is ever right here, and the owner of the address is told once (M-30)."""

    TOPIC = "identity.Decoy"

    class AddressTaken(AggregateCreated):
        """Somebody tried to register with the address of `account_id`."""

        TOPIC = "identity.Decoy.AddressTaken"
        account_id: UUID
        email: str
        expires_at: datetime

    class CodeAsked(Aggregate.Event):
        """Somebody waits for another code that nobody sends."""

        TOPIC = "identity.Decoy.CodeAsked"
        code_id: UUID

    @event(AddressTaken)
    def __init__(self, id: UUID, account_id: UUID, email: str, expires_at: datetime) -> None:
        self.account_id = account_id
        self.email = email
        self.expires_at = expires_at

    def ask_code(self, *, code_id: UUID, now: datetime) -> None:
        """Ask for another code, as long as a registration would last."""
        if now >= self.expires_at:
            raise RegistrationEndedError
        self._code_asked(code_id=code_id)

    @event(CodeAsked)
    def _code_asked(self, code_id: UUID) -> None:
        pass
