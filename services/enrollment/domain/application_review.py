"""What the contractor does with an application, and the rules that states make (4.6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.enrollment.domain.application_refusals import StateForbidsError

DRAFT, PENDING, SUBMITTED, RESUBMITTED = "DRAFT", "PENDING_SIGNATURES", "SUBMITTED", "RESUBMITTED"
IN_PROCESS, CORRECTIONS = "IN_PROCESS", "RETURNED_FOR_CORRECTIONS"
EDITABLE = (DRAFT, CORRECTIONS)
OPEN = (DRAFT, PENDING, SUBMITTED, RESUBMITTED, IN_PROCESS, CORRECTIONS)
SIGNATURES_MISSING, NO_RESPONSE, INFORMATION_MISSING = "SIGNATURES_MISSING", "NO_RESPONSE", "INFORMATION_MISSING"


class Review:
    """The contractor's part of `Application`; what the events change stands there."""

    status: str
    correct_before: datetime | None
    _review_started: Any
    _corrections_requested: Any
    _approved: Any
    _denied: Any
    _rejected: Any
    _returned: Any

    def take_up(self, *, started_by: UUID) -> None:
        """Begin the review. Twice is the same as once."""
        if self.status != IN_PROCESS:
            self.require(SUBMITTED, RESUBMITTED)
            self._review_started(started_by=started_by)

    def request_corrections(self, *, requested_by: UUID, reason: str, expires_at: datetime) -> None:
        """Ask for more. Twice is the same as once."""
        if self.status != CORRECTIONS:
            self.require(IN_PROCESS)
            self._corrections_requested(requested_by=requested_by, reason=reason, expires_at=expires_at)

    def expire_corrections(self, *, now: datetime) -> None:
        """Reject it where nobody has answered in time (PE-X-10). Twice is the same as once."""
        if self.status in EDITABLE and self.correct_before is not None and now >= self.correct_before:
            self._rejected(because=NO_RESPONSE, reason="", rejected_by=None)

    def approve(self, *, enrollment_id: UUID, effective_date: str, approved_by: UUID) -> None:
        """Approve. Twice is the same as once."""
        if self._is_undecided("APPROVED"):
            self._approved(enrollment_id=enrollment_id, effective_date=effective_date, approved_by=approved_by)

    def deny(self, *, denied_by: UUID, reason: str) -> None:
        """Deny. Twice is the same as once."""
        if self._is_undecided("DENIED"):
            self._denied(denied_by=denied_by, reason=reason)

    def reject(self, *, rejected_by: UUID, reason: str) -> None:
        """Reject. Twice is the same as once."""
        if self._is_undecided("REJECTED"):
            self._rejected(because=INFORMATION_MISSING, reason=reason, rejected_by=rejected_by)

    def give_back(self, *, returned_by: UUID, reason: str) -> None:
        """Return it unprocessed. Twice is the same as once."""
        if self.status != "RETURNED":
            self.require(SUBMITTED)
            self._returned(returned_by=returned_by, reason=reason)

    def require(self, *allowed: str) -> None:
        """Let these states pass. Raises `StateForbidsError`, which names the state."""
        if self.status not in allowed:
            raise StateForbidsError.of(self.status)

    def _is_undecided(self, or_is: str) -> bool:
        if self.status == or_is:
            return False
        self.require(IN_PROCESS)
        return True
