"""Access: its aggregates, its views and its table of policies."""

from __future__ import annotations

from mandate.enrollment.v1.state_pb2 import EnrollmentState
from mandate.identity.v1.events_pb2 import AccountActivated, AccountClosed
from mandate.identity.v1.state_pb2 import AccountState

from chassis.application import Application, when
from services.access.domain.association import Association
from services.access.domain.document import Document
from services.access.domain.employer import Employer
from services.access.domain.invitation import Invitation
from services.access.domain.role_request import RoleRequest
from services.access.policies import (
    accept_invitation,
    approve_listed_official,
    close_with_account,
    close_with_employer,
    notice_missing_official,
    open_own_record,
)
from services.access.projections.closed_accounts import CLOSED_ACCOUNTS
from services.access.projections.closed_employers import CLOSED_EMPLOYERS
from services.access.projections.comments import COMMENTS
from services.access.projections.documents import DOCUMENTS
from services.access.projections.first_approvals import FIRST_APPROVALS
from services.access.projections.invitations import INVITATIONS
from services.access.projections.listed_officials import LISTED, PERSONS, WAITING
from services.access.projections.officials import OFFICIALS
from services.access.projections.role_requests import ROLE_REQUESTS
from services.access.projections.staff_list import STAFF_LIST


class AccessApplication(Application):
    """Who works for whom, with what."""

    name = "access"
    aggregates = (RoleRequest, Association, Invitation, Document, Employer)
    policies = (
        when(AccountState, open_own_record.on_account),
        when(AccountActivated, accept_invitation.on_activated),
        when(RoleRequest.Requested, approve_listed_official.on_request),
        when(EnrollmentState, approve_listed_official.on_enrollment),
        when(AccountState, approve_listed_official.on_account),
        when(Association.Ended, notice_missing_official.on_ended),
        when(Association.Approved, notice_missing_official.on_approved),
        when(AccountClosed, close_with_account.on_closed),
        when(Association.Requested, close_with_account.on_joining),
        when(Association.RequestedAgain, close_with_account.on_joining),
        when(Association.Joined, close_with_account.on_joining),
        when(Association.Approved, close_with_account.on_joining),
        when(Association.RoleChanged, close_with_account.on_joining),
        when(Employer.Closed, close_with_employer.on_closed),
        when(Employer.ClosingWentOn, close_with_employer.on_closed),
        when(Association.Requested, close_with_employer.on_joining),
        when(Association.RequestedAgain, close_with_employer.on_joining),
        when(Association.Joined, close_with_employer.on_joining),
        when(Association.Approved, close_with_employer.on_joining),
        when(Association.RoleChanged, close_with_employer.on_joining),
        when(Invitation.StaffInvited, close_with_employer.on_invited),
    )
    policy_views = (PERSONS, LISTED, WAITING, OFFICIALS, CLOSED_ACCOUNTS, CLOSED_EMPLOYERS, STAFF_LIST, INVITATIONS)
    views = (ROLE_REQUESTS, STAFF_LIST, INVITATIONS, DOCUMENTS, COMMENTS, FIRST_APPROVALS)
    hears = ("AccountActivated", "AccountClosed", "AccountState", "ConnectionState", "EnrollmentState")
