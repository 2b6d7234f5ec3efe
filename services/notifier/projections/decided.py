"""One row for each request that was decided or taken back, by its tracking id."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.access.v1 import events_pb2 as access
from mandate.connections.v1 import events_pb2 as connections
from mandate.identity.v1 import events_pb2 as identity

from chassis.database import Session
from chassis.views import Rows, View

DECIDED = View(
    name="decided_v1",
    table="tracking_id text PRIMARY KEY, by_message text NOT NULL, reason text NOT NULL",
)

APPROVED, REJECTED = "APPROVED", "REJECTED"
OUTCOMES = {"ConnectionApproved": APPROVED, "ConnectionRejected": REJECTED}
"""Decisions of which the asking side is told (M-17); who takes a request back knows."""


@DECIDED.fold
def fold(event: object, rows: Rows) -> None:
    """Whatever ends the waiting."""
    match event:
        case access.RoleRequestRejected() | connections.ConnectionRejected():
            rows.put(event.tracking_id, by_message=event.DESCRIPTOR.name, reason=event.reason)
        case (
            access.RoleRequestApproved()
            | access.RoleRequestAutoApproved()
            | access.RoleRequestCancelled()
            | access.InvitationWithdrawn()
            | connections.ConnectionApproved()
            | connections.ConnectionCancelled()
            | identity.DeskInvitationWithdrawn()
        ):
            rows.put(event.tracking_id, by_message=event.DESCRIPTOR.name, reason="")


@dataclass(frozen=True, slots=True)
class Decided:
    """What ended the waiting: the message's name, and the decider's words where there are any."""

    by_message: str
    reason: str


def decision(db: Session, *, tracking_id: str) -> Decided | None:
    """What became of a request, or None while nothing is heard of it."""
    row = db.one("SELECT by_message, reason FROM decided_v1 WHERE tracking_id = %s", (tracking_id,))
    return Decided(*row) if row else None
