"""One row for each document that is there: Document Management (IA-CONF-03)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.document import Document

DOCUMENTS = View(
    name="documents_v2",
    table="""
        document_id uuid PRIMARY KEY, role_request_id uuid NOT NULL, account_id uuid NOT NULL,
        document_type text NOT NULL, file_name text NOT NULL, media_type text NOT NULL, content_bytes bigint NOT NULL,
        uploaded_at timestamptz NOT NULL, status text NOT NULL, reason text NOT NULL
    """,
    indexes=("role_request_id, document_id",),
)


@DOCUMENTS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Document."""
    match event:
        case Document.Uploaded():
            rows.put(
                event.originator_id,
                role_request_id=event.role_request_id,
                account_id=event.account_id,
                document_type=event.document_type,
                file_name=event.file_name,
                media_type=event.media_type,
                content_bytes=event.content_bytes,
                uploaded_at=event.timestamp,
                status="UPLOADED",
                reason="",
            )
        case Document.Accepted(originator_id=id_):
            rows.change(id_, status="ACCEPTED")
        case Document.Refused(originator_id=id_, reason=reason):
            rows.change(id_, status="REFUSED", reason=reason)
        case Document.Deleted(originator_id=id_):
            rows.drop(id_)


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document; its name, and why it was refused, are sealed for its owner."""

    document_id: UUID
    role_request_id: UUID
    account_id: UUID
    document_type: str
    file_name: str
    media_type: str
    content_bytes: int
    uploaded_at: datetime
    status: str
    reason: str


def of_request(db: Session, *, role_request_id: UUID) -> list[DocumentRow]:
    """All documents of a request, oldest first; there are at most 20."""
    rows = db.run("SELECT * FROM documents_v2 WHERE role_request_id = %s ORDER BY document_id", (role_request_id,))
    return [DocumentRow(*row) for row in rows]
