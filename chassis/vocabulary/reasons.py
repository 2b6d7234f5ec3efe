"""Why somebody says no, in their own words: kept in an event, told to others, read in a mail."""

from __future__ import annotations

from chassis.domain import DomainError

LONGEST = 500


class ReasonTooLongError(DomainError):
    """Write at most 500 characters."""

    code = "FIELD_TOO_LONG"
    field = "reason"


class ReasonMissingError(DomainError):
    """Write why: the person reads it."""

    code = "FIELD_REQUIRED"
    field = "reason"


def require_said(reason: str) -> None:
    """Let a reason pass that is there and short. Raises `ReasonMissingError`, `ReasonTooLongError`."""
    if not reason.strip():
        raise ReasonMissingError
    require_short(reason)


def require_short(reason: str) -> None:
    """Let a reason pass that people can read in a mail. Raises `ReasonTooLongError`."""
    if len(reason) > LONGEST:
        raise ReasonTooLongError
