"""Where a process finds its keys: files of one folder, never the environment, never the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from chassis import nature
from chassis.audit import PublicKey
from chassis.sealer import SealingKey
from chassis.sealing import public_of
from chassis.tokens import Signer, Verifier, load_or_make_key

SECRET_BYTES = 32
SEALER_PUBLIC = "sealer.pub"
"""Public halves of the keys that sign checkpoints, a line each, as C2SP writes them."""


class Keyring:
    """The keys of a folder. With `make` missing ones are made: for development and embedded installations."""

    def __init__(self, folder: Path, *, make: bool = False) -> None:
        self._folder, self._make = folder, make
        if make:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def signer(self, service: str) -> Signer:
        """Signs in the name of this service: its private key must be here."""
        file = self._folder / f"{service}.pem"
        if not file.exists() and not self._make:
            raise FileNotFoundError(f"{file} is missing: mount the key of {service}")
        key = load_or_make_key(file)
        public = self._folder / f"{service}.pub.pem"
        if self._make and not public.exists():
            public.write_bytes(
                key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
            )
        return Signer(service, key)

    def verifier(self, audience: str, services: Sequence[str]) -> Verifier:
        """Checks tokens for one service, signed by any of these whose public key is here."""
        return Verifier(audience, self._public_keys(services))

    def secret(self, name: str) -> bytes:
        """A secret of 32 bytes: vault.key (master key of the vault), ssn_index_key.key (blind index)."""
        file = self._folder / name
        if not file.exists():
            if not self._make:
                raise FileNotFoundError(f"{file} is missing: mount the secret")
            file.touch(mode=0o600)
            file.write_bytes(nature.random_bytes(SECRET_BYTES))
        secret = file.read_bytes()
        if len(secret) != SECRET_BYTES:
            raise ValueError(f"{file} has {len(secret)} bytes, a secret has {SECRET_BYTES}")
        return secret

    def sealing_private(self, service: str) -> bytes:
        """The X25519 key with which a service opens what was sealed for it alone."""
        return self.secret(f"{service}.x25519")

    def sealing_public(self, service: str) -> bytes:
        """The key to seal for a service with."""
        file = self._folder / f"{service}.x25519.pub"
        if not file.exists():
            if not self._make:
                raise FileNotFoundError(f"{file} is missing: mount the public key of {service}")
            file.write_bytes(public_of(self.sealing_private(service)))
        return file.read_bytes()

    def sealing_key(self, installation: str) -> SealingKey:
        """The key that signs checkpoints of logs; `sealer.pub` beside it says its public half in a line."""
        file = self._folder / "sealer.pem"
        if not file.exists() and not self._make:
            raise FileNotFoundError(f"{file} is missing: mount the key of the sealer")
        key = SealingKey(installation, load_or_make_key(file))
        if self._make and key.public not in self.sealing_publics():
            with (self._folder / SEALER_PUBLIC).open("a") as lines:  # earlier keys stay: what they signed stands
                lines.write(f"{key.public}\n")
        return key

    def sealing_publics(self) -> list[PublicKey]:
        """The keys whose checkpoints are believed: this one, and those before it. Raises `NotProvenError`."""
        file = self._folder / SEALER_PUBLIC
        return [PublicKey.parse(line) for line in file.read_text().splitlines()] if file.exists() else []

    def _public_keys(self, services: Sequence[str]) -> Mapping[str, Ed25519PublicKey]:
        keys: dict[str, Ed25519PublicKey] = {}
        for service in services:
            if self._make:
                self.signer(service)
            file = self._folder / f"{service}.pub.pem"
            if not file.exists():
                continue
            key = serialization.load_pem_public_key(file.read_bytes())
            if not isinstance(key, Ed25519PublicKey):
                raise TypeError(f"{file} holds no Ed25519 key")
            keys[service] = key
        return keys
