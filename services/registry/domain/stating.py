"""What somebody must say of an employer that they add, and in which form it is kept (D-37, TX-02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chassis.domain import Fault, FaultsError
from chassis.vocabulary import addresses, tax_numbers
from chassis.vocabulary.header_text import refuse_hostile
from services.registry.domain.employer import ADDED

LONGEST = {"legal_business_name": 100, "line_1": 55, "line_2": 55, "city": 40}
"""As long as NPPES's own columns (NP-05)."""
LONGEST_NUMBER = 40
"""Of what else is typed: numbers, with what people put between their digits."""

OPTIONAL = frozenset({"line_2"})


def _text(typed: str) -> str:
    """What may stand in a mail's header (S-25), with something to read in it."""
    refuse_hostile(typed, "text")
    if not any(character.isalnum() for character in typed):
        raise ValueError("write it in letters or digits")
    return typed


def _category(typed: str) -> str:
    if typed not in ADDED:
        raise ValueError(f"choose one of {', '.join(ADDED)}")
    return typed


def _zip(typed: str) -> str:
    """Without the hyphen, as NPPES writes it."""
    return addresses.zip_code(typed).replace("-", "")


JUDGES: Mapping[str, tuple[Callable[[str], str], str]] = {
    "legal_business_name": (_text, "NAME_MALFORMED"),
    "ein": (tax_numbers.parse_ein, "EIN_INVALID"),
    "category": (_category, "UNKNOWN_CATEGORY"),
    "line_1": (_text, "FIELD_MALFORMED"),
    "line_2": (_text, "FIELD_MALFORMED"),
    "city": (_text, "FIELD_MALFORMED"),
    "state": (addresses.state, "STATE_UNKNOWN"),
    "zip": (_zip, "POSTAL_CODE_MALFORMED"),
    "phone": (addresses.phone, "PHONE_MALFORMED"),
}
"""Field, in the order of the form -> what brings it into the form in which it is kept, and the code of its refusal."""


def read(typed: Mapping[str, str]) -> dict[str, str]:
    """Judge the fields as typed, all of them; text is kept with single spaces.

    Raises `FaultsError`, whose words never repeat what was typed: people take an SSN for an EIN.
    """
    kept: dict[str, str] = {}
    faults: list[Fault] = []
    for field, (judge, code) in JUDGES.items():
        text = " ".join(typed[field].split())
        longest = LONGEST.get(field, LONGEST_NUMBER)
        if not text and field in OPTIONAL:
            kept[field] = ""
        elif not text:
            faults.append(Fault("FIELD_REQUIRED", field, "fill in this field"))
        elif len(text) > longest:
            faults.append(Fault("FIELD_TOO_LONG", field, f"at most {longest} characters"))
        else:
            try:
                kept[field] = judge(text)
            except ValueError as error:
                faults.append(Fault(code, field, str(error)))
    if faults:
        raise FaultsError(faults)
    return kept
