"""One row for each connection: My Connections, and what waits on Home (IA-CONN-03, IA-HOME-02)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection

CONNECTION_LIST = View(
    name="connection_list_v1",
    table="""
        connection_id uuid PRIMARY KEY, provider_id uuid NOT NULL, surrogate_id uuid NOT NULL, function text NOT NULL,
        status text NOT NULL, tracking_id text NOT NULL, initiator text NOT NULL, since timestamptz NOT NULL,
        changed_by uuid NOT NULL
    """,
    indexes=("provider_id, status, connection_id", "surrogate_id, status, connection_id", "tracking_id"),
)


@CONNECTION_LIST.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Connection."""
    match event:
        case Connection.Requested():
            rows.put(
                event.originator_id,
                provider_id=event.provider_id,
                surrogate_id=event.surrogate_id,
                function=event.function,
                status="PENDING",
                tracking_id=event.tracking_id,
                initiator=event.initiator,
                since=event.timestamp,
                changed_by=event.requested_by,
            )
        case Connection.RequestedAgain(originator_id=id_, initiator=side, tracking_id=tracking, requested_by=by):
            rows.change(
                id_, status="PENDING", initiator=side, tracking_id=tracking, since=event.timestamp, changed_by=by
            )
        case Connection.Approved(originator_id=id_, approved_by=by, timestamp=at):
            rows.change(id_, status="APPROVED", since=at, changed_by=by)
        case Connection.Rejected(originator_id=id_, rejected_by=by, timestamp=at):
            rows.change(id_, status="REJECTED", since=at, changed_by=by)
        case Connection.Cancelled(originator_id=id_, cancelled_by=by, timestamp=at):
            rows.change(id_, status="CANCELLED", since=at, changed_by=by)
        case (
            Connection.Ended(originator_id=id_, ended_by=by, timestamp=at)
            | Connection.Closed(originator_id=id_, closed_by=by, timestamp=at)
        ):
            rows.change(id_, status="DISCONNECTED", since=at, changed_by=by)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection as lists show it."""

    connection_id: UUID
    provider_id: UUID
    surrogate_id: UUID
    function: str
    status: str
    tracking_id: str
    initiator: str
    since: datetime
    changed_by: UUID


_WAITING = (
    "status = 'PENDING' AND ((initiator = %s AND provider_id = ANY(%s)) OR (initiator = %s AND surrogate_id = ANY(%s)))"
)


def count_waiting(db: Session, *, employer_ids: list[UUID]) -> int:
    """How many wait for these employers' decision."""
    row = db.one(
        f"SELECT count(*) FROM connection_list_v1 WHERE {_WAITING}",  # noqa: S608 - ours
        (SURROGATE, employer_ids, PROVIDER, employer_ids),
    )
    return row[0] if row else 0


def waiting_for(
    db: Session, *, employer_ids: list[UUID], after: tuple[datetime, UUID] | None = None, limit: int = 200
) -> list[ConnectionRow]:
    """A page of what waits for these employers' decision, the oldest first, by keyset: `after` is (since, id).

    One row a function, and each counts (IA-HOME-03, D-12).
    """
    since, id_ = after or (None, None)
    rows = db.run(
        f"SELECT * FROM connection_list_v1 WHERE {_WAITING}"  # noqa: S608 - ours
        " AND (%s::timestamptz IS NULL OR (since, connection_id) > (%s, %s)) ORDER BY since, connection_id LIMIT %s",
        (SURROGATE, employer_ids, PROVIDER, employer_ids, since, since, id_, limit),
    )
    return [ConnectionRow(*row) for row in rows]


def of_party(db: Session, *, employer_id: UUID, after: UUID | None, limit: int) -> list[ConnectionRow]:
    """A page of the connections on either side of an employer, by keyset."""
    rows = db.run(
        "SELECT * FROM connection_list_v1 WHERE (provider_id = %s OR surrogate_id = %s)"
        " AND (%s::uuid IS NULL OR connection_id > %s) ORDER BY connection_id LIMIT %s",
        (employer_id, employer_id, after, after, limit),
    )
    return [ConnectionRow(*row) for row in rows]


def unfinished(db: Session, *, employer_id: UUID, limit: int) -> list[UUID]:
    """Some connections on either side of an employer that are approved, or wait."""
    rows = db.run(
        "SELECT connection_id FROM connection_list_v1 WHERE (provider_id = %s OR surrogate_id = %s)"
        " AND status = ANY('{PENDING,APPROVED}') ORDER BY connection_id LIMIT %s",
        (employer_id, employer_id, limit),
    )
    return [id_ for (id_,) in rows]
