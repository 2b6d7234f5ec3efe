"""Signatures of an application: asked for, given, refused, and missing when their time is over (PE-X-03, D-23)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.enrollment.domain import signatures as signing
from services.enrollment.domain.application_refusals import (
    NoStatementError,
    SignatureOverError,
    SignatureWindowOverError,
    UnknownSignatureError,
)
from services.enrollment.domain.application_review import PENDING, SIGNATURES_MISSING, Review
from services.enrollment.domain.signatures import Needed, Signature

STATEMENT_TYPE = "SIGNED_STATEMENT"


class Signing(Review):
    """The signers' part of `Application`; what the events change stands there."""

    documents: dict[UUID, str]
    signatures: dict[UUID, Signature]
    sign_before: datetime | None
    rejected_because: str
    filing_date: str
    _signed: Any
    _declined: Any
    _received: Any
    _requested_again: Any
    _window_expired: Any

    def sign(
        self,
        *,
        signature_id: UUID,
        signed_by: UUID,
        now: datetime,
        filing_date: str,
        attestation: str = "",
        document_id: UUID | None = None,
    ) -> None:
        """Give a needed signature, or let a statement stand for it; the last one makes it received. Twice is once."""
        one = self.signature(signature_id)
        if one.status == signing.SIGNED and one.signed_by == signed_by:
            return
        self._require_awaited(one, now)
        if document_id is not None and self.documents.get(document_id) != STATEMENT_TYPE:
            raise NoStatementError
        self._sign(one.id, one.needed, signed_by, now, attestation, document_id)
        self._receive(filing_date)

    def sign_present(
        self, *, signature_id: UUID, needed: Needed, signed_by: UUID, now: datetime, attestation: str, filing_date: str
    ) -> None:
        """Sign while submitting, as the practitioner does who submits by himself (PE-X-05)."""
        self.require(PENDING)
        self._sign(signature_id, needed, signed_by, now, attestation, None)
        self._receive(filing_date)

    def decline(
        self, *, signature_id: UUID, declined_by: UUID, reason: str, now: datetime, expires_at: datetime
    ) -> None:
        """Refuse to sign. Twice is the same as once."""
        one = self.signature(signature_id)
        if one.status != signing.DECLINED:
            self._require_awaited(one, now)
            self._declined(signature_id=signature_id, declined_by=declined_by, reason=reason, expires_at=expires_at)

    def request_again(self, *, signature_id: UUID, signer: str, now: datetime) -> None:
        """Ask a signer again, perhaps at another address (PE-REA-11)."""
        self._require_awaited(self.signature(signature_id), now)
        self._requested_again(signature_id=signature_id, signer=signer)

    def signature(self, signature_id: UUID) -> Signature:
        """One of the signatures of the last submission. Raises `UnknownSignatureError`."""
        try:
            return self.signatures[signature_id]
        except KeyError:
            raise UnknownSignatureError from None

    def expire_signatures(self, *, now: datetime) -> None:
        """Reject it where signatures are missing when their time is over (D-23). Twice is the same as once."""
        if self.status == PENDING and self.sign_before is not None and now >= self.sign_before:
            open_ones = [one.needed.capacity for one in self.signatures.values() if one.status != signing.SIGNED]
            self._window_expired(missing=open_ones)
            self._rejected(because=SIGNATURES_MISSING, reason="", rejected_by=None)

    def _require_awaited(self, one: Signature, now: datetime) -> None:
        if self.rejected_because == SIGNATURES_MISSING or (self.sign_before is not None and now >= self.sign_before):
            raise SignatureWindowOverError
        if self.status != PENDING or one.status != signing.REQUESTED:
            raise SignatureOverError

    def _sign(
        self,
        signature_id: UUID,
        needed: Needed,
        signed_by: UUID,
        signed_at: datetime,
        attestation: str,
        document_id: UUID | None,
    ) -> None:
        self._signed(
            signature_id=signature_id,
            capacity=needed.capacity,
            provider_id=needed.provider_id,
            signed_by=signed_by,
            method=signing.STATEMENT if document_id else signing.ELECTRONIC,
            attestation=attestation,
            document_id=document_id,
            signed_at=signed_at,
        )

    def _receive(self, filing_date: str) -> None:
        if all(one.status == signing.SIGNED for one in self.signatures.values()):
            self._received(filing_date=self.filing_date or filing_date, again=self.correct_before is not None)
