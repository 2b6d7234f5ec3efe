"""One row for each request that somebody else decides: a role (R tracking id) or a connection (C tracking id)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from mandate.access.v1 import events_pb2 as access
from mandate.connections.v1 import events_pb2 as connections

from chassis.database import Session
from chassis.views import Rows, View
from chassis.vocabulary.functions import EHR, EhrRetiredError
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, MANAGING, STAFF_END_USER
from services.notifier.projections.decided import Decided

ROLE, CONNECTION = "ROLE", "CONNECTION"
RETIRED = Decided("ConnectionRejected", EhrRetiredError.code)
"""How a request ends whose function has ended."""
PROVIDER = "PROVIDER"

ASKED = View(
    name="asked_v1",
    table="""
        tracking_id text PRIMARY KEY, kind text NOT NULL, asked_by uuid NOT NULL, asking_id uuid NOT NULL,
        deciding_id uuid NOT NULL, roles jsonb NOT NULL, data jsonb NOT NULL
    """,
    indexes=("deciding_id",),
)

DECIDING_ROLES = {
    AUTHORIZED_OFFICIAL: (),  # External User Services alone (D-10)
    ACCESS_MANAGER: (AUTHORIZED_OFFICIAL,),
    STAFF_END_USER: (AUTHORIZED_OFFICIAL, ACCESS_MANAGER),
}
"""Role asked for -> roles at the employer that decide (M-10)."""


@ASKED.fold
def fold(event: object, rows: Rows) -> None:
    """Requests alone; what became of them is another view's, so that either may be heard first."""
    match event:
        case access.RoleRequested():
            rows.put(
                event.tracking_id,
                kind=ROLE,
                asked_by=UUID(event.account_id),
                asking_id=UUID(event.account_id),
                deciding_id=UUID(event.employer_id),
                roles=list(DECIDING_ROLES.get(event.role, ())),
                data={
                    "requester_id": event.account_id,
                    "employer_id": event.employer_id,
                    "role": event.role,
                    "tracking_id": event.tracking_id,
                },
            )
        case connections.ConnectionRequested():
            sides = (UUID(event.provider_id), UUID(event.surrogate_id))
            asking, deciding = sides if event.initiator == PROVIDER else sides[::-1]
            rows.put(
                event.tracking_id,
                kind=CONNECTION,
                asked_by=UUID(event.requested_by),
                asking_id=asking,
                deciding_id=deciding,
                roles=sorted(MANAGING),
                data={
                    "provider_id": event.provider_id,
                    "surrogate_id": event.surrogate_id,
                    "initiator": event.initiator,
                    "functions": [{"function": event.function, "tracking_id": event.tracking_id}],
                },
            )


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: `deciding_id` is the employer whose people in `roles` decide; `asking_id` an employer or account."""

    tracking_id: str
    kind: str
    asked_by: UUID
    asking_id: UUID
    deciding_id: UUID
    roles: list[str]
    data: dict[str, Any]


def request(db: Session, *, tracking_id: str) -> Asked | None:
    """One request, or None where it has not been heard yet."""
    row = db.one("SELECT * FROM asked_v1 WHERE tracking_id = %s", (tracking_id,))
    return Asked(*row) if row else None


def is_retired(asked: Asked, decided: Decided) -> bool:
    """Whether nobody decided about a request: its function has ended (IA-EHR-02)."""
    functions = {one["function"] for one in asked.data.get("functions", ())}
    return functions == {EHR} and decided == RETIRED


def closed_with_ehr(db: Session, *, account_id: UUID) -> list[str]:
    """The tracking ids of EHR requests that a person asked for, or manages a side of, and that ended or end with it."""
    rows = db.run(
        "SELECT DISTINCT a.tracking_id FROM asked_v1 a WHERE a.kind = %s AND a.data #>> '{functions,0,function}' = %s"
        " AND (a.asked_by = %s OR EXISTS (SELECT 1 FROM managers_v1 m WHERE m.account_id = %s AND m.role = ANY(%s)"
        " AND m.status = 'APPROVED' AND m.employer_id IN (a.asking_id, a.deciding_id)))"
        " AND NOT EXISTS (SELECT 1 FROM decided_v1 d WHERE d.tracking_id = a.tracking_id"
        " AND (d.by_message, d.reason) <> (%s, %s)) ORDER BY a.tracking_id",
        (CONNECTION, EHR, account_id, account_id, sorted(MANAGING), RETIRED.by_message, RETIRED.reason),
    )
    return [row[0] for row in rows]


def waiting(db: Session, *, kind: str, tracking_id: str = "", deciding_id: UUID | None = None) -> list[Asked]:
    """Requests of a kind that nobody has decided or taken back: one, or all of a deciding employer."""
    rows = db.run(
        "SELECT a.* FROM asked_v1 a WHERE a.kind = %s AND (a.tracking_id = %s OR a.deciding_id = %s)"
        " AND NOT EXISTS (SELECT 1 FROM decided_v1 d WHERE d.tracking_id = a.tracking_id) ORDER BY a.tracking_id",
        (kind, tracking_id, deciding_id),
    )
    return [Asked(*row) for row in rows]
