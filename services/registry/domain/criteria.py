"""What a search for a provider asks for, and which searches are refused (IA-EMP-01, D-47)."""

from __future__ import annotations

from dataclasses import dataclass, fields

from chassis.vocabulary import npi as npi_rules
from services.registry.domain.errors import CriteriaMissingError, NpiCriterionError, WildcardError

WILDCARD = "*"
LEADING = 2
"""Characters that a wildcard needs before it."""


@dataclass(frozen=True)
class Criterion:
    """One filled-in box: the whole value, or what it begins with. Case never matters."""

    text: str
    prefix: bool = False


@dataclass(frozen=True)
class Criteria:
    """A search that may be answered: all boxes that are filled in must hold together."""

    organization_name: Criterion | None = None
    npi: Criterion | None = None
    first_name: Criterion | None = None
    last_name: Criterion | None = None
    city: Criterion | None = None
    state: Criterion | None = None
    zip: Criterion | None = None

    def given(self) -> dict[str, Criterion]:
        """The boxes that are filled in, by name."""
        boxes = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: criterion for name, criterion in boxes.items() if criterion is not None}

    @property
    def only_state(self) -> bool:
        """Whether the answer is so wide that people are advised to narrow it (D-47)."""
        return set(self.given()) == {"state"}


def read(
    *,
    organization_name: str = "",
    npi: str = "",
    first_name: str = "",
    last_name: str = "",
    city: str = "",
    state: str = "",
    zip: str = "",
) -> Criteria:
    """Judge the boxes as typed.

    Raises `CriteriaMissingError`, `WildcardError` or `NpiCriterionError`, with the box's name as `field`.
    """
    criteria = Criteria(
        organization_name=_text("organization_name", organization_name),
        npi=_npi(npi),
        first_name=_text("first_name", first_name),
        last_name=_text("last_name", last_name),
        city=_text("city", city),
        state=_state(state),
        zip=_zip(zip),
    )
    if not set(criteria.given()) - {"first_name"}:
        raise CriteriaMissingError
    return criteria


def _text(field: str, typed: str) -> Criterion | None:
    text = " ".join(typed.replace("\0", " ").split())
    if not text:
        return None
    stem = text.removesuffix(WILDCARD)
    if WILDCARD in stem or (stem != text and len(stem) < LEADING):
        raise WildcardError(field)
    return Criterion(stem, prefix=stem != text)


def _npi(typed: str) -> Criterion | None:
    if not typed.strip():
        return None
    try:
        return Criterion(npi_rules.parse(typed))
    except npi_rules.NpiError as error:
        raise NpiCriterionError(str(error)) from None


def _state(typed: str) -> Criterion | None:
    criterion = _text("state", typed)
    if criterion is not None and criterion.prefix:
        raise WildcardError("state")
    return criterion


def _zip(typed: str) -> Criterion | None:
    """Five digits stand for every ZIP+4 below them; the file writes nine without a hyphen."""
    criterion = _text("zip", typed)
    if criterion is None:
        return None
    digits = criterion.text.replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        return criterion  # an address outside the U.S.
    return Criterion(digits, prefix=criterion.prefix or len(digits) == 5)  # noqa: PLR2004 - a ZIP code
