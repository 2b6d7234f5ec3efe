"""What External User Services alone see and find of role requests (row 60)."""

from __future__ import annotations

from collections.abc import Sequence

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.domain import DomainError, NotAllowedError, NotFoundError
from chassis.server import Caller
from chassis.vocabulary import tracking
from chassis.vocabulary.roles import EUS
from chassis.waiting import Waiter
from services.access.projections import first_approvals
from services.access.projections import role_requests as request_list


class UnreadableTrackingIdError(DomainError):
    """Enter a Request Tracking ID: R and 9 more characters."""

    field = "tracking_id"


class DeskAnswers:
    """FindRoleRequest, and what an approval by one person adds to a list."""

    _app: Application
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

    def _first_approvals(self, caller: Caller, rows: Sequence[request_list.RoleRequestRow]) -> dict[object, str]:
        """Request -> who of External User Services has approved it first; nobody else is told."""
        if EUS not in caller.roles:
            return {}
        with self._app.session() as session:
            found = first_approvals.of_requests(session, role_request_ids=[row.role_request_id for row in rows])
        return {id_: str(by) for id_, by in found.items()}
