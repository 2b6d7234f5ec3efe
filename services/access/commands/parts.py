"""What commands of access work with beside the log: keys, vault, hasher, settings, and who looks into documents."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Protocol
from uuid import UUID

from chassis.hashing import Hasher, HashSettings
from chassis.vault import Vault, blind, to_text
from chassis.vocabulary import pin


class AccessSettings(HashSettings):
    """Every limit of access, named once (limits.md, prefix MANDATE_)."""

    pin_hours: int = 72
    pin_tries: int = 5
    document_bytes: int = 10 * 1024 * 1024
    """Equality allowed (D-42)."""
    examine_seconds: int = 10
    """Of CPU, for one document; twice that on the clock."""
    examine_megabytes: int = 512

    @property
    def pin_life(self) -> timedelta:
        """How long a PIN is good."""
        return timedelta(hours=self.pin_hours)


class Examiner(Protocol):
    """Looks into documents, in a process of its own."""

    def media_type(self, content: bytes) -> str:
        """What the content is: application/pdf, image/gif or image/jpeg.

        Raises `DocumentRefusedError` where it is something else, damaged, encrypted, or could do something.
        """
        ...


@dataclass(frozen=True)
class Keys:
    """Secrets of 32 bytes each, from mounted files; none stands in a database."""

    index: bytes = field(repr=False)
    """Invited addresses are found by it."""
    tokens: bytes = field(repr=False)
    """PINs and proofs are derived with it."""
    notifier: bytes
    """X25519, public: PINs are sealed with it."""


@dataclass(frozen=True)
class Parts:
    """All that one process of access works with."""

    settings: AccessSettings
    keys: Keys
    vault: Vault
    hasher: Hasher
    examiner: Examiner

    def address_index(self, email: str) -> str:
        """By which an invited address is found; compared without case."""
        return blind(self.keys.index, "email", email.strip().casefold())

    def pin(self, invitation_id: UUID) -> str:
        """The PIN of an invitation: the same each time, so that a command that is tried again sends what is kept."""
        draws = count()

        def derived(wanted: int) -> bytes:
            part = f"pin/{invitation_id}/{next(draws)}".encode()
            return hmac.digest(self.keys.tokens, part, "sha512")[:wanted]

        return pin.make(derived)

    def proof(self, command_id: UUID) -> str:
        """What the entry of a PIN gives to a visitor, 43 characters: the same for the same command."""
        return to_text(hmac.digest(self.keys.tokens, f"proof/{command_id}".encode(), "sha256"))
