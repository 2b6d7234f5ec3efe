"""One row for each invitation: what is open, on My Staff (4.4)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.invitation import Invitation

INVITATIONS = View(
    name="invitations_v1",
    table="""
        invitation_id uuid PRIMARY KEY, invited_by uuid NOT NULL, invitee text NOT NULL, offers jsonb NOT NULL,
        tracking_id text NOT NULL, status text NOT NULL, invited_at timestamptz NOT NULL, expires_at timestamptz
    """,
    indexes=("status, invitation_id",),
)


@INVITATIONS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Invitation."""
    match event:
        case Invitation.StaffInvited():
            rows.put(
                event.originator_id,
                invited_by=event.invited_by,
                invitee=event.invitee,
                offers=event.offers,
                tracking_id=event.tracking_id,
                status="INVITED",
                invited_at=event.timestamp,
            )
        case Invitation.PinIssued(originator_id=id_, expires_at=at):
            rows.change(id_, status="ISSUED", expires_at=at)
        case Invitation.PinRedeemed(originator_id=id_):
            rows.change(id_, status="REDEEMED")
        case Invitation.PinBlocked(originator_id=id_):
            rows.change(id_, status="BLOCKED")
        case Invitation.PinExpired(originator_id=id_):
            rows.change(id_, status="EXPIRED")
        case Invitation.Withdrawn(originator_id=id_):
            rows.change(id_, status="WITHDRAWN")
        case Invitation.Replaced(originator_id=id_):
            rows.change(id_, status="REPLACED")
        case Invitation.Accepted(originator_id=id_, offers=offers):
            rows.change(id_, status="ACCEPTED", offers=offers)


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation; `invitee` is sealed."""

    invitation_id: UUID
    invited_by: UUID
    invitee: str
    offers: list[dict[str, Any]]
    tracking_id: str
    status: str
    invited_at: datetime
    expires_at: datetime | None


def unfinished(
    db: Session, *, roles: Mapping[UUID, Sequence[str]], after: UUID | None, limit: int
) -> list[InvitationRow]:
    """A page of invitations to these roles at these employers that nobody has accepted or withdrawn, oldest first."""
    offers = [json.dumps([{"employer_id": str(id_), "role": role}]) for id_, names in roles.items() for role in names]
    rows = db.run(
        "SELECT * FROM invitations_v1 WHERE status = ANY('{ISSUED,REDEEMED,EXPIRED,BLOCKED}')"
        " AND offers @> ANY(%s::jsonb[])"
        " AND (%s::uuid IS NULL OR invitation_id > %s) ORDER BY invitation_id LIMIT %s",
        (offers, after, after, limit),
    )
    return [InvitationRow(*row) for row in rows]


def count_at(db: Session, *, employer_id: UUID) -> int:
    """How many may still be accepted that offer something at an employer."""
    row = db.one(
        "SELECT count(*) FROM invitations_v1 WHERE status = ANY('{INVITED,ISSUED,REDEEMED}') AND offers @> %s",
        (_at(employer_id),),
    )
    return row[0] if row else 0


def pointless(db: Session, *, employer_id: UUID, limit: int) -> list[UUID]:
    """Some invitations to a closed employer that are open, and offer nothing at an open one (D-41)."""
    rows = db.run(
        "SELECT invitation_id FROM invitations_v1 WHERE status = ANY('{INVITED,ISSUED,REDEEMED}') AND offers @> %s"
        " AND NOT EXISTS (SELECT 1 FROM jsonb_array_elements(offers) AS offer WHERE (offer ->> 'employer_id')::uuid"
        " NOT IN (SELECT employer_id FROM closed_employers_v1)) ORDER BY invitation_id LIMIT %s",
        (_at(employer_id), limit),
    )
    return [id_ for (id_,) in rows]


def _at(employer_id: UUID) -> str:
    """What the offers of an invitation to an employer contain."""
    return json.dumps([{"employer_id": str(employer_id)}])
