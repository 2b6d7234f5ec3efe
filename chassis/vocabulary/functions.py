"""Business functions: the CMS systems to which access is given, one of them retired (2.10)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import ClassVar

from chassis.domain import DomainError
from chassis.vocabulary import eastern

PECOS = "PECOS"
NPPES = "NPPES"
EHR = "EHR"
"""Kept for history; nothing new is made with it (IA-EHR-03)."""

EHR_RETIRED_AT = eastern.start_of_day(date(2023, 10, 1)).astimezone(UTC)
"""2023-10-01T00:00 Eastern: from this instant on, itself included, there is no EHR (D-18)."""


class EhrRetiredError(DomainError):
    """Choose PECOS or NPPES; the EHR business function ended on October 1, 2023."""

    code: ClassVar[str] = "EHR_RETIRED"
    rule: ClassVar[str] = "IA-EHR-01"
    field = "function"


def active(at: datetime) -> tuple[str, ...]:
    """The functions that give a right to act, and may be asked for, at an aware instant (IA-EHR-01, IA-EHR-04).

    Raises `ValueError` for an instant without a zone.
    """
    return (PECOS, NPPES) if _retired(at) else (PECOS, NPPES, EHR)


class UnknownFunctionError(DomainError):
    """Choose PECOS or NPPES."""

    field = "function"


def require_offered(function: str, at: datetime) -> None:
    """Let through what may be granted or asked for now. Raises `EhrRetiredError` and `UnknownFunctionError`."""
    refuse_retired(function, at)
    if function not in active(at):
        raise UnknownFunctionError


def require_known(function: str) -> None:
    """Let through what is or was a function, to be asked about and taken away. Raises `UnknownFunctionError`."""
    if function not in (PECOS, NPPES, EHR):
        raise UnknownFunctionError


def refuse_retired(function: str, at: datetime) -> None:
    """Let everything pass but EHR at or after its end (IA-EHR-01, D-18); unknown functions are for others to refuse.

    Raises `EhrRetiredError`, and `ValueError` for an instant without a zone.
    """
    if _retired(at) and function == EHR:
        raise EhrRetiredError


def _retired(at: datetime) -> bool:
    return eastern.aware(at) >= EHR_RETIRED_AT
