"""The statements that people agree to: what a page shows and a service takes, in one place (IA-EMP-08, PE-X-04)."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from chassis.domain import DomainError

OFFICIAL = "IA-EMP-08"
"""Of somebody who asks to be an Authorized Official."""
SIGNATURE = "PE-X-04"
"""Of somebody who signs an application."""

_WRITTEN = Path(__file__).with_name("attestations.toml")


class AttestationUnknownError(DomainError):
    """Read the statement as the page shows it and tick the box there: what was agreed to is no statement known here."""

    field = "attestation"


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement in one language."""

    rule: str
    version: str
    language: str
    text: str
    agree: str
    """The sentence at the box."""

    @property
    def mark(self) -> str:
        """What an event keeps of it: rule, version, language, SHA-256 of both texts in UTF-8, a line feed between."""
        digest = hashlib.sha256(f"{self.text}\n{self.agree}".encode()).hexdigest()
        return f"{self.rule}.{self.version}.{self.language}:sha256:{digest}"


def shown(language: str) -> dict[str, Attestation]:
    """The newest version of each statement in a language, by rule."""
    return {one.rule: one for one in _written() if one.language == language}


def require_known(rule: str, mark: str) -> None:
    """Let the mark of a statement pass, in any language and version. Raises `AttestationUnknownError`."""
    if all((one.rule, one.mark) != (rule, mark) for one in _written()):
        raise AttestationUnknownError


@cache
def _written() -> tuple[Attestation, ...]:
    tables = tomllib.loads(_WRITTEN.read_text("utf-8"))
    return tuple(Attestation(**table) for table in tables["statement"])
