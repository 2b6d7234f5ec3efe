"""The notifier: its aggregate, its views and its table of policies."""

from __future__ import annotations

from mandate.access.v1 import events_pb2 as access
from mandate.access.v1 import state_pb2 as access_state
from mandate.connections.v1 import events_pb2 as connections
from mandate.enrollment.v1 import events_pb2 as enrollment
from mandate.identity.v1 import events_pb2 as identity

from chassis.application import Application, when
from services.notifier.domain.notification import Notification
from services.notifier.policies import (
    ask_connection_deciders,
    ask_named_official,
    ask_role_deciders,
    ask_signers,
    confirm_application,
    confirm_documents,
    confirm_role_request,
    drop_decided,
    send_code,
    send_invitation,
    tell_access_changed,
    tell_account_owner,
    tell_application_decision,
    tell_connection_decision,
    tell_connection_ended,
    tell_ehr_closed,
    tell_inviter,
    tell_no_official,
    tell_reassignment,
    tell_role_decision,
)
from services.notifier.projections.asked import ASKED
from services.notifier.projections.codes import CODES
from services.notifier.projections.decided import DECIDED
from services.notifier.projections.desk import DESK
from services.notifier.projections.managers import MANAGERS
from services.notifier.projections.outbox import OUTBOX

DECISIONS = (
    access.RoleRequestApproved,
    access.RoleRequestAutoApproved,
    access.RoleRequestRejected,
    access.RoleRequestCancelled,
    access.InvitationWithdrawn,
    identity.DeskInvitationWithdrawn,
    connections.ConnectionApproved,
    connections.ConnectionRejected,
    connections.ConnectionCancelled,
)


class NotifierApplication(Application):
    """Who is told what, and whether it was sent."""

    name = "notifier"
    aggregates = (Notification,)
    policies = (
        when(identity.MfaCodeIssued, send_code.on_issued),
        when(identity.AccountActivated, tell_account_owner.on_activated),
        when(identity.AccountLocked, tell_account_owner.on_locked),
        when(identity.RegistrationAddressTaken, tell_account_owner.on_address_taken),
        when(access.RoleRequested, confirm_role_request.on_request),
        when(access.RoleRequested, ask_role_deciders.on_request),
        when(access_state.AssociationState, ask_role_deciders.on_association),
        when(access.AuthorizedOfficialNamed, ask_named_official.on_named),
        when(access.RoleRequestDocumentsCompleted, confirm_documents.on_completed),
        when(access.PinIssued, send_invitation.on_issued),
        when(access.InvitationAccepted, tell_inviter.on_accepted),
        when(access.PinExpired, tell_inviter.on_expired),
        when(identity.DeskPinIssued, send_invitation.on_desk_issued),
        when(identity.DeskInvitationAccepted, tell_inviter.on_desk_joined),
        when(identity.DeskPinExpired, tell_inviter.on_desk_expired),
        when(access.NewPinAsked, tell_inviter.on_asked),
        when(access.RoleRequestApproved, tell_role_decision.on_approved),
        when(access.RoleRequestAutoApproved, tell_role_decision.on_approved),
        when(access.RoleRequestRejected, tell_role_decision.on_rejected),
        when(access.RoleRequestCancelled, tell_role_decision.on_cancelled),
        when(access.EmployerAssociationEnded, tell_access_changed.on_ended),
        when(access.RoleChanged, tell_access_changed.on_role),
        when(access.BusinessFunctionGranted, tell_access_changed.on_granted),
        when(access.BusinessFunctionWithdrawn, tell_access_changed.on_withdrawn),
        when(access.EmployerLeftWithoutAuthorizedOfficial, tell_no_official.on_left),
        when(connections.ConnectionRequested, ask_connection_deciders.on_request),
        when(access_state.AssociationState, ask_connection_deciders.on_association),
        when(connections.ConnectionApproved, tell_connection_decision.on_decision),
        when(connections.ConnectionRejected, tell_connection_decision.on_decision),
        when(connections.ConnectionRequested, tell_connection_decision.on_request),
        when(connections.ConnectionRejected, tell_ehr_closed.on_rejected),
        when(connections.ConnectionRequested, tell_ehr_closed.on_request),
        when(connections.ConnectionEnded, tell_connection_ended.on_ended),
        when(enrollment.SignatureRequested, ask_signers.on_requested),
        when(enrollment.ApplicationReceived, confirm_application.on_received),
        when(enrollment.CorrectionsRequested, tell_application_decision.on_corrections),
        when(enrollment.ApplicationApproved, tell_application_decision.on_approved),
        when(enrollment.ApplicationDenied, tell_application_decision.on_denied),
        when(enrollment.ApplicationRejected, tell_application_decision.on_rejected),
        when(enrollment.ApplicationReturned, tell_application_decision.on_returned),
        when(enrollment.ReassignmentEstablished, tell_reassignment.on_established),
        when(enrollment.ReassignmentEnded, tell_reassignment.on_ended),
        *(when(message, drop_decided.on_decision) for message in DECISIONS),
        when(Notification.Requested, drop_decided.on_asked),
    )
    policy_views = (ASKED, CODES, DECIDED, DESK, MANAGERS, OUTBOX)
    views = (OUTBOX,)
    hears = (
        "AccountActivated",
        "AccountLocked",
        "AccountState",
        "ApplicationApproved",
        "ApplicationDenied",
        "ApplicationReceived",
        "ApplicationRejected",
        "ApplicationReturned",
        "AssociationState",
        "AuthorizedOfficialNamed",
        "BusinessFunctionGranted",
        "BusinessFunctionWithdrawn",
        "ConnectionApproved",
        "ConnectionCancelled",
        "ConnectionEnded",
        "ConnectionRejected",
        "ConnectionRequested",
        "CorrectionsRequested",
        "DeskInvitationAccepted",
        "DeskInvitationWithdrawn",
        "DeskPinExpired",
        "DeskPinIssued",
        "EmployerAssociationEnded",
        "EmployerLeftWithoutAuthorizedOfficial",
        "InvitationAccepted",
        "InvitationWithdrawn",
        "MfaCodeIssued",
        "NewPinAsked",
        "PinExpired",
        "PinIssued",
        "ReassignmentEnded",
        "ReassignmentEstablished",
        "RegistrationAddressTaken",
        "RoleChanged",
        "RoleRequestApproved",
        "RoleRequestAutoApproved",
        "RoleRequestCancelled",
        "RoleRequestDocumentsCompleted",
        "RoleRequestRejected",
        "RoleRequested",
        "SignatureRequested",
    )
