"""What access tells other services; what is not named here is private."""

from __future__ import annotations

from collections.abc import Sequence

from mandate.access.v1 import events_pb2, state_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.access.domain import association_events
from services.access.domain.association import Association
from services.access.domain.employer import Employer
from services.access.domain.invitation import Invitation, Offer
from services.access.domain.role_request import RoleRequest


def _requested(event: RoleRequest.Requested, request: RoleRequest) -> events_pb2.RoleRequested:
    return events_pb2.RoleRequested(
        **_which(request),
        requested_at=timestamp(event.timestamp),
        current_role=request.current_role,
    )


def _official_named(event: RoleRequest.OfficialNamed, request: RoleRequest) -> events_pb2.AuthorizedOfficialNamed:
    return events_pb2.AuthorizedOfficialNamed(**_which(request), named_at=timestamp(event.timestamp))


def _approved(event: RoleRequest.Approved, request: RoleRequest) -> events_pb2.RoleRequestApproved:
    return events_pb2.RoleRequestApproved(
        **_which(request),
        approved_by=str(event.approved_by),
        approved_at=timestamp(event.timestamp),
    )


def _auto_approved(event: RoleRequest.AutoApproved, request: RoleRequest) -> events_pb2.RoleRequestAutoApproved:
    return events_pb2.RoleRequestAutoApproved(
        **_which(request), enrollment_id=str(event.enrollment_id), approved_at=timestamp(event.timestamp)
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


def _closed(event: RoleRequest.Closed, request: RoleRequest) -> events_pb2.RoleRequestCancelled:
    return events_pb2.RoleRequestCancelled(
        **_which(request), cancelled_at=timestamp(event.timestamp), reason=event.reason
    )


def _employer_closed(event: Employer.Closed, employer: Employer) -> events_pb2.EmployerClosed:
    return events_pb2.EmployerClosed(
        employer_id=str(employer.employer_id),
        closed_by=str(event.closed_by),
        closed_at=timestamp(event.timestamp),
    )


def _documents_completed(
    event: RoleRequest.DocumentsCompleted, request: RoleRequest
) -> events_pb2.RoleRequestDocumentsCompleted:
    return events_pb2.RoleRequestDocumentsCompleted(**_which(request), completed_at=timestamp(event.timestamp))


def _invited(event: Invitation.StaffInvited, invitation: Invitation) -> events_pb2.StaffInvited:
    return events_pb2.StaffInvited(
        invitation_id=str(invitation.id),
        invited_by=str(event.invited_by),
        employers=_offered([Offer.of(one) for one in event.offers]),
        tracking_id=event.tracking_id,
        invited_at=timestamp(event.timestamp),
    )


def _pin_issued(event: Invitation.PinIssued, invitation: Invitation) -> events_pb2.PinIssued:
    return events_pb2.PinIssued(
        invitation_id=str(invitation.id),
        invited_by=str(invitation.invited_by),
        employer_ids=[str(one.employer_id) for one in invitation.offers],
        tracking_id=invitation.tracking_id,
        sealed_pin=event.secret,
        issued_at=timestamp(event.timestamp),
        expires_at=timestamp(event.expires_at),
    )


def _pin_expired(event: Invitation.PinExpired, invitation: Invitation) -> events_pb2.PinExpired:
    return events_pb2.PinExpired(
        invitation_id=str(invitation.id),
        invited_by=str(invitation.invited_by),
        tracking_id=invitation.tracking_id,
        expired_at=timestamp(event.timestamp),
        employer_ids=[str(one.employer_id) for one in invitation.offers],
    )


def _new_pin_asked(event: Invitation.NewPinAsked, invitation: Invitation) -> events_pb2.NewPinAsked:
    return events_pb2.NewPinAsked(
        invitation_id=str(invitation.id),
        invited_by=str(invitation.invited_by),
        tracking_id=invitation.tracking_id,
        employer_ids=[str(one.employer_id) for one in invitation.offers],
        asked_at=timestamp(event.timestamp),
    )


def _accepted(event: Invitation.Accepted, invitation: Invitation) -> events_pb2.InvitationAccepted:
    return events_pb2.InvitationAccepted(
        invitation_id=str(invitation.id),
        account_id=str(event.account_id),
        invited_by=str(invitation.invited_by),
        employers=_offered([Offer.of(one) for one in event.offers]),
        tracking_id=invitation.tracking_id,
        accepted_at=timestamp(event.timestamp),
    )


def _withdrawn(event: Invitation.Withdrawn, invitation: Invitation) -> events_pb2.InvitationWithdrawn:
    return events_pb2.InvitationWithdrawn(
        invitation_id=str(invitation.id),
        invited_by=str(invitation.invited_by),
        withdrawn_by=str(event.withdrawn_by),
        tracking_id=invitation.tracking_id,
        withdrawn_at=timestamp(event.timestamp),
    )


def _offered(offers: Sequence[Offer]) -> list[events_pb2.InvitedTo]:
    return [
        events_pb2.InvitedTo(employer_id=str(one.employer_id), role=one.role, functions=one.functions) for one in offers
    ]


def _ended(event: association_events.Ended, association: Association) -> events_pb2.EmployerAssociationEnded:
    return events_pb2.EmployerAssociationEnded(
        **_who(association),
        role=association.last_role,
        ended_by=str(event.ended_by),
        ended_at=timestamp(event.timestamp),
    )


def _role_changed(event: association_events.RoleChanged, association: Association) -> events_pb2.RoleChanged:
    return events_pb2.RoleChanged(
        **_who(association),
        role_before=event.role_before,
        functions_before=event.functions_before,
        role=event.role,
        functions=event.functions,
        changed_by=str(event.changed_by),
        changed_at=timestamp(event.timestamp),
    )


def _function_granted(
    event: association_events.FunctionGranted, association: Association
) -> events_pb2.BusinessFunctionGranted:
    return events_pb2.BusinessFunctionGranted(
        **_who(association),
        function=event.function,
        functions=event.functions,
        granted_at=timestamp(event.timestamp),
    )


def _function_withdrawn(
    event: association_events.FunctionWithdrawn, association: Association
) -> events_pb2.BusinessFunctionWithdrawn:
    return events_pb2.BusinessFunctionWithdrawn(
        **_who(association),
        function=event.function,
        functions=event.functions,
        withdrawn_at=timestamp(event.timestamp),
    )


def _left_without_official(
    event: association_events.EmployerLeftWithoutOfficial, association: Association
) -> events_pb2.EmployerLeftWithoutAuthorizedOfficial:
    return events_pb2.EmployerLeftWithoutAuthorizedOfficial(
        **_who(association),
        left_at=timestamp(event.timestamp),
    )


def association_state(association: Association) -> state_pb2.AssociationState:
    """The whole public state of one person at one employer."""
    return state_pb2.AssociationState(
        association_id=str(association.id),
        account_id=str(association.account_id),
        employer_id=str(association.employer_id),
        role=_role(association),
        status=association.status,
        functions=association.functions,
        withheld_provider_ids=association.withheld_provider_ids,
    )


def _role(association: Association) -> str:
    """Held; or that ended, where nothing was asked for since; or asked for."""
    if association.is_approved:
        return association.role
    return association.last_role if association.status == "DISASSOCIATED" else association.asked_role


def _who(association: Association) -> dict[str, str]:
    return {
        "association_id": str(association.id),
        "account_id": str(association.account_id),
        "employer_id": str(association.employer_id),
    }


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
        RoleRequest.OfficialNamed: _official_named,
        RoleRequest.Approved: _approved,
        RoleRequest.AutoApproved: _auto_approved,
        RoleRequest.Rejected: _rejected,
        RoleRequest.Cancelled: _cancelled,
        RoleRequest.Closed: _closed,
        RoleRequest.DocumentsCompleted: _documents_completed,
        Invitation.StaffInvited: _invited,
        Invitation.PinIssued: _pin_issued,
        Invitation.PinExpired: _pin_expired,
        Invitation.NewPinAsked: _new_pin_asked,
        Invitation.Accepted: _accepted,
        Invitation.Withdrawn: _withdrawn,
        Association.RoleChanged: _role_changed,
        Association.FunctionGranted: _function_granted,
        Association.FunctionWithdrawn: _function_withdrawn,
        Association.Ended: _ended,
        Employer.Closed: _employer_closed,
        Association.EmployerLeftWithoutOfficial: _left_without_official,
    },
    to_state={Association: association_state},
    form=2,  # since then a request after leaving tells the role asked for
)
