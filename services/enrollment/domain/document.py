"""A document of an application (4.9, PE-X-08); what is in it stands beside the log."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event

TYPES = ("SUPPORTING", "SIGNED_STATEMENT")


class UnknownDocumentTypeError(DomainError):
    """Choose a supporting document, or a signed certification statement."""

    field = "document_type"


class Document(Aggregate):
    """Uploaded once and never changed; readable until it is deleted, which it cannot be once it was submitted."""

    TOPIC = "enrollment.Document"

    class Uploaded(AggregateCreated):
        """The document is there; its name is sealed for its owner, its content is known by its hash."""

        TOPIC = "enrollment.Document.Uploaded"
        application_id: UUID
        account_id: UUID
        document_type: str
        file_name: str
        media_type: str
        content_bytes: int
        content_sha256: str

    class Deleted(Aggregate.Event):
        """It was taken back before any submission, and its content destroyed."""

        TOPIC = "enrollment.Document.Deleted"

    class EndDated(Aggregate.Event):
        """It does not count any more, and is still readable."""

        TOPIC = "enrollment.Document.EndDated"

    @event(Uploaded)
    def __init__(
        self,
        id: UUID,
        application_id: UUID,
        account_id: UUID,
        document_type: str,
        file_name: str,
        media_type: str,
        content_bytes: int,
        content_sha256: str,
    ) -> None:
        self.application_id, self.account_id = application_id, account_id
        self.document_type, self.file_name, self.media_type = document_type, file_name, media_type
        self.content_bytes, self.content_sha256 = content_bytes, content_sha256
        self.status = "UPLOADED"

    def remove(self, *, was_submitted: bool) -> None:
        """Take it back: end-dated where somebody may have relied on it. Twice is the same as once."""
        if self.status != "UPLOADED":
            return
        if was_submitted:
            self._end_dated()
        else:
            self._deleted()

    @event(Deleted)
    def _deleted(self) -> None:
        self.status = "DELETED"

    @event(EndDated)
    def _end_dated(self) -> None:
        self.status = "END_DATED"
