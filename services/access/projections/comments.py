"""One row for each comment on a document: Document Management (IA-CONF-03)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.access.domain.document import Document

COMMENTS = View(
    name="comments_v1",
    table="""
        comment_id uuid PRIMARY KEY, document_id uuid NOT NULL, author_id uuid NOT NULL, by_desk boolean NOT NULL,
        text text NOT NULL, added_at timestamptz NOT NULL
    """,
    indexes=("document_id, comment_id",),
)


@COMMENTS.fold
def fold(event: object, rows: Rows) -> None:
    """Comments of Document; those on one that was deleted stay, and nobody finds them."""
    match event:
        case Document.CommentAdded():
            rows.put(
                event.comment_id,
                document_id=event.originator_id,
                author_id=event.author_id,
                by_desk=event.by_desk,
                text=event.text,
                added_at=event.timestamp,
            )
        case Document.CommentRemoved(comment_id=id_):
            rows.drop(id_)


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A comment; its words are sealed for the owner of the document."""

    comment_id: UUID
    document_id: UUID
    author_id: UUID
    by_desk: bool
    text: str
    added_at: datetime


def of_documents(db: Session, *, document_ids: Sequence[UUID]) -> list[CommentRow]:
    """All comments on some documents, oldest first; there are at most 50 on each."""
    rows = db.run("SELECT * FROM comments_v1 WHERE document_id = ANY (%s) ORDER BY comment_id", (list(document_ids),))
    return [CommentRow(*row) for row in rows]
