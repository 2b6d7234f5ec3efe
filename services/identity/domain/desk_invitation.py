"""An invitation to the desk of External User Services, and the PIN that proves its receipt."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, event, id_of
from services.identity.domain.refusals import RefusedError


class InvitationOverError(RefusedError):
    """This invitation has been accepted, or is over: send a new one."""


class PinRefusedError(RefusedError):
    """The e-mail address or the PIN is not right, or the PIN was used, or is older than 72 hours.

    Compare both with the invitation, or ask who invited you for a new one.
    """


class InvitationVoidError(RefusedError):
    """Whoever invited you does not work at this desk any more. Ask the desk for a new invitation."""


class DeskInvitation(Aggregate):
    """Offers the role EUS to whoever proves that the PIN has reached them: to one person, once, within 72 hours."""

    TOPIC = "identity.DeskInvitation"
    LIVE: ClassVar[frozenset[str]] = frozenset({"INVITED", "ISSUED", "REDEEMED"})

    class Invited(AggregateCreated):
        """Somebody is invited from now on; `invitee` is who, sealed under the invitation's own key."""

        TOPIC = "identity.DeskInvitation.Invited"
        invited_by: UUID
        invitee: str
        tracking_id: str

    class PinIssued(Aggregate.Event):
        """The PIN is on its way; `secret` is the notifier's alone, and it is dead from `expires_at` on."""

        TOPIC = "identity.DeskInvitation.PinIssued"
        secret: str
        expires_at: datetime

    class PinRejected(Aggregate.Event):
        """Somebody entered the address with a wrong PIN."""

        TOPIC = "identity.DeskInvitation.PinRejected"

    class PinBlocked(Aggregate.Event):
        """It was guessed at too often: the PIN is good for nothing any more."""

        TOPIC = "identity.DeskInvitation.PinBlocked"

    class PinExpired(Aggregate.Event):
        """The PIN was not used in time."""

        TOPIC = "identity.DeskInvitation.PinExpired"

    class PinRedeemed(Aggregate.Event):
        """The PIN has reached the invited person, and is used up."""

        TOPIC = "identity.DeskInvitation.PinRedeemed"

    class Accepted(Aggregate.Event):
        """The account works at the desk from now on."""

        TOPIC = "identity.DeskInvitation.Accepted"
        account_id: UUID

    class Withdrawn(Aggregate.Event):
        """The invitation holds no longer."""

        TOPIC = "identity.DeskInvitation.Withdrawn"
        withdrawn_by: UUID

    @event(Invited)
    def __init__(self, id: UUID, invited_by: UUID, invitee: str, tracking_id: str) -> None:
        self.invited_by = invited_by
        self.invitee = invitee
        self.tracking_id = tracking_id
        self.status = "INVITED"
        self.expires_at: datetime | None = None
        self.account_id: UUID | None = None

    @staticmethod
    def proof_id(proof_hash: str) -> UUID:
        """The claim by which the hash of a proof leads to its invitation; it is released when that is accepted."""
        return id_of("identity.DeskInvitation.proof", proof_hash)

    def issue_pin(self, *, secret: str, expires_at: datetime) -> None:
        """Send the PIN, once."""
        if self.status == "INVITED":
            self._pin_issued(secret=secret, expires_at=expires_at)

    def reject_pin(self, *, is_last: bool) -> None:
        """Take note of a wrong PIN; the last try blocks it (D-27). Tries at once are noted in any order."""
        if self.status in ("ISSUED", "BLOCKED"):
            self._pin_rejected()
            if is_last:
                self._pin_blocked()

    def redeem(self, *, now: datetime) -> None:
        """Use the PIN up. Twice is the same as once. Raises `PinRefusedError` (IA-PIN-02)."""
        if self.status == "REDEEMED":
            return
        if self.status != "ISSUED" or self.expires_at is None or now >= self.expires_at:
            raise PinRefusedError
        self._pin_redeemed()

    def accept(self, *, account_id: UUID) -> None:
        """Give the role to an account. Twice is the same as once; a second account is refused."""
        if self.status == "ACCEPTED" and self.account_id == account_id:
            return
        if self.status != "REDEEMED":
            raise PinRefusedError
        self._accepted(account_id=account_id)

    def expire(self, *, now: datetime) -> None:
        """Take note that nobody came in time. Twice is the same as once."""
        if self.status == "ISSUED" and self.expires_at is not None and now >= self.expires_at:
            self._pin_expired()

    def withdraw(self, *, withdrawn_by: UUID) -> None:
        """Take it back. Twice is the same as once."""
        if self.status == "WITHDRAWN":
            return
        if self.status not in self.LIVE:
            raise InvitationOverError
        self._withdrawn(withdrawn_by=withdrawn_by)

    @event(PinIssued)
    def _pin_issued(self, secret: str, expires_at: datetime) -> None:
        self.status = "ISSUED"
        self.expires_at = expires_at

    @event(PinRejected)
    def _pin_rejected(self) -> None:
        pass

    @event(PinBlocked)
    def _pin_blocked(self) -> None:
        self.status = "BLOCKED"

    @event(PinExpired)
    def _pin_expired(self) -> None:
        self.status = "EXPIRED"

    @event(PinRedeemed)
    def _pin_redeemed(self) -> None:
        self.status = "REDEEMED"

    @event(Accepted)
    def _accepted(self, account_id: UUID) -> None:
        self.status = "ACCEPTED"
        self.account_id = account_id

    @event(Withdrawn)
    def _withdrawn(self, withdrawn_by: UUID) -> None:
        self.status = "WITHDRAWN"
