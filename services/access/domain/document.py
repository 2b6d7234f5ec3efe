"""A document that speaks for a role request (4.9); what is in it stands beside the log."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event
from services.access.domain.role_request import SATISFIES


class UnknownDocumentTypeError(DomainError):
    """Choose CP 575, an approved alternate, or the Access Manager Certification."""

    field = "document_type"


def require_known(document_type: str) -> None:
    """Let the types of IA-CONF-07 pass. Raises `UnknownDocumentTypeError`."""
    if document_type not in SATISFIES:
        raise UnknownDocumentTypeError


class Document(Aggregate):
    """Uploaded once; what was uploaded is never changed, and is readable until it is deleted."""

    TOPIC = "access.Document"

    class Uploaded(AggregateCreated):
        """The document is there; its name is sealed for its owner, its content is known by its hash."""

        TOPIC = "access.Document.Uploaded"
        role_request_id: UUID
        account_id: UUID
        document_type: str
        file_name: str
        media_type: str
        content_bytes: int
        content_sha256: str

    class Deleted(Aggregate.Event):
        """The owner has taken it back before the decision."""

        TOPIC = "access.Document.Deleted"

    @event(Uploaded)
    def __init__(
        self,
        id: UUID,
        role_request_id: UUID,
        account_id: UUID,
        document_type: str,
        file_name: str,
        media_type: str,
        content_bytes: int,
        content_sha256: str,
    ) -> None:
        self.role_request_id = role_request_id
        self.account_id = account_id
        self.document_type = document_type
        self.file_name = file_name
        self.media_type = media_type
        self.content_bytes = content_bytes
        self.content_sha256 = content_sha256
        self.is_deleted = False

    def delete(self) -> None:
        """Take it back. Twice is the same as once."""
        if not self.is_deleted:
            self._deleted()

    @event(Deleted)
    def _deleted(self) -> None:
        self.is_deleted = True
