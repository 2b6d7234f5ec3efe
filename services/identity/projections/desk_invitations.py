"""One row for each invitation to the desk: which of them nobody has accepted or withdrawn."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.identity.domain.desk_invitation import DeskInvitation

DESK_INVITATIONS = View(
    name="desk_invitations_v1",
    table="invitation_id uuid PRIMARY KEY, unfinished boolean NOT NULL",
    indexes=("unfinished, invitation_id",),
)


@DESK_INVITATIONS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of DeskInvitation."""
    match event:
        case DeskInvitation.Invited():
            rows.put(event.originator_id, unfinished=True)
        case DeskInvitation.Accepted() | DeskInvitation.Withdrawn():
            rows.change(event.originator_id, unfinished=False)


def unfinished(db: Session, *, after: UUID | None, limit: int) -> list[UUID]:
    """A page of those that nobody has accepted or withdrawn, oldest first."""
    rows = db.run(
        "SELECT invitation_id FROM desk_invitations_v1 WHERE unfinished AND (%s::uuid IS NULL OR invitation_id > %s)"
        " ORDER BY invitation_id LIMIT %s",
        (after, after, limit),
    )
    return [row[0] for row in rows]
