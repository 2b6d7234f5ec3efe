"""Where an account stands: what its registration waits for, and which methods it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.domain.refusals import (
    MethodUnknownError,
    ProofingPendingError,
    RegistrationEndedError,
    StepMissingError,
)

EMAIL, SECURITY, INFO, MFA, REVIEW, PROOFING = "email", "security", "info", "mfa", "review", "proofing"
"""What a registration waits for, in its order; the last one is outside of it."""

STEPS = (EMAIL, SECURITY, INFO, MFA, REVIEW)
OPEN = ("STARTED", "CREDENTIALS_SET", "INFO_PROVIDED")


@dataclass(slots=True)
class Method:
    """A second factor of the account (IA-MFA-01)."""

    id: UUID
    kind: str
    destination: str
    """Sealed."""
    verified: bool = False


class Standing:
    """The questions about an account that change nothing."""

    phase: str
    expires_at: datetime
    email_verified: bool
    verifiers: UUID | None
    names: str
    methods: list[Method]
    primary_id: UUID | None

    @property
    def step(self) -> str:
        """The first step that is not done."""
        if not self.email_verified:
            return EMAIL
        if self.verifiers is None:
            return SECURITY
        if self.phase == "PROOFING_REVIEW":
            return PROOFING
        if not self.names:
            return INFO
        return REVIEW if any(method.verified for method in self.methods) else MFA

    @property
    def is_active(self) -> bool:
        """Whether the person may sign in and act."""
        return self.phase == "ACTIVE"

    def is_open(self, now: datetime) -> bool:
        """Whether the registration can still be finished: at 72:00:00 h it cannot, timer or not."""
        return self.phase == "PROOFING_REVIEW" or (self.phase in OPEN and now < self.expires_at)

    def require(self, step: str, now: datetime) -> None:
        """See that the registration is open and has reached a step (S-35)."""
        if not self.is_open(now):
            raise RegistrationEndedError
        reached = self.step
        if reached == PROOFING and step != EMAIL:
            raise ProofingPendingError
        if reached in STEPS and STEPS.index(reached) < STEPS.index(step):
            raise StepMissingError(field=reached)

    def method(self, method_id: UUID | None) -> Method:
        """One of the methods. Raises `MethodUnknownError`."""
        for method in self.methods:
            if method.id == method_id:
                return method
        raise MethodUnknownError

    def usable_methods(self) -> list[Method]:
        """The verified ones, the primary first."""
        return sorted((one for one in self.methods if one.verified), key=lambda one: one.id != self.primary_id)
