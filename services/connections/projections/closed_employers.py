"""One row for each employer that is closed, as access says (D-41)."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.connections.domain.closing import Closing

CLOSED_EMPLOYERS = View(
    name="closed_employers_v1", table="employer_id uuid PRIMARY KEY, closed_at timestamptz NOT NULL"
)


@CLOSED_EMPLOYERS.fold
def fold(event: object, rows: Rows) -> None:
    """Closed is for good."""
    if isinstance(event, Closing.Begun):
        rows.put(event.employer_id, closed_at=event.timestamp)


def closed_of(db: Session, employer_ids: list[UUID]) -> set[UUID]:
    """Those of these employers that are closed, as far as access has told."""
    rows = db.run("SELECT employer_id FROM closed_employers_v1 WHERE employer_id = ANY(%s)", (employer_ids,))
    return {id_ for (id_,) in rows}
