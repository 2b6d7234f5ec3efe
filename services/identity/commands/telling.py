"""Refusals in the words of the contract: a status, and every single thing that was wrong."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.application import CommandIdError, CommandTooOldError
from chassis.domain import DomainError
from services.identity.domain.refusals import CommandIdTakenError, FieldsError, RefusedError


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was wrong."""

    code: str
    message: str
    field: str
    rule: str
    retry_after_seconds: int = 0


def told(error: DomainError) -> tuple[str, list[Told]] | None:
    """Status and details of a refusal of ours; None for one that the server knows how to answer."""
    if isinstance(error, CommandIdError):
        error = CommandIdTakenError()
    if isinstance(error, CommandTooOldError):
        return "FAILED_PRECONDITION", [Told(error.code, str(error), "", "")]
    if isinstance(error, FieldsError):
        return error.status, [Told(one.code, one.message or one.code, one.field, one.rule) for one in error.details]
    if isinstance(error, RefusedError):
        return error.status, [Told(error.code, str(error), error.field, error.rule, error.retry_after_seconds)]
    return None
