"""One connection between a provider and a surrogate in one business function (4.5)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event, id_of

PROVIDER, SURROGATE = "PROVIDER", "SURROGATE"


class OwnProviderError(DomainError):
    """A provider needs no connection to itself."""


class AlreadyAskedError(DomainError):
    """There is a request for this connection, or the connection itself (D-14)."""


class OtherSideDecidesError(DomainError):
    """The side that asked does not decide; the other side does (IA-CONN-11)."""


class OnlyAskerCancelsError(DomainError):
    """Only the side that asked can take a request back."""


class NotPendingError(DomainError):
    """There is no request here that waits for a decision."""


class NotConnectedError(DomainError):
    """There is no approved connection here to end."""


class Connection(Aggregate):
    """At most one pending or approved connection per provider, surrogate and function (D-14)."""

    TOPIC = "connections.Connection"

    class Requested(AggregateCreated):
        """The other side is asked for the first time."""

        TOPIC = "connections.Connection.Requested"
        provider_id: UUID
        surrogate_id: UUID
        function: str
        initiator: str
        requested_by: UUID
        tracking_id: str

    class RequestedAgain(Aggregate.Event):
        """The other side is asked again, under a new tracking id."""

        TOPIC = "connections.Connection.RequestedAgain"
        initiator: str
        requested_by: UUID
        tracking_id: str

    class Limited(Aggregate.Event):
        """Unless it is decided before `expires_at`, the request is rejected then: its function ends (IA-EHR-02)."""

        TOPIC = "connections.Connection.Limited"
        expires_at: datetime

    class Approved(Aggregate.Event):
        """The surrogate may act for the provider in the function from now on."""

        TOPIC = "connections.Connection.Approved"
        approved_by: UUID

    class Rejected(Aggregate.Event):
        """The other side has said no."""

        TOPIC = "connections.Connection.Rejected"
        rejected_by: UUID
        reason: str

    class Cancelled(Aggregate.Event):
        """The asking side asks no longer."""

        TOPIC = "connections.Connection.Cancelled"
        cancelled_by: UUID

    class Ended(Aggregate.Event):
        """The surrogate may no longer act for the provider in the function."""

        TOPIC = "connections.Connection.Ended"
        ended_by: UUID
        side: str

    class Closed(Aggregate.Event):
        """The surrogate may no longer act: `reason` is EMPLOYER_CLOSED, of the one on `side` (D-41)."""

        TOPIC = "connections.Connection.Closed"
        closed_by: UUID
        side: str
        reason: str

    @event(Requested)
    def __init__(
        self,
        id: UUID,
        provider_id: UUID,
        surrogate_id: UUID,
        function: str,
        initiator: str,
        requested_by: UUID,
        tracking_id: str,
    ) -> None:
        self.provider_id = provider_id
        self.surrogate_id = surrogate_id
        self.function = function
        self.initiator = initiator
        self.tracking_id = tracking_id
        self.status = "PENDING"
        self.changed_by = requested_by

    @staticmethod
    def id_for(provider_id: UUID, surrogate_id: UUID, function: str) -> UUID:
        """The one stream of a connection."""
        return id_of("connections.Connection", provider_id, surrogate_id, function)

    def request(self, *, initiator: str, requested_by: UUID, tracking_id: str) -> None:
        """Ask again; where the other side has asked for the same, this is its approval (D-14)."""
        if self.status == "PENDING" and initiator != self.initiator:
            self._approved(approved_by=requested_by)
        elif self.status in ("PENDING", "APPROVED"):
            raise AlreadyAskedError
        else:
            self._requested_again(initiator=initiator, requested_by=requested_by, tracking_id=tracking_id)

    def limit(self, *, expires_at: datetime) -> None:
        """Let a request that waits wait no longer than its function lasts."""
        if self.status == "PENDING":
            self._limited(expires_at=expires_at)

    def retire(self, *, rejected_by: UUID, reason: str) -> None:
        """Reject what waits for nobody any more, whoever asked: its function has ended. Twice is the same as once."""
        if self.status == "PENDING":
            self._rejected(rejected_by=rejected_by, reason=reason)

    def approve(self, *, side: str, approved_by: UUID) -> None:
        """Let the surrogate act. Twice is the same as once."""
        if self._waits_for(side, or_is="APPROVED"):
            self._approved(approved_by=approved_by)

    def reject(self, *, side: str, rejected_by: UUID, reason: str) -> None:
        """Say no. Twice is the same as once."""
        if self._waits_for(side, or_is="REJECTED"):
            self._rejected(rejected_by=rejected_by, reason=reason)

    def cancel(self, *, side: str, cancelled_by: UUID) -> None:
        """Take the request back. Twice is the same as once."""
        if self.status == "CANCELLED":
            return
        if self.status != "PENDING":
            raise NotPendingError
        if side != self.initiator:
            raise OnlyAskerCancelsError
        self._cancelled(cancelled_by=cancelled_by)

    def disconnect(self, *, side: str, ended_by: UUID) -> None:
        """End the connection; either side may. Twice is the same as once."""
        if self.status == "DISCONNECTED":
            return
        if self.status != "APPROVED":
            raise NotConnectedError
        self._ended(ended_by=ended_by, side=side)

    def close(self, *, closed_by: UUID, side: str, reason: str) -> None:
        """End what is approved and reject what waits: there is nobody on `side` any more (D-41). Twice is once."""
        if self.status == "PENDING":
            self._rejected(rejected_by=closed_by, reason=reason)
        elif self.status == "APPROVED":
            self._closed(closed_by=closed_by, side=side, reason=reason)

    def _waits_for(self, side: str, *, or_is: str) -> bool:
        if self.status == or_is:
            return False
        if self.status != "PENDING":
            raise NotPendingError
        if side == self.initiator:
            raise OtherSideDecidesError
        return True

    @event(RequestedAgain)
    def _requested_again(self, initiator: str, requested_by: UUID, tracking_id: str) -> None:
        self.initiator = initiator
        self.tracking_id = tracking_id
        self.status = "PENDING"
        self.changed_by = requested_by

    @event(Limited)
    def _limited(self, expires_at: datetime) -> None: ...

    @event(Approved)
    def _approved(self, approved_by: UUID) -> None:
        self.status = "APPROVED"
        self.changed_by = approved_by

    @event(Rejected)
    def _rejected(self, rejected_by: UUID, reason: str) -> None:
        self.status = "REJECTED"
        self.changed_by = rejected_by

    @event(Cancelled)
    def _cancelled(self, cancelled_by: UUID) -> None:
        self.status = "CANCELLED"
        self.changed_by = cancelled_by

    @event(Ended)
    def _ended(self, ended_by: UUID, side: str) -> None:
        self.status = "DISCONNECTED"
        self.changed_by = ended_by

    @event(Closed)
    def _closed(self, closed_by: UUID, side: str, reason: str) -> None:
        self.status = "DISCONNECTED"
        self.changed_by = closed_by
