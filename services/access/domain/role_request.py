"""A person's request for a role at an employer (4.2)."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event


class OwnRequestError(DomainError):
    """Nobody decides their own request."""


class NotYoursToCancelError(DomainError):
    """Only the person who made a request can take it back."""


class AlreadyDecidedError(DomainError):
    """This request has been decided the other way, or was taken back."""


class RoleRequest(Aggregate):
    """One attempt of one person at one employer; Association keeps a second from being open."""

    TOPIC = "access.RoleRequest"

    class Requested(AggregateCreated):
        """The person waits for a decision from now on."""

        TOPIC = "access.RoleRequest.Requested"
        account_id: UUID
        employer_id: UUID
        role: str
        tracking_id: str
        current_role: str
        attestation: str

    class Approved(Aggregate.Event):
        """The role is the person's from now on, by somebody's decision."""

        TOPIC = "access.RoleRequest.Approved"
        approved_by: UUID

    class Rejected(Aggregate.Event):
        """The person will not have the role by this request."""

        TOPIC = "access.RoleRequest.Rejected"
        rejected_by: UUID
        reason: str

    class Cancelled(Aggregate.Event):
        """The person no longer asks."""

        TOPIC = "access.RoleRequest.Cancelled"

    @event(Requested)
    def __init__(
        self,
        id: UUID,
        account_id: UUID,
        employer_id: UUID,
        role: str,
        tracking_id: str,
        current_role: str = "",
        attestation: str = "",
    ) -> None:
        self.account_id = account_id
        self.employer_id = employer_id
        self.role = role
        self.tracking_id = tracking_id
        self.current_role = current_role
        self.attestation = attestation
        self.status = "PENDING"
        self.decided_by: UUID | None = None

    def approve(self, *, approved_by: UUID) -> None:
        """Grant the role. Twice is the same as once."""
        if approved_by == self.account_id:
            raise OwnRequestError
        if self._is_open(or_is="APPROVED"):
            self._approved(approved_by=approved_by)

    def reject(self, *, rejected_by: UUID, reason: str) -> None:
        """Refuse the role. Twice is the same as once."""
        if rejected_by == self.account_id:
            raise OwnRequestError
        if self._is_open(or_is="REJECTED"):
            self._rejected(rejected_by=rejected_by, reason=reason)

    def cancel(self, *, cancelled_by: UUID) -> None:
        """Take the request back. Twice is the same as once."""
        if cancelled_by != self.account_id:
            raise NotYoursToCancelError
        if self._is_open(or_is="CANCELLED"):
            self._cancelled()

    def void(self) -> None:
        """Close a request that has lost its object: the person has left, or has the role already. Twice is once."""
        if self.status == "PENDING":
            self._cancelled()

    def _is_open(self, *, or_is: str) -> bool:
        """Whether there is something to decide. Raises where it was decided otherwise."""
        if self.status not in ("PENDING", or_is):
            raise AlreadyDecidedError
        return self.status == "PENDING"

    @event(Approved)
    def _approved(self, approved_by: UUID) -> None:
        self.status = "APPROVED"
        self.decided_by = approved_by

    @event(Rejected)
    def _rejected(self, rejected_by: UUID, reason: str) -> None:
        self.status = "REJECTED"
        self.decided_by = rejected_by

    @event(Cancelled)
    def _cancelled(self) -> None:
        self.status = "CANCELLED"
