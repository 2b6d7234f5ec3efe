"""AccessService over gRPC: translate, call, translate."""

from __future__ import annotations

from uuid import UUID

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.domain import NotAllowedError, NotFoundError
from chassis.messages import timestamp
from chassis.server import Api, Caller, Callers, Rule, page_limit, receipt_message, uuid_of
from chassis.vocabulary.roles import EUS, NAMES
from chassis.waiting import Waiter
from services.access.api.auditing import AuditAnswers
from services.access.api.authority import AuthorityAnswers
from services.access.api.desk import DeskAnswers
from services.access.api.documents import DocumentAnswers
from services.access.api.invitations import InvitationAnswers
from services.access.api.papers import PORTAL, PaperAnswers
from services.access.api.reaching import NOTIFIER, InviteeAnswers, ReachingAnswers, typed_of
from services.access.api.staff import StaffAnswers, people_of
from services.access.commands import reaching, role_requests
from services.access.commands.parts import Parts
from services.access.projections import role_requests as request_list
from services.access.projections.authority import AuthorityFollower
from services.access.projections.first_approvals import FIRST_APPROVALS


class AccessServicer(
    AuthorityAnswers,
    AuditAnswers,
    DeskAnswers,
    DocumentAnswers,
    InvitationAnswers,
    PaperAnswers,
    ReachingAnswers,
    StaffAnswers,
):
    """Answers for people: every decision is the commands' own."""

    def __init__(self, app: Application, waiter: Waiter, parts: Parts, authority: AuthorityFollower) -> None:
        super().__init__(app, waiter, authority)
        self._parts = parts

    def RequestRole(self, request: pb.RequestRoleRequest, caller: Caller) -> pb.RequestRoleResponse:
        """IA-EMP-06 to IA-EMP-09."""
        receipt = reaching.request_role(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            employer_id=uuid_of(request.employer_id, field="employer_id"),
            role=request.role,
            attestation=request.attestation,
            typed=typed_of(request, caller.language),
        )
        return pb.RequestRoleResponse(receipt=receipt_message(receipt))

    def ApproveRoleRequest(
        self, request: pb.ApproveRoleRequestRequest, caller: Caller
    ) -> pb.ApproveRoleRequestResponse:
        """The matrix of 4.2 decides."""
        receipt = self._app.execute(
            role_requests.approve,
            caller.cause(request.command_id),
            role_request_id=uuid_of(request.role_request_id, field="role_request_id"),
            officials_by_two=self._parts.settings.officials_by_two,
        )
        return pb.ApproveRoleRequestResponse(
            receipt=receipt_message(receipt), needs_second=role_requests.is_pending(self._app, receipt.id)
        )

    def RejectRoleRequest(self, request: pb.RejectRoleRequestRequest, caller: Caller) -> pb.RejectRoleRequestResponse:
        """The matrix of 4.2 decides."""
        receipt = self._app.execute(
            role_requests.reject,
            caller.cause(request.command_id),
            role_request_id=uuid_of(request.role_request_id, field="role_request_id"),
            reason=request.reason,
        )
        return pb.RejectRoleRequestResponse(receipt=receipt_message(receipt))

    def CancelRoleRequest(self, request: pb.CancelRoleRequestRequest, caller: Caller) -> pb.CancelRoleRequestResponse:
        """One's own request alone."""
        receipt = self._app.execute(
            role_requests.cancel,
            caller.cause(request.command_id),
            role_request_id=uuid_of(request.role_request_id, field="role_request_id"),
        )
        return pb.CancelRoleRequestResponse(receipt=receipt_message(receipt))

    def ListRoleRequests(self, request: pb.ListRoleRequestsRequest, caller: Caller) -> pb.ListRoleRequestsResponse:
        """IA-RREQ-01; for External User Services their queue, oldest first."""
        after = uuid_of(request.after, field="after") if request.after else None
        self._waiter.wait(request.at_least, [request_list.ROLE_REQUESTS, FIRST_APPROVALS])
        if request.at_my_employers:
            return self._at_my_employers(request, caller, after)
        if not request.employer_id:
            self._require_eus(caller)
            if request.role and request.role not in NAMES:
                raise role_requests.UnknownRoleError
            with self._app.session() as session:
                rows = request_list.queue(
                    session,
                    role=request.role,
                    also_incomplete=request.also_incomplete,
                    after=after,
                    limit=page_limit(request.limit),
                )
        else:
            employer_id = uuid_of(request.employer_id, field="employer_id")
            limit = page_limit(request.limit)
            with self._app.session() as session:
                scope = self._scope(session, caller, [employer_id])
                rows = (
                    request_list.pending(session, employer_id=employer_id, after=after, limit=limit)
                    if EUS in caller.roles
                    else request_list.pending_at_managed(session, scope, account_ids=[], after=after, limit=limit)
                )
        first = self._first_approvals(caller, rows)
        return pb.ListRoleRequestsResponse(
            role_requests=[_role_request(row, first.get(row.role_request_id, "")) for row in rows]
        )

    def GetRoleRequest(self, request: pb.GetRoleRequestRequest, caller: Caller) -> pb.GetRoleRequestResponse:
        """IA-CONF-01; what somebody may not see does not exist for them."""
        self._waiter.wait(request.at_least, [request_list.ROLE_REQUESTS, FIRST_APPROVALS])
        with self._app.session() as session:
            row = request_list.one(session, role_request_id=uuid_of(request.role_request_id, field="role_request_id"))
        if row is None or not self._may_see(caller, row):
            raise NotFoundError
        is_own = row.account_id == caller.account_id
        first = self._first_approvals(caller, [row]).get(row.role_request_id, "")
        return pb.GetRoleRequestResponse(
            role_request=_role_request(row, first),
            official=self._official(row.role_request_id) if is_own or EUS in caller.roles else None,
            contact_email=self._contact(row.account_id, row.employer_id) if is_own else "",
        )

    def _at_my_employers(
        self, request: pb.ListRoleRequestsRequest, caller: Caller, after: UUID | None
    ) -> pb.ListRoleRequestsResponse:
        account_ids = people_of(request.account_ids)
        with self._app.session() as session:
            scope = self._scope(session, caller)
            waiting = request_list.waiting(session, scope)
            rows = request_list.pending_at_managed(
                session, scope, account_ids=account_ids, after=after, limit=page_limit(request.limit)
            )
        return pb.ListRoleRequestsResponse(role_requests=[_role_request(row, "") for row in rows], waiting=waiting)

    def _may_see(self, caller: Caller, row: request_list.RoleRequestRow) -> bool:
        return (
            row.account_id == caller.account_id
            or EUS in caller.roles
            or role_requests.decides(self._app, caller.account_id, requested=row.role, employer_id=row.employer_id)
        )

    @staticmethod
    def _require_eus(caller: Caller) -> None:
        if EUS not in caller.roles:
            raise NotAllowedError("Only External User Services sees the requests of all employers.")


