"""One row for each account that works at the desk of External User Services."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from chassis.vocabulary.roles import EUS
from services.identity.domain.account import Account

DESK_PEOPLE = View(name="desk_people_v1", table="account_id uuid PRIMARY KEY, is_there boolean NOT NULL")


@DESK_PEOPLE.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Account: who was given the role, who lost it, and whose account is no more."""
    match event:
        case Account.RolesGiven(originator_id=id_, roles=roles):
            rows.put(id_, is_there=EUS in roles)
        case Account.Closed(originator_id=id_):
            rows.change(id_, is_there=False)


def page(db: Session, *, after: UUID | None, limit: int) -> list[UUID]:
    """A page of the accounts at the desk, by keyset."""
    rows = db.run(
        "SELECT account_id FROM desk_people_v1 WHERE is_there AND (%s::uuid IS NULL OR account_id > %s)"
        " ORDER BY account_id LIMIT %s",
        (after, after, limit),
    )
    return [row[0] for row in rows]
