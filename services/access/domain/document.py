"""A document that speaks for a role request (4.9), with what is said about it; what is in it stands beside the log."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event
from services.access.domain.role_request import SATISFIES


class UnknownDocumentTypeError(DomainError):
    """Choose CP 575, an approved alternate, or the Access Manager Certification."""

    field = "document_type"


class TooManyCommentsError(DomainError):
    """There are 50 comments on this document already. Delete one of yours before you add another."""


class NotYourCommentError(DomainError):
    """Only who wrote a comment deletes it."""


MOST_COMMENTS = 50


def require_known(document_type: str) -> None:
    """Let the types of IA-CONF-07 pass. Raises `UnknownDocumentTypeError`."""
    if document_type not in SATISFIES:
        raise UnknownDocumentTypeError


class Document(Aggregate):
    """Uploaded once; what was uploaded is never changed, is decided about once, and is readable until it is deleted."""

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

    class CommentAdded(Aggregate.Event):
        """Somebody has said something about the document; the words are sealed for its owner."""

        TOPIC = "access.Document.CommentAdded"
        comment_id: UUID
        author_id: UUID
        by_desk: bool
        text: str

    class CommentRemoved(Aggregate.Event):
        """Who said it does not say it any more."""

        TOPIC = "access.Document.CommentRemoved"
        comment_id: UUID

    class Accepted(Aggregate.Event):
        """External User Services have approved the request by it."""

        TOPIC = "access.Document.Accepted"
        accepted_by: UUID

    class Refused(Aggregate.Event):
        """External User Services want another in its place; why is sealed for its owner."""

        TOPIC = "access.Document.Refused"
        refused_by: UUID
        reason: str

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
        self.status = "UPLOADED"
        self.comments: dict[UUID, UUID] = {}

    def delete(self) -> None:
        """Take it back. Twice is the same as once."""
        if not self.is_deleted:
            self._deleted()

    def comment(self, *, comment_id: UUID, author_id: UUID, by_desk: bool, text: str) -> None:
        """Say something about it; `text` is sealed. The same comment twice is the same as once."""
        if comment_id in self.comments:
            return
        if len(self.comments) >= MOST_COMMENTS:
            raise TooManyCommentsError
        self._comment_added(comment_id=comment_id, author_id=author_id, by_desk=by_desk, text=text)

    def uncomment(self, *, comment_id: UUID, author_id: UUID) -> None:
        """Take one's own comment back. Twice is the same as once."""
        if comment_id in self.comments:
            if self.comments[comment_id] != author_id:
                raise NotYourCommentError
            self._comment_removed(comment_id=comment_id)

    def accept(self, *, accepted_by: UUID) -> None:
        """Let the request be approved by it. Twice is the same as once."""
        if self.status == "UPLOADED":
            self._accepted(accepted_by=accepted_by)

    def refuse(self, *, refused_by: UUID, reason: str) -> None:
        """Want another in its place; `reason` is sealed. Twice is the same as once."""
        if self.status == "UPLOADED":
            self._refused(refused_by=refused_by, reason=reason)

    @event(Deleted)
    def _deleted(self) -> None:
        self.is_deleted = True

    @event(CommentAdded)
    def _comment_added(self, comment_id: UUID, author_id: UUID, by_desk: bool, text: str) -> None:  # noqa: FBT001 - an event's field
        self.comments = {**self.comments, comment_id: author_id}

    @event(CommentRemoved)
    def _comment_removed(self, comment_id: UUID) -> None:
        self.comments = {id_: author for id_, author in self.comments.items() if id_ != comment_id}

    @event(Accepted)
    def _accepted(self, accepted_by: UUID) -> None:
        self.status = "ACCEPTED"

    @event(Refused)
    def _refused(self, refused_by: UUID, reason: str) -> None:
        self.status = "REFUSED"
