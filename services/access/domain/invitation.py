"""An invitation to work for employers, and the PIN that proves its receipt (4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of
from chassis.vocabulary.roles import ACCESS_MANAGER, STAFF_END_USER

OFFERED = (STAFF_END_USER, ACCESS_MANAGER)
"""Roles that an invitation can offer: nobody is made an Authorized Official by one (IA-ADDS-03)."""

DEAD = ("EXPIRED", "BLOCKED")
"""What can be sent again, and asked for (4.4)."""


class InvitationOverError(DomainError):
    """This invitation has been accepted, or is over: send a new one."""


class PinRefusedError(DomainError):
    """The e-mail address or the PIN is not right, or the PIN was used, or is older than 72 hours.

    Compare both with the invitation, or ask who invited you for a new one.
    """


class InvitationVoidError(DomainError):
    """Whoever invited you does not manage people there any more. Ask the employer for a new invitation."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A role at one employer; functions are those of a Staff End User, sorted."""

    employer_id: UUID
    role: str
    functions: tuple[str, ...] = ()

    def as_fields(self) -> dict[str, Any]:
        """As an event keeps it."""
        return {"employer_id": str(self.employer_id), "role": self.role, "functions": list(self.functions)}

    @staticmethod
    def of(fields: dict[str, Any]) -> Offer:
        """As an event has kept it."""
        return Offer(UUID(fields["employer_id"]), fields["role"], tuple(fields["functions"]))


class Invitation(Aggregate):
    """Offers roles to whoever proves that the PIN has reached them: to one person, once, within 72 hours."""

    TOPIC = "access.Invitation"

    class StaffInvited(AggregateCreated):
        """Somebody is invited from now on; `invitee` is who, sealed under the invitation's own key."""

        TOPIC = "access.Invitation.StaffInvited"
        invited_by: UUID
        invitee: str
        offers: list[dict[str, Any]]
        tracking_id: str

    class PinIssued(Aggregate.Event):
        """The PIN is on its way; `secret` is the notifier's alone, and it is dead from `expires_at` on."""

        TOPIC = "access.Invitation.PinIssued"
        secret: str
        expires_at: datetime

    class PinRejected(Aggregate.Event):
        """Somebody entered the address with a wrong PIN."""

        TOPIC = "access.Invitation.PinRejected"

    class PinBlocked(Aggregate.Event):
        """It was guessed at too often: the PIN is good for nothing any more."""

        TOPIC = "access.Invitation.PinBlocked"

    class PinExpired(Aggregate.Event):
        """The PIN was not used in time."""

        TOPIC = "access.Invitation.PinExpired"

    class PinRedeemed(Aggregate.Event):
        """The PIN has reached the invited person, and is used up."""

        TOPIC = "access.Invitation.PinRedeemed"

    class Accepted(Aggregate.Event):
        """The account has what was offered, at those employers where the inviter still manages people."""

        TOPIC = "access.Invitation.Accepted"
        account_id: UUID
        offers: list[dict[str, Any]]

    class Withdrawn(Aggregate.Event):
        """The invitation holds no longer."""

        TOPIC = "access.Invitation.Withdrawn"
        withdrawn_by: UUID

    class Replaced(Aggregate.Event):
        """Its PIN was dead, and another invitation was sent in its place."""

        TOPIC = "access.Invitation.Replaced"
        replaced_by: UUID

    class NewPinAsked(Aggregate.Event):
        """Whoever was invited came too late, or was kept out by wrong PINs, and asks for a new one."""

        TOPIC = "access.Invitation.NewPinAsked"

    @event(StaffInvited)
    def __init__(
        self,
        id: UUID,
        invited_by: UUID,
        invitee: str,
        offers: list[dict[str, Any]],
        tracking_id: str,
    ) -> None:
        self.invited_by = invited_by
        self.invitee = invitee
        self.offers = [Offer.of(one) for one in offers]
        self.tracking_id = tracking_id
        self.status = "INVITED"
        self.expires_at: datetime | None = None
        self.account_id: UUID | None = None
        self.new_pin_asked = False

    @staticmethod
    def proof_id(proof_hash: str) -> UUID:
        """The claim by which the hash of a proof leads to its invitation; it is released when that is accepted."""
        return id_of("access.Invitation.proof", proof_hash)

    @property
    def is_open(self) -> bool:
        """Whether it may still be accepted by whoever has its PIN, or had it."""
        return self.status in ("INVITED", "ISSUED", "REDEEMED")

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

    def accept(self, *, account_id: UUID, offers: Sequence[Offer]) -> None:
        """Give what is offered to an account. Twice is the same as once; a second account is refused."""
        if self.status == "ACCEPTED" and self.account_id == account_id:
            return
        if self.status != "REDEEMED":
            raise PinRefusedError
        if not offers:
            raise InvitationVoidError
        self._accepted(account_id=account_id, offers=[one.as_fields() for one in offers])

    def expire(self, *, now: datetime) -> None:
        """Take note that nobody came in time. Twice is the same as once."""
        if self.status == "ISSUED" and self.expires_at is not None and now >= self.expires_at:
            self._pin_expired()

    def withdraw(self, *, withdrawn_by: UUID) -> None:
        """Take it back. Twice is the same as once."""
        if self.status == "WITHDRAWN":
            return
        if not self.is_open:
            raise InvitationOverError
        self._withdrawn(withdrawn_by=withdrawn_by)

    def replace(self, *, replaced_by: UUID, by: UUID) -> None:
        """Give way to another invitation: this PIN is good for nothing any more (4.4)."""
        if self.status in DEAD:
            self._replaced(replaced_by=replaced_by)
        elif self.status in ("ISSUED", "REDEEMED"):
            self._withdrawn(withdrawn_by=by)
        else:
            raise InvitationOverError

    def ask_for_new_pin(self, *, now: datetime) -> None:
        """Let the inviter know that a new PIN is wanted. Twice is the same as once; while a PIN lives it is nothing."""
        self.expire(now=now)
        if self.status in DEAD and not self.new_pin_asked:
            self._new_pin_asked()

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
    def _accepted(self, account_id: UUID, offers: list[dict[str, Any]]) -> None:
        self.status = "ACCEPTED"
        self.account_id = account_id
        self.offers = [Offer.of(one) for one in offers]

    @event(Withdrawn)
    def _withdrawn(self, withdrawn_by: UUID) -> None:
        self.status = "WITHDRAWN"

    @event(Replaced)
    def _replaced(self, replaced_by: UUID) -> None:
        self.status = "REPLACED"

    @event(NewPinAsked)
    def _new_pin_asked(self) -> None:
        self.new_pin_asked = True
