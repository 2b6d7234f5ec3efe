"""One row for each verification code that was issued: which one is the live one of its person and purpose (D-25)."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from mandate.identity.v1.events_pb2 import MfaCodeIssued

from chassis.database import Session
from chassis.views import Rows, View

CODES = View(
    name="codes_v1",
    table="code_id uuid PRIMARY KEY, about text NOT NULL, issued_at timestamptz NOT NULL",
    indexes=("about, issued_at",),
)


def about(issued: MfaCodeIssued) -> str:
    """What at most one code is live for."""
    return f"code/{issued.account_id}/{issued.purpose}"


@CODES.fold
def fold(event: object, rows: Rows) -> None:
    """Codes come in any order: each is a stream of its own."""
    if isinstance(event, MfaCodeIssued):
        rows.put(UUID(event.code_id), about=about(event), issued_at=event.issued_at.ToDatetime(UTC))


def newest(db: Session, *, about: str) -> str:
    """The id of the code that was issued last."""
    row = db.one(
        "SELECT code_id FROM codes_v1 WHERE about = %s ORDER BY issued_at DESC, code_id DESC LIMIT 1", (about,)
    )
    return str(row[0]) if row else ""
