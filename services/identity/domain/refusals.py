"""How identity says no: by a code of the contract, about a field, with a time after which it may work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from chassis.domain import DomainError


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that was wrong, as `mandate.common.v1.ErrorDetail` tells it."""

    code: str
    field: str = ""
    message: str = ""
    rule: str = ""


class RefusedError(DomainError):
    """Nothing was changed."""

    status: ClassVar[str] = "FAILED_PRECONDITION"
    """The gRPC status that belongs to it."""
    counted: ClassVar[bool] = False
    """Whether a try was counted: then a repeat of the command is told the same and not counted again."""
    retry_after_seconds: int = 0

    def __init__(self, message: str = "", *, field: str = "", retry_after_seconds: int = 0) -> None:
        super().__init__(*([message] if message else []))
        self.field = field or type(self).field
        self.retry_after_seconds = retry_after_seconds


class FieldsError(RefusedError):
    """Something that was typed cannot be taken; `details` say what, in the order of the form."""

    status = "INVALID_ARGUMENT"
    code = "FIELDS"

    def __init__(self, details: Sequence[Detail]) -> None:
        super().__init__(", ".join(f"{one.field}: {one.code}" for one in details))
        self.details = tuple(details)


class StepMissingError(RefusedError):
    """An earlier step of the registration is not done (S-35); `field` names it."""


class RegistrationEndedError(RefusedError):
    """This registration is unknown, abandoned or complete."""

    status = "UNAUTHENTICATED"


class ProofingPendingError(RefusedError):
    """External User Services decide about this identity first (4.1)."""


class TooManyMethodsError(RefusedError):
    """At most two methods, of different kinds (IA-MFA-02)."""

    rule = "IA-MFA-02"


class MethodUnknownError(RefusedError):
    """There is no such method."""

    status = "NOT_FOUND"
    field = "method_id"


class AccountLockedError(RefusedError):
    """The account is locked; its owner may unlock it (X-06, X-07)."""

    counted = True


class AccountHardLockedError(RefusedError):
    """The account is locked; External User Services may unlock it (X-06)."""


class SignInEndedError(RefusedError):
    """This sign-in is unknown, over or complete. Begin again."""

    status = "UNAUTHENTICATED"


class SignInFailedError(RefusedError):
    """User ID or password is wrong."""

    status = "UNAUTHENTICATED"
    counted = True


class SessionEndedError(RefusedError):
    """This session is unknown or over. Sign in."""

    status = "UNAUTHENTICATED"


class CodeWrongError(RefusedError):
    """This is not the code that was sent."""

    status = "INVALID_ARGUMENT"
    field = "code"
    rule = "IA-MFA-05"
    counted = True


class CodeExpiredError(RefusedError):
    """This code is too old. Ask for another (D-25)."""

    field = "code"
    rule = "D-25"


class CodeSpentError(RefusedError):
    """This code was tried too often, used or replaced. Ask for another (D-24)."""

    field = "code"
    rule = "D-24"
    counted = True


class ResendTooEarlyError(RefusedError):
    """A code was sent just now. Wait before asking for another (D-25)."""

    rule = "D-25"


class TooManyCodesError(RefusedError):
    """Too many codes were asked for. Wait before asking for another (D-25)."""

    status = "RESOURCE_EXHAUSTED"
    rule = "D-25"


class TooManyTriesError(RefusedError):
    """Too many tries. Wait before the next (S-04)."""

    status = "RESOURCE_EXHAUSTED"


class ChallengeUsedError(RefusedError):
    """This picture was answered before. Answer a new one (IA-REG-04)."""

    field = "challenge_id"
    rule = "IA-REG-04"


class CommandIdMalformedError(RefusedError):
    """A command's id is a UUIDv7."""

    status = "INVALID_ARGUMENT"
    field = "command_id"


class CommandIdTakenError(RefusedError):
    """This command's id was used for something else, or by somebody else."""

    status = "PERMISSION_DENIED"
    field = "command_id"
