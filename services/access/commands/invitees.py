"""What is typed on Add Staff, judged (IA-ADDS-01, IA-ADDS-03): who is invited, and to what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import nature
from chassis.domain import DomainError
from chassis.vocabulary import addresses
from chassis.vocabulary.functions import require_offered
from chassis.vocabulary.names import is_name
from chassis.vocabulary.roles import STAFF_END_USER
from services.access.domain.invitation import OFFERED, Offer

LONGEST_NAME = 35
NAMES = ("first_name", "middle_name", "last_name")


class FieldRequiredError(DomainError):
    """Fill in this field."""


class NameMalformedError(DomainError):
    """Write a name of at most 35 letters, without digits or signs."""


class EmailMalformedError(DomainError):
    """Write an e-mail address like name@example.com."""

    field = "email"


class EmailMismatchError(DomainError):
    """Write the same e-mail address twice."""

    field = "confirm_email"


class NoEmployerError(DomainError):
    """Choose at least one employer, each with a role (IA-ADDS-03)."""

    field = "offers"


class EmployerTwiceError(DomainError):
    """Choose each employer once."""

    field = "offers"


class NotOfferedError(DomainError):
    """Invite people as Staff End User or Access Manager; nobody is made an Authorized Official so (IA-ADDS-03)."""

    field = "offers"


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is invited; personal, and sealed wherever it is kept."""

    first_name: str
    middle_name: str
    last_name: str
    email: str
    language: str = "en"
    """Of the pages on which the person was invited: nobody knows the person's own."""

    @property
    def name(self) -> str:
        """As mails and lists show it."""
        return " ".join(part for part in (self.first_name, self.middle_name, self.last_name) if part)


def invitee_of(
    *, first_name: str, middle_name: str, last_name: str, email: str, confirm_email: str, language: str = "en"
) -> Invitee:
    """Judge what was typed (IA-ADDS-01). Raises the errors above, the first that there is."""
    typed = dict(zip(NAMES, (first_name.strip(), middle_name.strip(), last_name.strip()), strict=True))
    required = {"first_name": typed["first_name"], "last_name": typed["last_name"], "email": email.strip()}
    for field, text in required.items():
        if not text:
            raise _at(FieldRequiredError(), field)
    for field, text in typed.items():
        if text and (len(text) > LONGEST_NAME or not is_name(text)):
            raise _at(NameMalformedError(), field)
    address = address_of(email)
    if address.casefold() != confirm_email.strip().casefold():
        raise EmailMismatchError
    return Invitee(**typed, email=address, language=language)


def offers_of(typed: Sequence[tuple[UUID, str, Sequence[str]]]) -> list[Offer]:
    """Judge what is offered, as (employer, role, functions), and write it in one form (IA-ADDS-03, IA-EHR-01)."""
    if not typed:
        raise NoEmployerError
    if len({employer_id for employer_id, _, _ in typed}) < len(typed):
        raise EmployerTwiceError
    for _, role, functions in typed:
        if role not in OFFERED:
            raise NotOfferedError
        for function in functions:
            require_offered(function, nature.now())
    return [
        Offer(employer_id, role, tuple(sorted({*functions})) if role == STAFF_END_USER else ())
        for employer_id, role, functions in typed
    ]


def address_of(text: str) -> str:
    """The address in one form. Raises `EmailMalformedError`."""
    try:
        return addresses.email(text)
    except addresses.AddressError:
        raise EmailMalformedError from None


def _at(error: DomainError, field: str) -> DomainError:
    error.field = field
    return error
