"""ConnectionsService over gRPC: translate, call, translate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from mandate.common.v1 import receipt_pb2
from mandate.connections.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.cause import Receipt
from chassis.domain import NotAllowedError
from chassis.messages import timestamp
from chassis.server import Api, Caller, Code, Detail, RefusedError, Rule, page_limit, receipt_message, uuid_of
from chassis.waiting import Waiter
from services.connections.commands import connections
from services.connections.projections.connection_list import (
    CONNECTION_LIST,
    ConnectionRow,
    count_waiting,
    of_party,
    waiting_for,
)
from services.connections.projections.managers import MANAGERS, managed_by, manages

_Decision = (
    pb.ApproveConnectionRequest | pb.RejectConnectionRequest | pb.CancelConnectionRequest | pb.EndConnectionRequest
)


class ConnectionsServicer:
    """Answers for people: every decision is the commands' own."""

    def __init__(self, app: Application, waiter: Waiter, registry: connections.Registry) -> None:
        self._app, self._waiter, self._registry = app, waiter, registry

    def RequestConnection(self, request: pb.RequestConnectionRequest, caller: Caller) -> pb.RequestConnectionResponse:
        """IA-CONN-05, IA-CONN-10."""
        receipt = connections.ask(
            self._app,
            self._registry,
            caller.cause(request.command_id),
            provider_id=uuid_of(request.provider_id, field="provider_id"),
            surrogate_id=uuid_of(request.surrogate_id, field="surrogate_id"),
            function=request.function,
            side=request.side,
        )
        return pb.RequestConnectionResponse(receipt=receipt_message(receipt))

    def ApproveConnection(self, request: pb.ApproveConnectionRequest, caller: Caller) -> pb.ApproveConnectionResponse:
        """IA-APPR-02."""
        return pb.ApproveConnectionResponse(receipt=self._decide(connections.approve, request, caller))

    def RejectConnection(self, request: pb.RejectConnectionRequest, caller: Caller) -> pb.RejectConnectionResponse:
        """IA-APPR-01."""
        receipt = self._decide(connections.reject, request, caller, reason=request.reason)
        return pb.RejectConnectionResponse(receipt=receipt)

    def CancelConnection(self, request: pb.CancelConnectionRequest, caller: Caller) -> pb.CancelConnectionResponse:
        """4.5."""
        return pb.CancelConnectionResponse(receipt=self._decide(connections.cancel, request, caller))

    def EndConnection(self, request: pb.EndConnectionRequest, caller: Caller) -> pb.EndConnectionResponse:
        """4.5."""
        return pb.EndConnectionResponse(receipt=self._decide(connections.disconnect, request, caller))

    def ListPending(self, request: pb.ListPendingRequest, caller: Caller) -> pb.ListPendingResponse:
        """IA-HOME-02: what waits for the caller's decision."""
        after, limit = _behind(request.after) if request.after else None, page_limit(request.limit)
        self._waiter.wait(request.at_least, [CONNECTION_LIST, MANAGERS])
        with self._app.session() as session:
            employers = managed_by(session, account_id=caller.account_id)
            rows = waiting_for(session, employer_ids=employers, after=after, limit=limit + 1)
            waiting = count_waiting(session, employer_ids=employers)
        page = rows[:limit]
        return pb.ListPendingResponse(
            connections=[_connection(row) for row in page],
            next=f"{page[-1].since.isoformat()}/{page[-1].connection_id}" if len(rows) > limit else "",
            waiting=waiting,
        )

    def ListConnections(self, request: pb.ListConnectionsRequest, caller: Caller) -> pb.ListConnectionsResponse:
        """IA-CONN-03."""
        employer_id = uuid_of(request.employer_id, field="employer_id")
        after = uuid_of(request.after, field="after") if request.after else None
        self._waiter.wait(request.at_least, [CONNECTION_LIST, MANAGERS])
        with self._app.session() as session:
            if not manages(session, account_id=caller.account_id, employer_id=employer_id):
                raise NotAllowedError("Only an Authorized Official or Access Manager of this employer sees these.")
            rows = of_party(session, employer_id=employer_id, after=after, limit=page_limit(request.limit))
        return pb.ListConnectionsResponse(connections=[_connection(row) for row in rows])

    def _decide(
        self, command: Callable[..., Receipt], request: _Decision, caller: Caller, **more: str
    ) -> receipt_pb2.Receipt:
        receipt = self._app.execute(
            command,
            caller.cause(request.command_id),
            connection_id=uuid_of(request.connection_id, field="connection_id"),
            side=request.side,
            **more,
        )
        return receipt_message(receipt)


SERVICE = pb.DESCRIPTOR.services_by_name["ConnectionsService"]
RULES = {
    "RequestConnection": Rule.USER,
    "ApproveConnection": Rule.USER,
    "RejectConnection": Rule.USER,
    "CancelConnection": Rule.USER,
    "EndConnection": Rule.USER,
    "ListPending": Rule.USER,
    "ListConnections": Rule.USER,
}


def api(app: Application, waiter: Waiter, registry: connections.Registry) -> Api:
    """The service as the server takes it."""
    return Api(SERVICE, ConnectionsServicer(app, waiter, registry), RULES)


def _behind(text: str) -> tuple[datetime, UUID]:
    """The place that `next` has named. Raises `RefusedError`."""
    since, _, id_ = text.partition("/")
    try:
        at = datetime.fromisoformat(since)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        detail = Detail("FIELD_MALFORMED", "send `next` of the page before as it came", "after")
        raise RefusedError(Code.INVALID_ARGUMENT, detail)
    return at, uuid_of(id_, field="after")


def _connection(row: ConnectionRow) -> pb.Connection:
    return pb.Connection(
        connection_id=str(row.connection_id),
        provider_id=str(row.provider_id),
        surrogate_id=str(row.surrogate_id),
        function=row.function,
        status=row.status,
        tracking_id=row.tracking_id,
        initiator=row.initiator,
        since=timestamp(row.since),
    )
