"""Who is behind an account, whom approved enrollments list, and who waits for a role in which they do (X-11)."""

from __future__ import annotations

from uuid import UUID

from mandate.enrollment.v1.state_pb2 import EnrollmentState
from mandate.identity.v1.state_pb2 import AccountState

from chassis.database import Session
from chassis.parking import unknown_keys
from chassis.views import Rows, View
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL
from services.access.domain.role_request import RoleRequest

APPROVED = "APPROVED"
ROLE_OF = {"AUTHORIZED_OFFICIAL": AUTHORIZED_OFFICIAL, "DELEGATED_OFFICIAL": ACCESS_MANAGER}
"""Capacity on a record -> the role that it gives here: a Delegated Official is an Access Manager."""

PERSONS = View(
    name="persons_v1",
    table="account_id uuid PRIMARY KEY, person_id uuid, active boolean NOT NULL",
    indexes=("person_id",),
)
LISTED = View(
    name="listed_officials_v1",
    table="enrollment_id uuid PRIMARY KEY, employer_id uuid NOT NULL, status text NOT NULL, officials jsonb NOT NULL",
    indexes=("employer_id",),
)
WAITING = View(
    name="waiting_officials_v1",
    table="role_request_id uuid PRIMARY KEY, account_id uuid NOT NULL, employer_id uuid NOT NULL, role text NOT NULL",
    indexes=("account_id", "employer_id"),
)


@PERSONS.fold
def fold_persons(event: object, rows: Rows) -> None:
    """The newest AccountState of each key."""
    if isinstance(event, AccountState):
        person_id = UUID(event.person_id) if event.person_id else None
        rows.put(UUID(event.account_id), person_id=person_id, active=event.active)


@LISTED.fold
def fold_listed(event: object, rows: Rows) -> None:
    """The newest EnrollmentState of each key."""
    if isinstance(event, EnrollmentState):
        rows.put(
            UUID(event.enrollment_id),
            employer_id=UUID(event.provider_id),
            status=event.status,
            officials=[{"person_id": one.person_id, "role": ROLE_OF.get(one.capacity, "")} for one in event.officials],
        )


@WAITING.fold
def fold_waiting(event: object, rows: Rows) -> None:
    """Requests for a role that a record can give, as long as they wait."""
    match event:
        case RoleRequest.Requested(originator_id=id_, role=role) if role in ROLE_OF.values():
            rows.put(id_, account_id=event.account_id, employer_id=event.employer_id, role=role)
        case (
            RoleRequest.Approved(originator_id=id_)
            | RoleRequest.AutoApproved(originator_id=id_)
            | RoleRequest.Rejected(originator_id=id_)
            | RoleRequest.Cancelled(originator_id=id_)
            | RoleRequest.Closed(originator_id=id_)
        ):
            rows.drop(id_)


def to_grant(
    db: Session, *, account_id: UUID | None = None, employer_id: UUID | None = None
) -> list[tuple[UUID, UUID]]:
    """Requests that wait for a role in which an approved record of the employer lists the person, with that record.

    Of one account, or at one employer.
    """
    rows = db.run(
        "SELECT DISTINCT ON (w.role_request_id) w.role_request_id, l.enrollment_id, w.account_id"
        " FROM waiting_officials_v1 AS w"
        " JOIN persons_v1 AS p ON p.account_id = w.account_id AND p.active"
        " JOIN listed_officials_v1 AS l ON l.employer_id = w.employer_id AND l.status = 'APPROVED'"
        " AND l.officials @> jsonb_build_array(jsonb_build_object('person_id', p.person_id::text, 'role', w.role))"
        " WHERE (%s::uuid IS NULL OR w.account_id = %s) AND (%s::uuid IS NULL OR w.employer_id = %s)"
        " ORDER BY w.role_request_id, l.enrollment_id",
        (account_id, account_id, employer_id, employer_id),
    )
    unknown = unknown_keys(db, ["AccountState", "EnrollmentState"]) if rows else set()
    return [
        (role_request_id, enrollment_id)
        for role_request_id, enrollment_id, account in rows
        if not {str(enrollment_id), str(account)} & unknown
    ]
