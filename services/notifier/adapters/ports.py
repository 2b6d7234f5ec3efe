"""What the sender asks of the outside: who the recipient is, what was sealed, what a party is called, and the post."""

from __future__ import annotations

from dataclasses import dataclass
from email.message import EmailMessage
from typing import Protocol
from uuid import UUID


class TryLaterError(Exception):
    """The outside cannot answer just now; the same may work later. The message holds no personal data."""


class RefusedForGoodError(Exception):
    """The outside will never take this. The message holds no personal data."""


class NotNeededError(Exception):
    """The recipient is told by another mail; the text is what supersedes this one (`mails.SUPERSEDED_BY`)."""


EMAIL, SMS, VOICE = "EMAIL", "SMS", "VOICE"


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom a mail is for: known while it is sent, and kept nowhere."""

    address: str
    """An e-mail address; for SMS and VOICE a number in E.164."""
    language: str = "en"
    name: str = ""
    """How the person is addressed; empty where it is not known."""
    user_id: str = ""
    kind: str = EMAIL


class Contacts(Protocol):
    """The owner of people's addresses."""

    def contact(self, account_id: UUID, method_id: str = "") -> Contact | None:
        """The person, or None where there is none (any more). Raises `TryLaterError`.

        `method_id` names a second factor; empty asks for the primary e-mail address.
        """
        ...


class Newcomers(Protocol):
    """The owner of the addresses of people who were invited to the desk of External User Services."""

    def newcomer(self, invitation_id: UUID, /) -> Contact | None:
        """The invited person, or None where there is none (any more). Raises `TryLaterError`."""
        ...


class Invitees(Protocol):
    """The owner of the addresses of people who were invited and have no account."""

    def invitee(self, invitation_id: UUID, /) -> Contact | None:
        """The invited person, or None where there is none (any more). Raises `TryLaterError`."""
        ...


class AtEmployers(Protocol):
    """The owner of the addresses that people are reached at about one employer."""

    def official(self, role_request_id: UUID, /) -> Contact | None:
        """The Authorized Official whom a request names, or None where there is none. Raises `TryLaterError`."""
        ...

    def at_employer(self, account_id: UUID, employer_id: UUID, /) -> str:
        """The person's address for this employer; empty for the primary one (IA-EMP-06). Raises `TryLaterError`."""
        ...


class Signers(Protocol):
    """The owner of the addresses of those who are to sign an application."""

    def signer(self, application_id: UUID, signature_id: UUID, /) -> Contact | None:
        """The signer, or None where there is none (any more). Raises `TryLaterError`."""
        ...


@dataclass(frozen=True, slots=True)
class Party:
    """An employer, provider or surrogate."""

    name: str
    """The legal business name, or "Last, First"."""
    npis: tuple[str, ...] = ()


class Parties(Protocol):
    """Who knows what employers, providers and surrogates are called."""

    def party(self, id: UUID, /) -> Party | None:
        """The party, or None where it is not known. Raises `TryLaterError`."""
        ...


class Secrets(Protocol):
    """What was sealed for the notifier alone."""

    def open(self, token: str, context: str) -> str:
        """The plaintext. Raises `RefusedForGoodError` where it was not sealed for us."""
        ...


class Post(Protocol):
    """Where mails are handed over."""

    def send(self, message: EmailMessage, *, sender: str, to: str) -> None:
        """Hand over one mail for one recipient; it is the server's from the return on.

        Raises `TryLaterError` and `RefusedForGoodError`.
        """
        ...