RULES: dict[str, Callers] = {
    "RequestRole": Rule.USER,
    "ApproveRoleRequest": Rule.USER,
    "RejectRoleRequest": Rule.USER,
    "CancelRoleRequest": Rule.USER,
    "GetRoleRequest": Rule.USER,
    "FindRoleRequest": Rule.USER,
    "ListRoleRequests": Rule.USER,
    "UploadDocument": Rule.USER,
    "DeleteDocument": Rule.USER,
    "RefuseDocument": Rule.USER,
    "AddComment": Rule.USER,
    "RemoveComment": Rule.USER,
    "ListDocuments": Rule.USER,
    "ReadDocument": Rule.USER,
    "CertifyPaper": Rule.USER,
    "VerifyPaper": frozenset({PORTAL}),  # whoever holds a paper
    "InviteStaff": Rule.USER,
    "GetInvitation": Rule.USER,
    "ListInvitations": Rule.USER,
    "WithdrawInvitation": Rule.USER,
    "EnterPin": Rule.EITHER,  # nobody has signed in yet, or somebody has
    "AcceptInvitation": Rule.USER,
    "PreviewInvitation": Rule.USER,
    "ShowEin": Rule.USER,
    "GrantFunction": Rule.USER,
    "WithdrawFunction": Rule.USER,
    "Disassociate": Rule.USER,
    "ListMyEmployers": Rule.USER,
    "ListEmployersOf": Rule.USER,
    "ListStaff": Rule.USER,
    "CheckAuthority": Rule.EITHER,
    "BatchCheckAuthority": Rule.EITHER,
    "WithholdProviders": Rule.USER,
    "ExplainAuthority": Rule.EITHER,
    "ListAuthorities": Rule.EITHER,
    "WhoCouldAct": Rule.USER,
    "SelectStaff": Rule.USER,
    "SelectMyEmployers": Rule.USER,
    "ModifyStaff": Rule.USER,
    "ResendInvitation": Rule.USER,
    "CloseEmployer": Rule.USER,
    "GetEmployer": Rule.USER,
    "AskForNewPin": Rule.EITHER,  # who was invited may have no account
}
INVITEE_RULES: dict[str, Callers] = {
    "GetInvitee": frozenset({NOTIFIER}),
    "GetNamedOfficial": frozenset({NOTIFIER}),
    "GetEmployerContact": frozenset({NOTIFIER}),
}


def apis(app: Application, waiter: Waiter, parts: Parts, authority: AuthorityFollower) -> list[Api]:
    """The services as the server takes them."""
    services = pb.DESCRIPTOR.services_by_name
    return [
        Api(services["AccessService"], AccessServicer(app, waiter, parts, authority), RULES),
        Api(services["InviteeService"], InviteeAnswers(app, parts), INVITEE_RULES),
    ]


def _role_request(row: request_list.RoleRequestRow, first_approved_by: str) -> pb.RoleRequest:
    return pb.RoleRequest(
        role_request_id=str(row.role_request_id),
        account_id=str(row.account_id),
        employer_id=str(row.employer_id),
        role=row.role,
        current_role=row.held_role,
        tracking_id=row.tracking_id,
        status=row.status,
        requested_at=timestamp(row.requested_at),
        decided_at=timestamp(row.decided_at),
        documents_uploaded=row.documents_uploaded,
        documents_required=row.documents_required,
        first_approved_by=first_approved_by,
    )
