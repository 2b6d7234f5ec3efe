"""One row for each person at an employer, as access says: who decides there and is to be told (AssociationState)."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from mandate.access.v1.state_pb2 import AssociationState

from chassis.database import Session
from chassis.views import Rows, View

MANAGERS = View(
    name="managers_v1",
    table="""
        association_id uuid PRIMARY KEY, account_id uuid NOT NULL, employer_id uuid NOT NULL, role text NOT NULL,
        status text NOT NULL
    """,
    indexes=("employer_id, role, status",),
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


def people(db: Session, *, employer_id: UUID, roles: Collection[str]) -> list[UUID]:
    """The accounts that hold one of the roles at the employer now, each once, in a fixed order."""
    rows = db.run(
        "SELECT DISTINCT account_id FROM managers_v1 WHERE employer_id = %s AND role = ANY(%s)"
        " AND status = 'APPROVED' ORDER BY account_id",
        (employer_id, sorted(roles)),
    )
    return [account_id for (account_id,) in rows]
