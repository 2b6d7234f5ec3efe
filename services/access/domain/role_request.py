"""A person's request for a role at an employer (4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated, DomainError, event
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL


class OwnRequestError(DomainError):
    """Nobody decides their own request."""


class NotYoursToCancelError(DomainError):
    """Only the person who made a request can take it back."""


class AlreadyDecidedError(DomainError):
    """This request has been decided the other way, or was taken back."""


class NoDocumentsNeededError(DomainError):
    """A Staff End User needs no documents: an official or manager of the employer decides (D-42)."""


class TooManyDocumentsError(DomainError):
    """There are 20 documents already. Take one back before you add another."""


class DocumentsMissingError(DomainError):
    """External User Services approve when all required documents are there (4.2, IA-CONF-04)."""


PROOF, CERTIFICATION_FORM = "PROOF", "CERTIFICATION"
"""What must be there: proof of the organization, and the signed Access Manager Certification."""

SATISFIES = {"CP_575": PROOF, "ALTERNATE": PROOF, "CERTIFICATION": CERTIFICATION_FORM}
"""Document type -> what it is good for (IA-CONF-02, IA-CONF-07)."""

REQUIRED = {
    AUTHORIZED_OFFICIAL: frozenset({PROOF}),
    ACCESS_MANAGER: frozenset({PROOF, CERTIFICATION_FORM}),
}
"""Requested role -> what must be there before External User Services approve (D-42); nothing for others."""

MOST_DOCUMENTS = 20


def required(role: str) -> int:
    """The m of "n of the total required m documents" (IA-CONF-04)."""
    return len(REQUIRED.get(role, ()))


def uploaded(role: str, document_types: Iterable[str]) -> int:
    """The n: distinct things that are required and there, not files (D-42)."""
    return len({SATISFIES[one] for one in document_types} & REQUIRED.get(role, frozenset()))


class RoleRequest(Aggregate):
    """One attempt of one person at one employer; Association keeps a second from being open."""

    TOPIC = "access.RoleRequest"

    class Requested(AggregateCreated):
        """The person waits for a decision from now on."""

        TOPIC = "access.RoleRequest.Requested"
        account_id: UUID
        employer_id: UUID
        role: str
        tracking_id: str
        current_role: str
        attestation: str

    class OfficialNamed(Aggregate.Event):
        """Somebody is known as Authorized Official of the employer by the requester's word: sealed (IA-EMP-09)."""

        TOPIC = "access.RoleRequest.OfficialNamed"
        official: str

    class Approved(Aggregate.Event):
        """The role is the person's from now on, by somebody's decision."""

        TOPIC = "access.RoleRequest.Approved"
        approved_by: UUID

    class ApprovedByOne(Aggregate.Event):
        """One person of External User Services approves it by these documents; another must, too (S-14)."""

        TOPIC = "access.RoleRequest.ApprovedByOne"
        approved_by: UUID

    class AutoApproved(Aggregate.Event):
        """The role is held from now on: an approved enrollment lists the person in it (X-11)."""

        TOPIC = "access.RoleRequest.AutoApproved"
        enrollment_id: UUID

    class Rejected(Aggregate.Event):
        """The person will not have the role by this request."""

        TOPIC = "access.RoleRequest.Rejected"
        rejected_by: UUID
        reason: str

    class Cancelled(Aggregate.Event):
        """The person no longer asks."""

        TOPIC = "access.RoleRequest.Cancelled"

    class Closed(Aggregate.Event):
        """Nobody asks any more: `reason` is ACCOUNT_CLOSED or EMPLOYER_CLOSED (D-41)."""

        TOPIC = "access.RoleRequest.Closed"
        reason: str

    class DocumentAttached(Aggregate.Event):
        """A document speaks for the request from now on."""

        TOPIC = "access.RoleRequest.DocumentAttached"
        document_id: UUID
        document_type: str
        documents_uploaded: int

    class DocumentDetached(Aggregate.Event):
        """The document does not speak for the request any more."""

        TOPIC = "access.RoleRequest.DocumentDetached"
        document_id: UUID
        documents_uploaded: int

    class DocumentsCompleted(Aggregate.Event):
        """Everything that is required is there: the request is in the queue of External User Services."""

        TOPIC = "access.RoleRequest.DocumentsCompleted"

    @event(Requested)
    def __init__(
        self,
        id: UUID,
        account_id: UUID,
        employer_id: UUID,
        role: str,
        tracking_id: str,
        current_role: str = "",
        attestation: str = "",
    ) -> None:
        self.account_id = account_id
        self.employer_id = employer_id
        self.role = role
        self.tracking_id = tracking_id
        self.current_role = current_role
        self.attestation = attestation
        self.status = "PENDING"
        self.decided_by: UUID | None = None
        self.documents: dict[UUID, str] = {}
        self.official = ""
        self.approved_by_one: UUID | None = None

    @property
    def lacks_documents(self) -> bool:
        """Whether something that is required is not there."""
        return uploaded(self.role, self.documents.values()) < required(self.role)

    def name_official(self, *, official: str) -> None:
        """Say who may know the requester at the employer; said once, with the request."""
        if not self.official:
            self._official_named(official=official)

    def approve(self, *, approved_by: UUID, by_documents: bool = False, by_two: bool = False) -> None:
        """Grant the role; `by_documents` where only they speak for it, `by_two` where a second person must agree.

        Twice by one person is the same as once.
        """
        if approved_by == self.account_id:
            raise OwnRequestError
        if self._is_open(or_is="APPROVED"):
            if by_documents and self.lacks_documents:
                raise DocumentsMissingError
            if not by_two or self.approved_by_one not in {None, approved_by}:
                self._approved(approved_by=approved_by)
            elif self.approved_by_one is None:
                self._approved_by_one(approved_by=approved_by)

    def auto_approve(self, *, enrollment_id: UUID) -> None:
        """Grant the role that an enrollment already gives; what was decided stays decided (X-11)."""
        if self.status == "PENDING":
            self._auto_approved(enrollment_id=enrollment_id)

    def attach(self, *, document_id: UUID, document_type: str) -> None:
        """Let a document speak for the request. Twice is the same as once."""
        if self.status != "PENDING":
            raise AlreadyDecidedError
        if not required(self.role):
            raise NoDocumentsNeededError
        if document_id in self.documents:
            return
        if len(self.documents) >= MOST_DOCUMENTS:
            raise TooManyDocumentsError
        lacked = self.lacks_documents
        there = uploaded(self.role, [*self.documents.values(), document_type])
        self._document_attached(document_id=document_id, document_type=document_type, documents_uploaded=there)
        if lacked and not self.lacks_documents:
            self._documents_completed()

    def detach(self, *, document_id: UUID) -> None:
        """Take a document back while the request waits. Twice is the same as once."""
        if self.status != "PENDING":
            raise AlreadyDecidedError
        if document_id in self.documents:
            left = [kind for id_, kind in self.documents.items() if id_ != document_id]
            self._document_detached(document_id=document_id, documents_uploaded=uploaded(self.role, left))

    def reject(self, *, rejected_by: UUID, reason: str) -> None:
        """Refuse the role. Twice is the same as once."""
        if rejected_by == self.account_id:
            raise OwnRequestError
        if self._is_open(or_is="REJECTED"):
            self._rejected(rejected_by=rejected_by, reason=reason)

    def cancel(self, *, cancelled_by: UUID) -> None:
        """Take the request back. Twice is the same as once."""
        if cancelled_by != self.account_id:
            raise NotYoursToCancelError
        if self._is_open(or_is="CANCELLED"):
            self._cancelled()

    def void(self) -> None:
        """Close a request that has lost its object: the person has left, or has the role already. Twice is once."""
        if self.status == "PENDING":
            self._cancelled()

    def close(self, *, reason: str) -> None:
        """Cancel what waits in nobody's name, because of what it was for (D-41). Twice is the same as once."""
        if self.status == "PENDING":
            self._closed(reason=reason)

    def _is_open(self, *, or_is: str) -> bool:
        """Whether there is something to decide. Raises where it was decided otherwise."""
        if self.status not in ("PENDING", or_is):
            raise AlreadyDecidedError
        return self.status == "PENDING"

    @event(OfficialNamed)
    def _official_named(self, official: str) -> None:
        self.official = official

    @event(DocumentAttached)
    def _document_attached(self, document_id: UUID, document_type: str, documents_uploaded: int) -> None:
        self.documents = {**self.documents, document_id: document_type}
        self.approved_by_one = None  # that was by other documents

    @event(DocumentDetached)
    def _document_detached(self, document_id: UUID, documents_uploaded: int) -> None:
        self.documents = {id_: kind for id_, kind in self.documents.items() if id_ != document_id}
        self.approved_by_one = None

    @event(DocumentsCompleted)
    def _documents_completed(self) -> None:
        pass

    @event(Approved)
    def _approved(self, approved_by: UUID) -> None:
        self.status = "APPROVED"
        self.decided_by = approved_by

    @event(ApprovedByOne)
    def _approved_by_one(self, approved_by: UUID) -> None:
        self.approved_by_one = approved_by

    @event(AutoApproved)
    def _auto_approved(self, enrollment_id: UUID) -> None:
        self.status = "APPROVED"

    @event(Rejected)
    def _rejected(self, rejected_by: UUID, reason: str) -> None:
        self.status = "REJECTED"
        self.decided_by = rejected_by

    @event(Cancelled)
    def _cancelled(self) -> None:
        self.status = "CANCELLED"

    @event(Closed)
    def _closed(self, reason: str) -> None:
        self.status = "CANCELLED"
