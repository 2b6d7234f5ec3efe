"""How the registry says no: to a search, and to a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from chassis.domain import DomainError


class CriteriaMissingError(DomainError):
    """Give one or more of Organization Name, Last Name, City, State, ZIP and NPI; First Name alone is not enough."""

    rule: ClassVar[str] = "IA-EMP-01"


class WildcardError(DomainError):
    """A wildcard * stands at the end, after at least two characters."""

    rule: ClassVar[str] = "D-47"

    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field


class NpiCriterionError(DomainError):
    """This is no NPI."""

    rule: ClassVar[str] = "NP-01"
    field = "npi"


class PageCursorError(DomainError):
    """This is not the end of a page that we gave; start the search again."""

    field = "after"


@dataclass(frozen=True)
class Damage:
    """Where a file cannot be believed. The value itself is never told: it may be restricted."""

    file: str
    line: int
    """Counted from 1, the header included; of a row of several lines, the first."""
    column: str
    """Name and number; empty where the row as a whole is damaged."""
    reason: str

    def __str__(self) -> str:
        """For people: file:line: column: reason."""
        where = f"{self.column}: " if self.column else ""
        return f"{self.file}:{self.line}: {where}{self.reason}"


class DamagedRowError(DomainError):
    """A row is damaged, and all rows or none were asked for; nothing was loaded."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(f"{damage}; nothing was loaded")
        self.damage = damage


class WrongFileError(DomainError):
    """This is not the file that it is given as; nothing was loaded."""

    rule: ClassVar[str] = "NP-05"


class OlderMonthError(DomainError):
    """A later month is loaded already; an older one would set providers back. Nothing was loaded."""
