"""What commands of identity work with beside the log: keys, vault, hasher, settings, and the port to the registry."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.domain import id_of
from chassis.hashing import Hasher
from chassis.pins import derive
from chassis.vault import Vault, blind, to_text
from services.identity.commands.opened_names import OpenedNames
from services.identity.commands.orders import Orders
from services.identity.commands.settings import IdentitySettings
from services.identity.domain.password_policy import PROFILES, Profile


class ProviderLookup(Protocol):
    """The registry, asked at activation and at sign-in (IA-DONE-02)."""

    def by_ssn(self, index: str) -> Sequence[UUID] | None:
        """The providers of an SSN by its blind index; None where the registry does not answer just now."""
        ...


@dataclass(frozen=True)
class Keys:
    """Secrets of 32 bytes each, from mounted files; none stands in a database."""

    index: bytes = field(repr=False)
    """Lives as long as the log: ids are made with it."""
    tokens: bytes = field(repr=False)
    """Bearers, codes and fingerprints of commands are derived with it."""
    pepper: bytes = field(repr=False)
    ssn: bytes = field(repr=False)
    """Shared with the registry's supplement, so that an SSN finds its provider (S-19)."""
    notifier: bytes
    """X25519, public: codes are sealed with it."""
    person: bytes = field(repr=False)
    """Shared with enrollment: makes of an SSN the id of a person (X-11)."""


@dataclass(frozen=True)
class Parts:
    """All that one process of identity works with."""

    settings: IdentitySettings
    keys: Keys
    vault: Vault
    hasher: Hasher
    providers: ProviderLookup
    opened: OpenedNames = field(default_factory=OpenedNames, repr=False)
    orders: Orders = field(default_factory=Orders, repr=False)

    @property
    def profile(self) -> Profile:
        """The password policy in force (section 7)."""
        return PROFILES[self.settings.password_profile]

    def index(self, *parts: str) -> str:
        """A blind index of something personal: 64 hex digits (S-19)."""
        return blind(self.keys.index, *parts)

    def address_index(self, email: str) -> str:
        """By which the address of an invitation to the desk is found; compared without case."""
        return self.index("invited", email.strip().casefold())

    def pin(self, invitation_id: UUID) -> str:
        """The PIN of an invitation to the desk."""
        return derive(self.keys.tokens, invitation_id)

    def email_claim(self, email: str) -> UUID:
        """The stream of an address: one account at a time has it (IA-REG-02); compared without case."""
        return id_of("identity.Email", self.index("email", email.strip().casefold()))

    def user_id_claim(self, user_id: str) -> UUID:
        """The stream of a user id: never freed once its account was active (IA-UID-02, X-03)."""
        return user_id_claim(self.keys.index, user_id)

    def token(self, kind: str, command_id: UUID) -> str:
        """The bearer that a command hands out, 43 characters: the same for the same command, so none has to be kept."""
        return to_text(hmac.digest(self.keys.tokens, f"{kind}/{command_id}".encode(), "sha256"))

    def fingerprint(self, fields: bytes) -> bytes:
        """A keyed hash of a command's fields, for telling whether a repeat is one."""
        return hmac.digest(self.keys.tokens, b"fields/" + fields, "sha256")

    def answers_to(self, fields: bytes) -> AESGCM:
        """What seals the answer to a command: a key that nobody has who does not know its fields."""
        return AESGCM(hmac.digest(self.keys.tokens, b"answer/" + fields, "sha256"))


def user_id_claim(index_key: bytes, user_id: str) -> UUID:
    """The stream of a user id, by the key that identity's blind indexes are made with."""
    return id_of("identity.UserId", blind(index_key, "user_id", user_id.strip().casefold()))
