"""One row for each person at an employer, as access says: who may ask and decide for it (heard AssociationState)."""

from __future__ import annotations

from uuid import UUID

from mandate.access.v1.state_pb2 import AssociationState

from chassis.database import Session
from chassis.parking import unknown_keys
from chassis.views import Rows, View
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL

MANAGERS = View(
    name="managers_v1",
    table="""
        association_id uuid PRIMARY KEY, account_id uuid NOT NULL, employer_id uuid NOT NULL, role text NOT NULL,
        status text NOT NULL
    """,
    indexes=("account_id, employer_id", "employer_id, role, status"),
)


@MANAGERS.fold
def fold(event: object, rows: Rows) -> None:
    """The newest AssociationState of each key."""
    if isinstance(event, AssociationState):
        rows.put(
            UUID(event.association_id),
            account_id=UUID(event.account_id),
            employer_id=UUID(event.employer_id),
            role=event.role,
            status=event.status,
        )


def manages(db: Session, *, account_id: UUID, employer_id: UUID) -> bool:
    """Whether the person is an approved AO or AM there (X-18); not known is no."""
    return employer_id in managed_by(db, account_id=account_id)


def managed_by(db: Session, *, account_id: UUID) -> list[UUID]:
    """The employers for which a person may ask, decide, and see what waits; not known is none."""
    rows = db.run(
        "SELECT association_id, employer_id FROM managers_v1 WHERE account_id = %s AND status = 'APPROVED'"
        " AND role = ANY(%s) ORDER BY employer_id",
        (account_id, [AUTHORIZED_OFFICIAL, ACCESS_MANAGER]),
    )
    unknown = unknown_keys(db, ["AssociationState"]) if rows else set()
    return [employer_id for association_id, employer_id in rows if str(association_id) not in unknown]
