"""What can happen to an application (4.6); `Application` has each of them as its own, under the same name."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.domain import Aggregate, AggregateCreated


class Started(AggregateCreated):
    """Somebody prepares it; untouched, it is abandoned at `expires_at`."""

    TOPIC = "enrollment.Application.Started"
    provider_id: UUID
    npi: str
    form: str
    purpose: str
    enrollment_id: UUID | None
    contractor: str
    tracking_id: str
    started_by: UUID
    expires_at: datetime


class TopicSaved(Aggregate.Event):
    """The topic says this from now on."""

    TOPIC = "enrollment.Application.TopicSaved"
    topic: str
    fields: dict[str, str]
    saved_by: UUID
    expires_at: datetime


class DocumentAttached(Aggregate.Event):
    """The document belongs to it."""

    TOPIC = "enrollment.Application.DocumentAttached"
    document_id: UUID
    document_type: str


class DocumentDetached(Aggregate.Event):
    """The document does not count any more."""

    TOPIC = "enrollment.Application.DocumentDetached"
    document_id: UUID


class Submitted(Aggregate.Event):
    """It is complete but for the signatures, which must be in before `expires_at`."""

    TOPIC = "enrollment.Application.Submitted"
    submitted_by: UUID
    reassignment_id: UUID | None
    expires_at: datetime


class Resubmitted(Aggregate.Event):
    """What the contractor asked for was corrected; the signatures must be in before `expires_at`."""

    TOPIC = "enrollment.Application.Resubmitted"
    submitted_by: UUID
    reassignment_id: UUID | None
    expires_at: datetime


class SignatureRequested(Aggregate.Event):
    """Somebody is asked to sign; `signer` is who, sealed under the signature's own key."""

    TOPIC = "enrollment.Application.SignatureRequested"
    signature_id: UUID
    capacity: str
    provider_id: UUID
    signer: str


class SignatureRequestedAgain(Aggregate.Event):
    """The signer is asked again, at the address that `signer` says now."""

    TOPIC = "enrollment.Application.SignatureRequestedAgain"
    signature_id: UUID
    signer: str


class Signed(Aggregate.Event):
    """A needed signature is there; `document_id` is the statement, where one was uploaded instead."""

    TOPIC = "enrollment.Application.Signed"
    signature_id: UUID
    capacity: str
    provider_id: UUID
    signed_by: UUID
    method: str
    attestation: str
    document_id: UUID | None
    signed_at: datetime


class SignatureDeclined(Aggregate.Event):
    """A signer has refused: it is a draft again, and given signatures are void."""

    TOPIC = "enrollment.Application.SignatureDeclined"
    signature_id: UUID
    declined_by: UUID
    reason: str
    expires_at: datetime


class Received(Aggregate.Event):
    """All signatures are in (`again`: after corrections): the contractor may take it up (PE-X-03)."""

    TOPIC = "enrollment.Application.Received"
    filing_date: str
    again: bool


class SignatureWindowExpired(Aggregate.Event):
    """Signatures were missing when their time was over."""

    TOPIC = "enrollment.Application.SignatureWindowExpired"
    missing: list[str]


class Reopened(Aggregate.Event):
    """It is a draft again, and given signatures are void (Correct & Re-submit)."""

    TOPIC = "enrollment.Application.Reopened"
    reopened_by: UUID
    expires_at: datetime


class ReviewStarted(Aggregate.Event):
    """The contractor looks at it."""

    TOPIC = "enrollment.Application.ReviewStarted"
    started_by: UUID


class CorrectionsRequested(Aggregate.Event):
    """The contractor needs more, before `expires_at` (PE-X-10)."""

    TOPIC = "enrollment.Application.CorrectionsRequested"
    requested_by: UUID
    reason: str
    expires_at: datetime


class Approved(Aggregate.Event):
    """The contractor has approved; the enrollment is as it says from now on."""

    TOPIC = "enrollment.Application.Approved"
    enrollment_id: UUID
    effective_date: str
    approved_by: UUID


class Denied(Aggregate.Event):
    """It does not meet the requirements."""

    TOPIC = "enrollment.Application.Denied"
    denied_by: UUID
    reason: str


class Rejected(Aggregate.Event):
    """Something was not supplied: SIGNATURES_MISSING, NO_RESPONSE, or what the contractor says in `reason`."""

    TOPIC = "enrollment.Application.Rejected"
    because: str
    reason: str
    rejected_by: UUID | None


class Returned(Aggregate.Event):
    """It was not acceptable, and was never processed."""

    TOPIC = "enrollment.Application.Returned"
    returned_by: UUID
    reason: str


class Withdrawn(Aggregate.Event):
    """The submitter has taken it back."""

    TOPIC = "enrollment.Application.Withdrawn"
    withdrawn_by: UUID


class Abandoned(Aggregate.Event):
    """Nobody touched the draft for so long that it is closed."""

    TOPIC = "enrollment.Application.Abandoned"
