"""What is said about a document, by its owner and External User Services (4.9, IA-CONF-03)."""

from __future__ import annotations

from uuid import UUID

from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError, NotFoundError
from chassis.vocabulary.roles import EUS
from services.access.commands.documents import sealed_for
from services.access.commands.parts import Parts
from services.access.domain.document import Document
from services.access.domain.role_request import AlreadyDecidedError, RoleRequest

TEXT_CONTEXT = "access.Document.comment"
LONGEST = 500


class CommentMissingError(DomainError):
    """Write the comment."""

    code = "FIELD_REQUIRED"
    field = "text"


class CommentTooLongError(DomainError):
    """Write at most 500 characters."""

    code = "FIELD_TOO_LONG"
    field = "text"


def add(app: Application, cause: Cause, *, parts: Parts, document_id: UUID, text: str) -> Receipt:
    """Say something about a document while its request waits; the receipt's id is the comment's."""
    text = "".join(sign for sign in text.strip() if sign.isprintable() or sign == "\n")
    if not text:
        raise CommentMissingError
    if len(text) > LONGEST:
        raise CommentTooLongError
    document = _discussed(app, cause, document_id)
    document.comment(
        comment_id=cause.command_id,
        author_id=cause.actor,
        by_desk=cause.actor != document.account_id,
        text=sealed_for(parts, document.account_id, text, TEXT_CONTEXT),
    )
    return app.commit(document, cause=cause, id=cause.command_id)


def remove(app: Application, cause: Cause, *, document_id: UUID, comment_id: UUID) -> Receipt:
    """Take the actor's own comment back while the request waits. Repeating it changes nothing."""
    document = _discussed(app, cause, document_id)
    document.uncomment(comment_id=comment_id, author_id=cause.actor)
    return app.commit(document, cause=cause, id=comment_id)


def _discussed(app: Application, cause: Cause, document_id: UUID) -> Document:
    """A document that the actor may see, of a request that waits; what is another's does not exist for them."""
    document: Document = app.repository.get(document_id, kind=Document)
    if document.is_deleted or (document.account_id != cause.actor and EUS not in cause.roles):
        raise NotFoundError
    request: RoleRequest = app.repository.get(document.role_request_id, kind=RoleRequest)
    if request.status != "PENDING":
        raise AlreadyDecidedError
    return document
