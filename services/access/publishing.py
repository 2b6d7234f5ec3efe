"""What access tells other services; what is not named here is private."""

from __future__ import annotations

from mandate.access.v1 import events_pb2, state_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest


def _requested(event: RoleRequest.Requested, request: RoleRequest) -> events_pb2.RoleRequested:
    return events_pb2.RoleRequested(
        **_which(request),
        requested_at=timestamp(event.timestamp),
        current_role=request.current_role,
    )


def _approved(event: RoleRequest.Approved, request: RoleRequest) -> events_pb2.RoleRequestApproved:
    return events_pb2.RoleRequestApproved(
        **_which(request),
        approved_by=str(event.approved_by),
        approved_at=timestamp(event.timestamp),
    )


def _rejected(event: RoleRequest.Rejected, request: RoleRequest) -> events_pb2.RoleRequestRejected:
    return events_pb2.RoleRequestRejected(
        **_which(request),
        rejected_by=str(event.rejected_by),
        rejected_at=timestamp(event.timestamp),
        reason=event.reason,
    )


def _cancelled(event: RoleRequest.Cancelled, request: RoleRequest) -> events_pb2.RoleRequestCancelled:
    return events_pb2.RoleRequestCancelled(
        **_which(request),
        cancelled_at=timestamp(event.timestamp),
    )


def _ended(event: Association.Ended, association: Association) -> events_pb2.EmployerAssociationEnded:
    return events_pb2.EmployerAssociationEnded(
        association_id=str(association.id),
        account_id=str(association.account_id),
        employer_id=str(association.employer_id),
        role=association.last_role,
        ended_by=str(event.ended_by),
        ended_at=timestamp(event.timestamp),
    )


def association_state(association: Association) -> state_pb2.AssociationState:
    """The whole public state of one person at one employer."""
    return state_pb2.AssociationState(
        association_id=str(association.id),
        account_id=str(association.account_id),
        employer_id=str(association.employer_id),
        role=association.role or association.last_role or association.asked_role,
        status=association.status,
        functions=association.functions,
    )


def _which(request: RoleRequest) -> dict[str, str]:
    return {
        "role_request_id": str(request.id),
        "account_id": str(request.account_id),
        "employer_id": str(request.employer_id),
        "role": request.role,
        "tracking_id": request.tracking_id,
    }


PUBLISHING = Publishing(
    to_message={
        RoleRequest.Requested: _requested,
        RoleRequest.Approved: _approved,
        RoleRequest.Rejected: _rejected,
        RoleRequest.Cancelled: _cancelled,
        Association.Ended: _ended,
    },
    to_state={Association: association_state},
)
