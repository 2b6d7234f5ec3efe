"""One row for each employer that is closed (D-41)."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.employer import Employer

CLOSED_EMPLOYERS = View(
    name="closed_employers_v1", table="employer_id uuid PRIMARY KEY, closed_at timestamptz NOT NULL"
)


@CLOSED_EMPLOYERS.fold
def fold(event: object, rows: Rows) -> None:
    """Closed is for good."""
    if isinstance(event, Employer.Closed):
        rows.put(event.employer_id, closed_at=event.timestamp)


def is_closed(db: Session, employer_id: UUID) -> bool:
    """Whether nobody works for the employer any more."""
    return db.one("SELECT 1 FROM closed_employers_v1 WHERE employer_id = %s", (employer_id,)) is not None


def are_closed(db: Session, employer_ids: list[UUID]) -> bool:
    """Whether all of these employers are closed."""
    row = db.one("SELECT count(*) FROM closed_employers_v1 WHERE employer_id = ANY(%s)", (employer_ids,))
    return row is not None and row[0] == len({*employer_ids})
