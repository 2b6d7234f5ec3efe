"""One row for each association of a person at an employer: the page My Staff (IA-STAFF-03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.association import Association
from services.access.projections.staff_people import STAFF_SEEN, Scope

STATUSES = ("INVITED", "PENDING", "APPROVED", "REJECTED", "CANCELLED", "DISASSOCIATED")
"""What a row can be (IA-PROF-06); INVITED for the moment in which an invitation is accepted."""

STAFF_LIST = View(
    name="staff_list_v1",
    table="""
        association_id uuid PRIMARY KEY, employer_id uuid NOT NULL, account_id uuid NOT NULL, role text NOT NULL,
        functions jsonb NOT NULL, status text NOT NULL, since timestamptz NOT NULL, ended_by uuid
    """,
    indexes=("employer_id, status, association_id", "account_id"),
)


@STAFF_LIST.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Association; a row that was never approved keeps the role asked for."""
    match event:
        case Association.Requested():
            rows.put(
                event.originator_id,
                employer_id=event.employer_id,
                account_id=event.account_id,
                role=event.role,
                functions=[],
                status="PENDING",
                since=event.timestamp,
            )
        case Association.Invited() | Association.Added():
            rows.put(
                event.originator_id,
                employer_id=event.employer_id,
                account_id=event.account_id,
                role="",
                functions=[],
                status="INVITED",
                since=event.timestamp,
            )
        case (
            Association.Joined(originator_id=id_, role=role, functions=functions, timestamp=at)
            | Association.RoleChanged(originator_id=id_, role=role, functions=functions, timestamp=at)
        ):
            rows.change(id_, role=role, functions=functions, status="APPROVED", since=at, ended_by=None)
        case Association.Approved(originator_id=id_, role=role, timestamp=at):
            rows.change(id_, role=role, functions=[], status="APPROVED", since=at, ended_by=None)
        case (
            Association.FunctionGranted(originator_id=id_, functions=functions)
            | Association.FunctionWithdrawn(originator_id=id_, functions=functions)
        ):
            rows.change(id_, functions=functions)
        case Association.RequestedAgain(originator_id=id_, role=role, held_role="", timestamp=at):
            rows.change(id_, role=role, status="PENDING", since=at)
        case Association.Rejected(originator_id=id_, held_role="", timestamp=at):
            rows.change(id_, status="REJECTED", since=at)
        case Association.Cancelled(originator_id=id_, held_role="", timestamp=at):
            rows.change(id_, status="CANCELLED", since=at)
        case Association.Ended(originator_id=id_, ended_by=by, timestamp=at):
            rows.change(id_, functions=[], status="DISASSOCIATED", since=at, ended_by=by)


@dataclass(frozen=True, slots=True)
class StaffRow:
    """One person at one employer."""

    association_id: UUID
    employer_id: UUID
    account_id: UUID
    role: str
    functions: list[str]
    status: str
    since: datetime
    ended_by: UUID | None


def of_managed(
    db: Session, scope: Scope, *, status: str, account_ids: Sequence[UUID], after: UUID | None, limit: int
) -> list[StaffRow]:
    """A page of the people at all employers that somebody manages, by keyset; of these alone where any are given."""
    rows = db.run(
        f"SELECT * FROM staff_list_v1 WHERE {STAFF_SEEN} AND status = %s AND (%s OR account_id = ANY(%s))"  # noqa: S608 - ours
        " AND (%s::uuid IS NULL OR association_id > %s) ORDER BY association_id LIMIT %s",
        (*scope.of_staff, status, not account_ids, list(account_ids), after, after, limit),
    )
    return [StaffRow(*row) for row in rows]


def employers_of(db: Session, *, account_id: UUID) -> list[StaffRow]:
    """All employers of one person, with any status (IA-PROF-05)."""
    rows = db.run("SELECT * FROM staff_list_v1 WHERE account_id = %s ORDER BY association_id", (account_id,))
    return [StaffRow(*row) for row in rows]
