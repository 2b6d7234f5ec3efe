"""What the forms ask, topic by topic, as data; and how what was typed is judged by it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from uuid import UUID

from chassis.domain import DomainError, Fault, FaultsError
from chassis.vocabulary import addresses, eastern
from chassis.vocabulary.header_text import HostileTextError, refuse_hostile

FORMS = ("855A", "855B", "855I", "855O", "855S")
"""Of records (PE-X-01); the paper 855R is part of the 855I."""
GROUP_FORMS = ("855A", "855B")
"""Whose records can receive reassigned benefits."""
INDIVIDUAL = "855I"
INITIAL, CHANGE = "INITIAL", "CHANGE"
PURPOSES = (INITIAL, CHANGE)
REASSIGNMENT = "REASSIGNMENT"
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEXT, DATE, STATE, ZIP, PHONE, CHOICE, PROVIDER = "TEXT", "DATE", "STATE", "ZIP", "PHONE", "CHOICE", "PROVIDER"


class UnknownFormError(DomainError):
    """Choose a form that can be filled in here: 855I."""

    field = "form"


class UnknownPurposeError(DomainError):
    """Choose what it is for: INITIAL or CHANGE."""

    field = "purpose"


class UnknownTopicError(DomainError):
    """Choose one of the topics of this form."""

    field = "topic"


@dataclass(frozen=True, slots=True)
class Field:
    """One box of a topic."""

    name: str
    kind: str = TEXT
    required: bool = True
    choices: tuple[str, ...] = ()
    longest: int = 100


@dataclass(frozen=True, slots=True)
class Topic:
    """One page of an application."""

    name: str
    fields: tuple[Field, ...]
    required: bool = True


TOPICS: Mapping[str, tuple[Topic, ...]] = MappingProxyType(
    {
        INDIVIDUAL: (
            Topic("IDENTIFYING_INFORMATION", (Field("state", STATE, longest=2), Field("specialty", longest=70))),
            Topic(
                "PRACTICE_LOCATION",
                (
                    Field("street", longest=55),
                    Field("city", longest=40),
                    Field("state", STATE, longest=2),
                    Field("zip", ZIP, longest=10),
                    Field("phone", PHONE, longest=20),
                    Field("first_service_date", DATE, longest=10),
                ),
            ),
            Topic("FINAL_ADVERSE_ACTIONS", (Field("any", CHOICE, choices=("YES", "NO"), longest=3),)),
            Topic(REASSIGNMENT, (Field("receiving_provider_id", PROVIDER, longest=36),), required=False),
        )
    }
)
"""Form -> its topics, a closed set; what a practitioner explains comes as a document, so nothing personal is here."""


def topics_of(form: str) -> tuple[Topic, ...]:
    """The topics of a form. Raises `UnknownFormError`."""
    try:
        return TOPICS[form]
    except KeyError:
        raise UnknownFormError from None


def judged(form: str, topic: str, fields: Mapping[str, str]) -> dict[str, str]:
    """What was typed, in one spelling. Raises `UnknownTopicError`, and `FaultsError` with all that is wrong."""
    found = next((one for one in topics_of(form) if one.name == topic), None)
    if found is None:
        raise UnknownTopicError
    faults: list[Fault] = []
    kept: dict[str, str] = {}
    for field in found.fields:
        fault, text = _judged(field, fields.get(field.name, "").strip())
        if fault is not None:
            faults.append(fault)
        elif text:
            kept[field.name] = text
    known = {field.name for field in found.fields}
    unknown = sorted(name for name in fields if name not in known)
    faults += [Fault("FIELD_UNKNOWN", "fields", "this topic has no such field")] if unknown else []
    if faults:
        raise FaultsError(faults)
    return kept


def _judged(field: Field, text: str) -> tuple[Fault | None, str]:
    where = f"fields.{field.name}"
    if not text:
        return (Fault("FIELD_REQUIRED", where, "fill in this field") if field.required else None), ""
    if len(text) > field.longest:
        return Fault("FIELD_TOO_LONG", where, f"write at most {field.longest} characters"), ""
    if field.kind == CHOICE and text not in field.choices:
        return Fault("CHOICE_UNKNOWN", where, f"choose {' or '.join(field.choices)}"), ""
    try:
        return None, READERS.get(field.kind, _text)(text)
    except ValueError as error:
        return Fault("FIELD_MALFORMED", where, _what_to_do(error)), ""


def _what_to_do(error: ValueError) -> str:
    return str(error) if isinstance(error, addresses.AddressError) else "write it as the example beside the field shows"


def _text(text: str) -> str:
    try:
        refuse_hostile(text, "field")
    except HostileTextError as error:
        raise ValueError(str(error)) from None
    return " ".join(text.split())


def day(text: str) -> date:
    """A date as messages carry it, YYYY-MM-DD. Raises `ValueError`."""
    if not DAY.fullmatch(text):
        raise ValueError("write the date as YYYY-MM-DD")
    found = date.fromisoformat(text)
    if found.year not in eastern.YEARS:
        raise ValueError(f"write a year from {eastern.YEARS[0]} to {eastern.YEARS[-1]}")
    return found


READERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        DATE: lambda text: day(text).isoformat(),
        STATE: addresses.state,
        ZIP: addresses.zip_code,
        PHONE: addresses.phone,
        PROVIDER: lambda text: str(UUID(text)),
        CHOICE: str,
    }
)
"""Kind of a field -> how it is read; each raises `ValueError`."""


def missing(form: str, topics: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Required topics that were not saved, in the form's order."""
    return [one.name for one in topics_of(form) if one.required and one.name not in topics]
