"""One row for each association of a person at an employer: the page My Staff (IA-STAFF-03)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.access.domain.association import Association
from services.access.projections.staff_people import MANAGERS, ROLE_RANK, STAFF_SEEN, Scope

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


def employers_of(
    db: Session,
    *,
    account_id: UUID,
    association_ids: Sequence[UUID] = (),
    managed: bool = False,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[StaffRow]:
    """The employers of one person, with any status (IA-PROF-05), by keyset; all of them without a limit.

    These alone where any are given; `managed` leaves those where the person manages others.
    """
    rows = db.run(
        "SELECT * FROM staff_list_v1 WHERE account_id = %s AND (%s OR association_id = ANY(%s))"
        " AND (NOT %s OR (status = 'APPROVED' AND role = ANY(%s)))"
        " AND (%s::uuid IS NULL OR association_id > %s) ORDER BY association_id LIMIT %s",
        (account_id, not association_ids, [*association_ids], managed, [*MANAGERS], after, after, limit),
    )
    return [StaffRow(*row) for row in rows]


def people_at(db: Session, *, employer_id: UUID, limit: int) -> list[UUID]:
    """The associations of some who work at an employer, or wait for it."""
    rows = db.run(
        "SELECT association_id FROM staff_list_v1 WHERE employer_id = %s AND status = ANY('{PENDING,APPROVED}')"
        " ORDER BY association_id LIMIT %s",
        (employer_id, limit),
    )
    return [id_ for (id_,) in rows]


def count_at(db: Session, *, employer_id: UUID) -> int:
    """How many work at an employer."""
    row = db.one("SELECT count(*) FROM staff_list_v1 WHERE employer_id = %s AND status = 'APPROVED'", (employer_id,))
    return row[0] if row else 0


@dataclass(frozen=True, slots=True)
class Held:
    """An association of a person, and the rank that orders it first."""

    association_id: UUID
    employer_id: UUID
    rank: int


_HAS = "CASE WHEN (%s AND status = 'APPROVED' AND role <> 'STAFF_END_USER') OR functions ? '{}' THEN 0 ELSE 1 END"
"""IA-PROF-08: a manager has all functions that there are."""
_STATUS = "coalesce(array_position('{{{}}}'::text[], status), 9)"
HELD_ORDERS: Mapping[str, str] = MappingProxyType(
    {
        "": "0",
        "ROLE": ROLE_RANK.format("role"),
        "STATUS": _STATUS.format("PENDING,APPROVED,REJECTED,CANCELLED,DISASSOCIATED"),
        **{function: _HAS.format(function) for function in ("PECOS", "EHR", "NPPES")},
    }
)
"""What orders a person's employers first -> its rank; the lower, the earlier."""


def held(db: Session, *, account_id: UUID, statuses: Sequence[str], order: str, active: Collection[str]) -> list[Held]:
    """All associations of a person with one of these statuses, or any; `active` are the functions that there are."""
    rows = db.run(
        f"SELECT association_id, employer_id, {HELD_ORDERS[order]} FROM staff_list_v1"  # noqa: S608 - all ours
        " WHERE account_id = %s AND (%s OR status = ANY(%s)) ORDER BY association_id",
        (*([order in active] if "%s" in HELD_ORDERS[order] else []), account_id, not statuses, [*statuses]),
    )
    return [Held(*row) for row in rows]


def without_official(db: Session, employer_ids: Collection[UUID]) -> set[UUID]:
    """Those of these employers that have no Authorized Official now (D-08)."""
    rows = db.run(
        "SELECT DISTINCT employer_id FROM staff_list_v1"
        " WHERE employer_id = ANY(%s) AND status = 'APPROVED' AND role = %s",
        ([*employer_ids], AUTHORIZED_OFFICIAL),
    )
    return {*employer_ids} - {id_ for (id_,) in rows}


def has_had(db: Session, *, account_id: UUID, function: str) -> bool:
    """Whether a person has a function anywhere, granted by name."""
    row = db.one("SELECT 1 FROM staff_list_v1 WHERE account_id = %s AND functions ? %s LIMIT 1", (account_id, function))
    return row is not None
