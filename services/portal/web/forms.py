"""Forms: the fields that a page has, what was typed into them, and what is wrong with it.

Own and small, because WTForms carries no types and drops unknown fields in silence (S-33 wants a 422).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import grpc
from markupsafe import Markup

from services.portal.web import commands, csrf
from services.portal.web.clients import RefusedError
from services.portal.web.words import Words

ALWAYS = frozenset({csrf.FIELD, commands.FIELD, "do"})
"""What each form may bring besides its own fields: token, command id, and which button was pressed."""

NO_ANSWER = frozenset(
    {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
)
"""Whether it was done is not known; sending it again counts once."""


class UnknownFieldError(Exception):
    """The form brought a field that its page does not have (S-33)."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    label: str
    """Key of its caption."""
    required: bool = True
    secret: bool = False
    """Never put back into the page."""
    longest: int = 254
    missing: str = "form.missing"
    """Key of what to say when it is empty."""

    @property
    def id(self) -> str:
        """Its id in the page, where the error summary leads."""
        return self.name.replace("_", "-")


@dataclass(frozen=True, slots=True)
class Problem:
    """One line of the error summary; `id` is empty where no field is meant."""

    id: str
    text: Markup


class Form:
    """What was typed, by field, with what is wrong by field."""

    def __init__(self, words: Words, *fields: Field, values: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.fields = {field.name: field for field in fields}
        self.values = dict.fromkeys(self.fields, "")
        self.values.update(values or {})
        self.errors: dict[str, Markup] = {}
        self.sent = False
        self.command_id = ""
        """Of a form that is shown again because nobody answered: it keeps its id."""

    def read(self, data: Mapping[str, str]) -> bool:
        """Take over what was sent, judge presence and length. Raises `UnknownFieldError`."""
        if unknown := sorted(set(data) - set(self.fields) - ALWAYS):
            raise UnknownFieldError(unknown)
        self.sent = True
        for name, field in self.fields.items():
            typed = data.get(name, "")
            # a browser ends lines with two characters, its `maxlength` counts one
            self.values[name] = typed if field.secret else typed.strip().replace("\r\n", "\n")
            if field.required and not self.values[name]:
                self.fail(name, field.missing, label=self.words(field.label))
            elif len(self.values[name]) > field.longest:
                self.fail(name, "form.too_long", label=self.words(field.label), longest=field.longest)
        return not self.errors

    def __getitem__(self, name: str) -> str:
        return self.values[name]

    def shown(self, name: str) -> str:
        """What goes back into the box."""
        return "" if self.sent and self.fields[name].secret else self.values.get(name, "")

    def fail(self, name: str, key: str, **values: object) -> None:
        """Say what is wrong with a field; the first thing said holds. An empty name means the whole form."""
        self.errors.setdefault(name, self.words(key, **values))

    def refuse(self, refused: RefusedError, names: Mapping[str, str] | None = None) -> int:
        """Show what a service found, its field names mapped to ours; returns the status of the page.

        Raises the refusal again where it is not about what was typed.
        """
        known = [detail for detail in refused.details if f"error.{detail.code}" in self.words]
        if not known or len(known) != len(refused.details):
            raise refused
        for detail in known:
            name = (names or {}).get(detail.field, detail.field)
            key = f"error.{detail.code}"
            self.fail(name if name in self.fields else "", key, seconds=max(detail.retry_after_seconds, 1))
        return 429 if "TOO_MANY_TRIES" in refused.codes else 422

    def not_taken(self, refused: RefusedError, command_id: str, names: Mapping[str, str] | None = None) -> int:
        """As `refuse`; and where a service did not answer, say what to do and keep the form with its command id."""
        if refused.status not in NO_ANSWER:
            return self.refuse(refused, names)
        self.command_id = command_id
        self.fail("", "error.VIEW_STALE" if "VIEW_STALE" in refused.codes else "error.NO_ANSWER")
        return 503

    @property
    def problems(self) -> list[Problem]:
        """The error summary, in the order of the page."""
        ordered = sorted(self.errors, key=lambda name: [*self.fields, name].index(name) if name else -1)
        return [Problem(self.fields[name].id if name in self.fields else name, self.errors[name]) for name in ordered]
