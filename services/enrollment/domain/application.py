"""An enrollment application: from its draft to the contractor's decision (4.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, event
from services.enrollment.domain import application_events as events
from services.enrollment.domain import signatures as signing
from services.enrollment.domain.application_refusals import (
    StateForbidsError,
    TooManyDocumentsError,
)
from services.enrollment.domain.application_review import (
    CORRECTIONS,
    DRAFT,
    EDITABLE,
    IN_PROCESS,
    OPEN,
    PENDING,
    RESUBMITTED,
    SIGNATURES_MISSING,
    SUBMITTED,
)
from services.enrollment.domain.application_signing import STATEMENT_TYPE, Signing
from services.enrollment.domain.signatures import Needed, Signature, Signer

MOST_DOCUMENTS = 20


class Application(Signing, Aggregate):
    """Received once every needed signature is in, and not before (PE-X-03); decided by the contractor, once."""

    TOPIC = "enrollment.Application"

    Started = events.Started
    TopicSaved = events.TopicSaved
    DocumentAttached = events.DocumentAttached
    DocumentDetached = events.DocumentDetached
    Submitted = events.Submitted
    Resubmitted = events.Resubmitted
    SignatureRequested = events.SignatureRequested
    SignatureRequestedAgain = events.SignatureRequestedAgain
    Signed = events.Signed
    SignatureDeclined = events.SignatureDeclined
    Received = events.Received
    SignatureWindowExpired = events.SignatureWindowExpired
    Reopened = events.Reopened
    ReviewStarted = events.ReviewStarted
    CorrectionsRequested = events.CorrectionsRequested
    Approved = events.Approved
    Denied = events.Denied
    Rejected = events.Rejected
    Returned = events.Returned
    Withdrawn = events.Withdrawn
    Abandoned = events.Abandoned

    @event(events.Started)
    def __init__(
        self,
        id: UUID,
        provider_id: UUID,
        npi: str,
        form: str,
        purpose: str,
        enrollment_id: UUID | None,
        contractor: str,
        tracking_id: str,
        started_by: UUID,
        expires_at: datetime,
    ) -> None:
        self.provider_id, self.npi = provider_id, npi
        self.form, self.purpose, self.enrollment_id = form, purpose, enrollment_id
        self.contractor, self.tracking_id = contractor, tracking_id
        self.started_by = self.submitted_by = started_by
        self.status = DRAFT
        self.idle_until = expires_at
        self.topics: dict[str, dict[str, str]] = {}
        self.documents: dict[UUID, str] = {}
        self.signatures: dict[UUID, Signature] = {}
        self.was_submitted = False
        self.reassignment_id: UUID | None = None
        self.sign_before: datetime | None = None
        self.correct_before: datetime | None = None
        self.filing_date = self.effective_date = ""
        self.reason = self.rejected_because = ""

    # ---- preparing

    @property
    def needed(self) -> list[Needed]:
        """The signatures that a submission needs (PE-X-05)."""
        return signing.needed(self.provider_id, self.topics)

    def save(self, *, topic: str, fields: dict[str, str], saved_by: UUID, expires_at: datetime) -> None:
        """Keep a topic. The same again changes nothing."""
        self.require(*EDITABLE)
        if self.topics.get(topic) != fields:
            self._saved(topic=topic, fields=fields, saved_by=saved_by, expires_at=expires_at)

    def attach(self, *, document_id: UUID, document_type: str) -> None:
        """Take a document: a statement while signatures are awaited too (PE-BEN-03). Twice is the same as once."""
        self.require(*EDITABLE, *((PENDING,) if document_type == STATEMENT_TYPE else ()))
        if document_id in self.documents:
            return
        if len(self.documents) >= MOST_DOCUMENTS:
            raise TooManyDocumentsError
        self._attached(document_id=document_id, document_type=document_type)

    def detach(self, *, document_id: UUID) -> None:
        """Let a document not count any more. Twice is the same as once."""
        self.require(*EDITABLE)
        if document_id in self.documents:
            self._detached(document_id=document_id)

    def submit(
        self,
        *,
        submitted_by: UUID,
        signers: Sequence[Signer],
        reassignment_id: UUID | None,
        expires_at: datetime,
        now: datetime,
    ) -> None:
        """Ask for the signatures; in time, where the contractor has asked for corrections."""
        self.require(*EDITABLE)
        if self.correct_before is None:
            self._submitted(submitted_by=submitted_by, reassignment_id=reassignment_id, expires_at=expires_at)
        elif now >= self.correct_before:
            raise StateForbidsError("The time for corrections is over: start a new application (PE-X-10).")
        else:
            self._resubmitted(submitted_by=submitted_by, reassignment_id=reassignment_id, expires_at=expires_at)
        for one in signers:
            self._requested(
                signature_id=one.signature_id,
                capacity=one.needed.capacity,
                provider_id=one.needed.provider_id,
                signer=one.sealed,
            )

    def withdraw(self, *, withdrawn_by: UUID) -> None:
        """Take it back before it is decided. Twice is the same as once."""
        if self.status != "WITHDRAWN":
            self.require(*OPEN)
            self._withdrawn(withdrawn_by=withdrawn_by)

    def reopen(self, *, reopened_by: UUID, expires_at: datetime) -> None:
        """Make a draft of it again. Twice is the same as once."""
        if self.status == DRAFT and self.was_submitted:
            return
        if self.rejected_because != SIGNATURES_MISSING:
            self.require(PENDING)
        self._reopened(reopened_by=reopened_by, expires_at=expires_at)

    def abandon(self, *, now: datetime) -> None:
        """Close a draft that nobody has touched for so long. Twice is the same as once."""
        if self.status == DRAFT and self.correct_before is None and now >= self.idle_until:
            self._abandoned()

    # ---- what the events change

    def _void(self) -> None:
        self.signatures = {id_: replace(one, status=signing.VOID) for id_, one in self.signatures.items()}

    def _change(self, signature_id: UUID, changed: Signature) -> None:
        self.signatures = {**self.signatures, signature_id: changed}

    def _drafted(self, expires_at: datetime) -> None:
        self.status, self.idle_until, self.sign_before = DRAFT, expires_at, None
        self._void()

    @event(events.TopicSaved)
    def _saved(self, topic: str, fields: dict[str, str], saved_by: UUID, expires_at: datetime) -> None:
        self.topics = {**self.topics, topic: fields}
        self.idle_until = expires_at

    @event(events.DocumentAttached)
    def _attached(self, document_id: UUID, document_type: str) -> None:
        self.documents = {**self.documents, document_id: document_type}

    @event(events.DocumentDetached)
    def _detached(self, document_id: UUID) -> None:
        self.documents = {id_: kind for id_, kind in self.documents.items() if id_ != document_id}

    @event(events.Submitted)
    def _submitted(self, submitted_by: UUID, reassignment_id: UUID | None, expires_at: datetime) -> None:
        self._await(submitted_by, reassignment_id, expires_at)

    @event(events.Resubmitted)
    def _resubmitted(self, submitted_by: UUID, reassignment_id: UUID | None, expires_at: datetime) -> None:
        self._await(submitted_by, reassignment_id, expires_at)

    def _await(self, submitted_by: UUID, reassignment_id: UUID | None, expires_at: datetime) -> None:
        self.status, self.was_submitted, self.signatures = PENDING, True, {}
        self.submitted_by, self.reassignment_id, self.sign_before = submitted_by, reassignment_id, expires_at
        self.reason = self.rejected_because = ""

    @event(events.SignatureRequested)
    def _requested(self, signature_id: UUID, capacity: str, provider_id: UUID, signer: str) -> None:
        self._change(signature_id, Signature(signature_id, Needed(capacity, provider_id), signer))

    @event(events.SignatureRequestedAgain)
    def _requested_again(self, signature_id: UUID, signer: str) -> None:
        self._change(signature_id, replace(self.signatures[signature_id], sealed=signer))

    @event(events.Signed)
    def _signed(
        self,
        signature_id: UUID,
        capacity: str,
        provider_id: UUID,
        signed_by: UUID,
        method: str,
        attestation: str,
        document_id: UUID | None,
        signed_at: datetime,
    ) -> None:
        known = self.signatures.get(signature_id) or Signature(signature_id, Needed(capacity, provider_id), "")
        self._change(signature_id, known.given(by=signed_by, method=method, at=signed_at))

    @event(events.SignatureDeclined)
    def _declined(self, signature_id: UUID, declined_by: UUID, reason: str, expires_at: datetime) -> None:
        self._drafted(expires_at)
        self._change(signature_id, replace(self.signatures[signature_id], status=signing.DECLINED))
        self.reason = reason

    @event(events.Received)
    def _received(self, filing_date: str, again: bool) -> None:  # noqa: FBT001
        self.status = RESUBMITTED if again else SUBMITTED
        self.filing_date = filing_date
        self.sign_before = self.correct_before = None

    @event(events.SignatureWindowExpired)
    def _window_expired(self, missing: list[str]) -> None:
        self.sign_before = None

    @event(events.Reopened)
    def _reopened(self, reopened_by: UUID, expires_at: datetime) -> None:
        if self.status == "REJECTED":
            self.correct_before, self.filing_date = None, ""  # the contractor's question died with it: this begins anew
        self._drafted(expires_at)
        self.rejected_because = ""

    @event(events.ReviewStarted)
    def _review_started(self, started_by: UUID) -> None:
        self.status = IN_PROCESS

    @event(events.CorrectionsRequested)
    def _corrections_requested(self, requested_by: UUID, reason: str, expires_at: datetime) -> None:
        self.status, self.reason, self.correct_before = CORRECTIONS, reason, expires_at

    @event(events.Approved)
    def _approved(self, enrollment_id: UUID, effective_date: str, approved_by: UUID) -> None:
        self.status, self.enrollment_id, self.effective_date = "APPROVED", enrollment_id, effective_date

    @event(events.Denied)
    def _denied(self, denied_by: UUID, reason: str) -> None:
        self.status, self.reason = "DENIED", reason

    @event(events.Rejected)
    def _rejected(self, because: str, reason: str, rejected_by: UUID | None) -> None:
        self.status, self.rejected_because, self.reason = "REJECTED", because, reason

    @event(events.Returned)
    def _returned(self, returned_by: UUID, reason: str) -> None:
        self.status, self.reason = "RETURNED", reason

    @event(events.Withdrawn)
    def _withdrawn(self, withdrawn_by: UUID) -> None:
        self.status = "WITHDRAWN"

    @event(events.Abandoned)
    def _abandoned(self) -> None:
        self.status = "ABANDONED"
