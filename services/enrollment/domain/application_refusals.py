"""How an application says no."""

from __future__ import annotations

from typing import Self

from chassis.domain import DomainError, NotAllowedError, NotFoundError

STATES = {
    "DRAFT": "is a draft",
    "PENDING_SIGNATURES": "waits for signatures",
    "SUBMITTED": "has been received and waits for the contractor",
    "RESUBMITTED": "has been received again and waits for the contractor",
    "IN_PROCESS": "is being reviewed by the contractor",
    "RETURNED_FOR_CORRECTIONS": "was returned for corrections",
    "APPROVED": "was approved",
    "DENIED": "was denied",
    "REJECTED": "was rejected",
    "RETURNED": "was returned without being processed",
    "WITHDRAWN": "was withdrawn",
    "ABANDONED": "was closed, because nobody had touched it for 60 days",
}


class StateForbidsError(DomainError):
    """The application is not in a state that allows this."""

    @classmethod
    def of(cls, status: str) -> Self:
        """With the state in words."""
        return cls(f"The application {STATES[status]}, which does not allow this.")


class TooManyDocumentsError(DomainError):
    """An application takes 20 documents. Take one back first."""


class NoStatementError(DomainError):
    """Upload the signed certification statement first, as a document of that type."""

    field = "document_id"


class AttestationMissingError(DomainError):
    """Whoever signs agrees to the statement by ticking the box."""

    field = "attestation"


class SignatureWindowOverError(DomainError):
    """The 20 days for signatures are over: Correct & Re-submit asks for them anew."""

    rule = "PE-X-03"


class SignatureOverError(DomainError):
    """This signature is not awaited any more: it was given, refused, or the application has gone on."""


class UnknownSignatureError(NotFoundError):
    """There is no such signature; Correct & Re-submit asks for new ones, under new links."""


class WrongSignerError(NotAllowedError):
    """You may not sign this. Whoever prepares an application for others never signs it (X-22)."""

    rule = "X-22"
