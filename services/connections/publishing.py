"""What connections tells other services; what is not named here is private."""

from __future__ import annotations

from mandate.connections.v1 import events_pb2, state_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.connections.domain.connection import Connection


def _requested(
    event: Connection.Requested | Connection.RequestedAgain, connection: Connection
) -> events_pb2.ConnectionRequested:
    return events_pb2.ConnectionRequested(
        **_which(connection),
        initiator=connection.initiator,
        requested_by=str(event.requested_by),
        requested_at=timestamp(event.timestamp),
    )


def _approved(event: Connection.Approved, connection: Connection) -> events_pb2.ConnectionApproved:
    return events_pb2.ConnectionApproved(
        **_which(connection), approved_by=str(event.approved_by), approved_at=timestamp(event.timestamp)
    )


def _rejected(event: Connection.Rejected, connection: Connection) -> events_pb2.ConnectionRejected:
    return events_pb2.ConnectionRejected(
        **_which(connection),
        rejected_by=str(event.rejected_by),
        rejected_at=timestamp(event.timestamp),
        reason=event.reason,
    )


def _cancelled(event: Connection.Cancelled, connection: Connection) -> events_pb2.ConnectionCancelled:
    return events_pb2.ConnectionCancelled(
        **_which(connection), cancelled_by=str(event.cancelled_by), cancelled_at=timestamp(event.timestamp)
    )


def _ended(event: Connection.Ended, connection: Connection) -> events_pb2.ConnectionEnded:
    return events_pb2.ConnectionEnded(
        **_which(connection),
        ended_by=str(event.ended_by),
        ended_by_side=event.side,
        ended_at=timestamp(event.timestamp),
    )


def _closed(event: Connection.Closed, connection: Connection) -> events_pb2.ConnectionEnded:
    return events_pb2.ConnectionEnded(
        **_which(connection),
        ended_by=str(event.closed_by),
        ended_by_side=event.side,
        ended_at=timestamp(event.timestamp),
        reason=event.reason,
    )


def connection_state(connection: Connection) -> state_pb2.ConnectionState:
    """The whole public state of one connection."""
    return state_pb2.ConnectionState(
        **_which(connection),
        status=connection.status,
        initiator=connection.initiator,
        since=timestamp(connection.modified_on),
        changed_by=str(connection.changed_by),
    )


def _which(connection: Connection) -> dict[str, str]:
    return {
        "connection_id": str(connection.id),
        "tracking_id": connection.tracking_id,
        "provider_id": str(connection.provider_id),
        "surrogate_id": str(connection.surrogate_id),
        "function": connection.function,
    }


PUBLISHING = Publishing(
    to_message={
        Connection.Requested: _requested,
        Connection.RequestedAgain: _requested,
        Connection.Approved: _approved,
        Connection.Rejected: _rejected,
        Connection.Cancelled: _cancelled,
        Connection.Ended: _ended,
        Connection.Closed: _closed,
    },
    to_state={Connection: connection_state},
    form=2,  # 2: since when, and by whom
)
