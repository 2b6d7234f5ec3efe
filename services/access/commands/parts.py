"""What commands of access work with beside the log: keys, vault, hasher, settings, examiner of documents, registry."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from chassis.documents.examiner import Examiner
from chassis.documents.stores import Store
from chassis.documents.uploads import DocumentSettings
from chassis.hashing import Hasher
from chassis.pins import PinSettings, derive
from chassis.vault import Vault, blind, to_text

KINDS = ("PDF", "GIF", "JPEG")
"""Of documents (D-42)."""


class AccessSettings(PinSettings, DocumentSettings):
    """Every limit of access, named once (limits.md, prefix MANDATE_)."""

    paper_checks_an_hour: int = 20
    """Check codes of papers that may be tried from one address, right ones too."""
    officials_by_two: bool = False
    """Whether two people of External User Services must approve an Authorized Official (S-14)."""


@dataclass(frozen=True)
class Keys:
    """Secrets of 32 bytes each, from mounted files; none stands in a database."""

    index: bytes = field(repr=False)
    """Invited addresses are found by it."""
    tokens: bytes = field(repr=False)
    """PINs and proofs are derived with it."""
    notifier: bytes
    """X25519, public: PINs are sealed with it."""


class Registry(Protocol):
    """The registry, asked when a role is asked for, and when an employer is closed."""

    def knows(self, employer_id: UUID, /) -> bool:
        """Whether there is such an employer. Raises `RegistrySilentError`."""
        ...

    def is_organization(self, employer_id: UUID, /) -> bool | None:
        """Whether it is one, and nobody's own record; None where there is none. Raises `RegistrySilentError`."""
        ...

    def ein(self, employer_id: UUID, /) -> str:
        """Its whole EIN; empty where there is none. Raises `RegistrySilentError`."""
        ...


@dataclass(frozen=True)
class Parts:
    """All that one process of access works with."""

    settings: AccessSettings
    keys: Keys
    vault: Vault
    hasher: Hasher
    examiner: Examiner
    registry: Registry
    store: Store | None = None
    """Of documents; None: the database."""

    def address_index(self, email: str) -> str:
        """By which an invited address is found; compared without case."""
        return blind(self.keys.index, "email", email.strip().casefold())

    def pin(self, invitation_id: UUID) -> str:
        """The PIN of an invitation: the same each time, so that a command that is tried again sends what is kept."""
        return derive(self.keys.tokens, invitation_id)

    def proof(self, command_id: UUID) -> str:
        """What the entry of a PIN gives to a visitor, 43 characters: the same for the same command."""
        return to_text(hmac.digest(self.keys.tokens, f"proof/{command_id}".encode(), "sha256"))
