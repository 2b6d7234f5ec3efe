"""One row for each request that one person of External User Services has approved, and another must, too (S-14)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.role_request import RoleRequest

FIRST_APPROVALS = View(
    name="first_approvals_v1",
    table="role_request_id uuid PRIMARY KEY, approved_by uuid NOT NULL",
)


@FIRST_APPROVALS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of RoleRequest: what changes the papers, or decides, ends it."""
    match event:
        case RoleRequest.ApprovedByOne(originator_id=id_, approved_by=by):
            rows.put(id_, approved_by=by)
        case (
            RoleRequest.DocumentAttached(originator_id=id_)
            | RoleRequest.DocumentDetached(originator_id=id_)
            | RoleRequest.Approved(originator_id=id_)
            | RoleRequest.AutoApproved(originator_id=id_)
            | RoleRequest.Rejected(originator_id=id_)
            | RoleRequest.Cancelled(originator_id=id_)
            | RoleRequest.Closed(originator_id=id_)
        ):
            rows.drop(id_)


def of_requests(db: Session, *, role_request_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Request -> who has approved it first, where a second person must."""
    rows = db.run(
        "SELECT role_request_id, approved_by FROM first_approvals_v1 WHERE role_request_id = ANY (%s)",
        (list(role_request_ids),),
    )
    return dict(rows)
