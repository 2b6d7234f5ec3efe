"""What External User Services alone see and do: requests of all employers, employers as a whole (row 60; D-41)."""

from __future__ import annotations

from collections.abc import Sequence

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.domain import DomainError, NotAllowedError, NotFoundError
from chassis.messages import timestamp
from chassis.server import Caller, receipt_message, uuid_of
from chassis.vocabulary import tracking
from chassis.vocabulary.roles import EUS
from chassis.waiting import Waiter
from services.access.commands import employers
from services.access.commands.parts import Parts
from services.access.projections import first_approvals, invitations, staff_list
from services.access.projections import role_requests as request_list


class UnreadableTrackingIdError(DomainError):
    """Enter a Request Tracking ID: R and 9 more characters."""

    field = "tracking_id"


class DeskAnswers:
    """FindRoleRequest, CloseEmployer, GetEmployer, and what an approval by one person adds to a list."""

    _app: Application
    _parts: Parts
    _waiter: Waiter

    def FindRoleRequest(self, request: pb.FindRoleRequestRequest, caller: Caller) -> pb.FindRoleRequestResponse:
        """By the Tracking ID that a person tells on the telephone, whatever was decided."""
        if EUS not in caller.roles:
            raise NotAllowedError("Only External User Services finds the requests of all employers.")
        try:
            tracking_id = tracking.parse(request.tracking_id)
        except tracking.TrackingIdError:
            raise UnreadableTrackingIdError from None
        self._waiter.wait(request.at_least, [request_list.ROLE_REQUESTS])
        with self._app.session() as session:
            row = request_list.tracked(session, tracking_id=tracking_id)
        if row is None:
            raise NotFoundError("There is no such request.")
        return pb.FindRoleRequestResponse(role_request_id=str(row.role_request_id))

    def CloseEmployer(self, request: pb.CloseEmployerRequest, caller: Caller) -> pb.CloseEmployerResponse:
        """For good."""
        receipt = employers.close_organization(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            employer_id=uuid_of(request.employer_id, field="employer_id"),
            reason=request.reason,
        )
        return pb.CloseEmployerResponse(receipt=receipt_message(receipt))

    def GetEmployer(self, request: pb.GetEmployerRequest, caller: Caller) -> pb.GetEmployerResponse:
        """What ends, before the desk closes it."""
        id_ = uuid_of(request.employer_id, field="employer_id")
        closing = employers.closing_of(self._app, is_eus=EUS in caller.roles, employer_id=id_)
        self._waiter.wait(
            request.at_least, [staff_list.STAFF_LIST, request_list.ROLE_REQUESTS, invitations.INVITATIONS]
        )
        with self._app.session() as session:
            return pb.GetEmployerResponse(
                people=staff_list.count_at(session, employer_id=id_),
                role_requests=request_list.count_at(session, employer_id=id_),
                invitations=invitations.count_at(session, employer_id=id_),
                closed_at=timestamp(closing.closed_at) if closing else None,
                closed_by=str(closing.closed_by) if closing else "",
                reason=closing.reason if closing else "",
            )

    def _first_approvals(self, caller: Caller, rows: Sequence[request_list.RoleRequestRow]) -> dict[object, str]:
        """Request -> who of External User Services has approved it first; nobody else is told."""
        if EUS not in caller.roles:
            return {}
        with self._app.session() as session:
            found = first_approvals.of_requests(session, role_request_ids=[row.role_request_id for row in rows])
        return {id_: str(by) for id_, by in found.items()}
