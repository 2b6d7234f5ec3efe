"""Who is and who was Authorized Official of an employer: whether anybody is left when one goes (D-08)."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.access.domain.association import Association

OFFICIALS = View(
    name="officials_v1",
    table="""
        association_id uuid PRIMARY KEY, employer_id uuid NOT NULL, is_official boolean NOT NULL,
        was_official boolean NOT NULL, since timestamptz NOT NULL
    """,
    indexes=("employer_id",),
)


@OFFICIALS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Association that give or take a role; `since` is that of the last."""
    match event:
        case Association.Requested() | Association.Invited() | Association.Added():
            rows.put(
                event.originator_id,
                employer_id=event.employer_id,
                is_official=False,
                was_official=False,
                since=event.timestamp,
            )
        case Association.Approved(originator_id=id_, role=role, timestamp=at):
            was = {"was_official": True} if role == AUTHORIZED_OFFICIAL else {}
            rows.change(id_, is_official=role == AUTHORIZED_OFFICIAL, since=at, **was)
        case Association.Ended(originator_id=id_, timestamp=at):
            rows.change(id_, is_official=False, since=at)


def is_last(db: Session, *, association_id: UUID) -> bool:
    """Whether this is an Authorized Official beside whom the employer has no other."""
    row = db.one(
        "SELECT 1 FROM officials_v1 AS o WHERE o.association_id = %s AND o.is_official AND NOT EXISTS (SELECT 1"
        " FROM officials_v1 AS x WHERE x.employer_id = o.employer_id AND x.is_official AND x.association_id <> %s)",
        (association_id, association_id),
    )
    return row is not None


def last_of(db: Session, *, employer_id: UUID) -> UUID | None:
    """The association of who was Authorized Official last; None where somebody is, or nobody ever was."""
    row = db.one(
        "SELECT association_id FROM officials_v1 WHERE employer_id = %s AND was_official AND NOT EXISTS"
        " (SELECT 1 FROM officials_v1 WHERE employer_id = %s AND is_official)"
        " ORDER BY since DESC, association_id LIMIT 1",
        (employer_id, employer_id),
    )
    return row[0] if row else None
