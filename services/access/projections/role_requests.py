"""One row for each role request: the pages My Staff - Role Requests and Employer Information (IA-RREQ-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.role_request import RoleRequest, required
from services.access.projections.staff_people import REQUESTS_SEEN, Scope

ROLE_REQUESTS = View(
    name="role_requests_v2",
    table="""
        role_request_id uuid PRIMARY KEY, account_id uuid NOT NULL, employer_id uuid NOT NULL, role text NOT NULL,
        held_role text NOT NULL, tracking_id text NOT NULL, status text NOT NULL, requested_at timestamptz NOT NULL,
        decided_at timestamptz, decided_by uuid, documents_uploaded int NOT NULL, documents_required int NOT NULL
    """,
    indexes=(
        "employer_id, status, role_request_id",
        "status, role_request_id",
        "account_id, role_request_id",
        "tracking_id",
    ),
)


@ROLE_REQUESTS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of RoleRequest alone."""
    match event:
        case RoleRequest.Requested():
            rows.put(
                event.originator_id,
                account_id=event.account_id,
                employer_id=event.employer_id,
                role=event.role,
                held_role=event.current_role,
                tracking_id=event.tracking_id,
                status="PENDING",
                requested_at=event.timestamp,
                documents_uploaded=0,
                documents_required=required(event.role),
            )
        case (
            RoleRequest.DocumentAttached(originator_id=id_, documents_uploaded=uploaded)
            | RoleRequest.DocumentDetached(originator_id=id_, documents_uploaded=uploaded)
        ):
            rows.change(id_, documents_uploaded=uploaded)
        case RoleRequest.Approved(originator_id=id_, approved_by=by, timestamp=at):
            rows.change(id_, status="APPROVED", decided_at=at, decided_by=by)
        case RoleRequest.AutoApproved(originator_id=id_, timestamp=at):
            rows.change(id_, status="APPROVED", decided_at=at)
        case RoleRequest.Rejected(originator_id=id_, rejected_by=by, timestamp=at):
            rows.change(id_, status="REJECTED", decided_at=at, decided_by=by)
        case (
            RoleRequest.Cancelled(originator_id=id_, timestamp=at) | RoleRequest.Closed(originator_id=id_, timestamp=at)
        ):
            rows.change(id_, status="CANCELLED", decided_at=at)


@dataclass(frozen=True, slots=True)
class RoleRequestRow:
    """A role request as lists show it."""

    role_request_id: UUID
    account_id: UUID
    employer_id: UUID
    role: str
    held_role: str
    tracking_id: str
    status: str
    requested_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    documents_uploaded: int
    documents_required: int


def pending(db: Session, *, employer_id: UUID, after: UUID | None, limit: int) -> list[RoleRequestRow]:
    """A page of all that waits for a decision at an employer, oldest first (ids are time-ordered), by keyset."""
    rows = db.run(
        "SELECT * FROM role_requests_v2 WHERE employer_id = %s AND status = 'PENDING'"
        " AND (%s::uuid IS NULL OR role_request_id > %s) ORDER BY role_request_id LIMIT %s",
        (employer_id, after, after, limit),
    )
    return [RoleRequestRow(*row) for row in rows]


def pending_at_managed(
    db: Session, scope: Scope, *, account_ids: Sequence[UUID], after: UUID | None, limit: int
) -> list[RoleRequestRow]:
    """A page of what a manager decides, at all their employers, and of own requests there (IA-RREQ-02); by keyset.

    Of these people alone where any are given.
    """
    rows = db.run(
        f"SELECT * FROM role_requests_v2 WHERE {REQUESTS_SEEN} AND status = 'PENDING'"  # noqa: S608 - ours
        " AND (%s OR account_id = ANY(%s))"
        " AND (%s::uuid IS NULL OR role_request_id > %s) ORDER BY role_request_id LIMIT %s",
        (*scope.of_requests, not account_ids, list(account_ids), after, after, limit),
    )
    return [RoleRequestRow(*row) for row in rows]


def waiting(db: Session, scope: Scope) -> int:
    """How many requests wait for a manager's decision; nobody decides their own."""
    row = db.one(
        f"SELECT count(*) FROM role_requests_v2 WHERE {REQUESTS_SEEN} AND status = 'PENDING' AND account_id <> %s",  # noqa: S608 - ours
        (*scope.of_requests, scope.account_id),
    )
    return row[0] if row else 0


def count_at(db: Session, *, employer_id: UUID) -> int:
    """How many requests wait at an employer."""
    row = db.one("SELECT count(*) FROM role_requests_v2 WHERE employer_id = %s AND status = 'PENDING'", (employer_id,))
    return row[0] if row else 0


def queue(db: Session, *, role: str, also_incomplete: bool, after: UUID | None, limit: int) -> list[RoleRequestRow]:
    """A page of what waits at all employers with all its documents, oldest first.

    One requested role, or all where it is empty; those that lack documents only where they are asked for.
    """
    rows = db.run(
        "SELECT * FROM role_requests_v2 WHERE status = 'PENDING' AND (%s = '' OR role = %s)"
        " AND (%s OR documents_uploaded >= documents_required)"
        " AND (%s::uuid IS NULL OR role_request_id > %s) ORDER BY role_request_id LIMIT %s",
        (role, role, also_incomplete, after, after, limit),
    )
    return [RoleRequestRow(*row) for row in rows]


def one(db: Session, *, role_request_id: UUID) -> RoleRequestRow | None:
    """One request, or None."""
    row = db.one("SELECT * FROM role_requests_v2 WHERE role_request_id = %s", (role_request_id,))
    return RoleRequestRow(*row) if row else None


def tracked(db: Session, *, tracking_id: str) -> RoleRequestRow | None:
    """The request with this Tracking ID, ungrouped; or None."""
    row = db.one("SELECT * FROM role_requests_v2 WHERE tracking_id = %s", (tracking_id,))
    return RoleRequestRow(*row) if row else None


def open_requests(db: Session, *, account_id: UUID) -> dict[UUID, tuple[UUID, str]]:
    """Employer -> id and tracking id of this person's open request there (IA-PROF-07)."""
    rows = db.run(
        "SELECT employer_id, role_request_id, tracking_id FROM role_requests_v2"
        " WHERE account_id = %s AND status = 'PENDING'",
        (account_id,),
    )
    return {employer_id: (id_, tracking_id) for employer_id, id_, tracking_id in rows}
