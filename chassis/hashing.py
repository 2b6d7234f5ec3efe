"""Argon2id, two at a time: nineteen megabytes each, and never more of them than the process has room for (S-01)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Protocol

from argon2 import Parameters, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION, Type, hash_secret, verify_secret
from pydantic_settings import SettingsConfigDict

from chassis import nature
from chassis.application import BusyError
from chassis.settings import FromEnvironment
from chassis.vault import to_text

PEPPER = "p1"
"""The pepper's id in each record: a new pepper gets a new id, and records are made anew at sign-in."""

SALT, LENGTH, LANES = 16, 32, 1


class HashQueueFullError(BusyError):
    """Too many people do this at this moment. Nothing was changed; try again."""

    code = "BUSY"


class HashSettings(FromEnvironment):
    """Defaults are those of limits.md."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", extra="ignore", hide_input_in_errors=True)

    hash_memory_kib: int = 19 * 1024
    hash_passes: int = 2
    hashes_at_once: int = 2
    hash_wait_seconds: float = 2


@cache
def _places(at_once: int) -> BoundedSemaphore:
    """The places of this process: services that share one share them."""
    return BoundedSemaphore(at_once)


class Hasher(Protocol):
    """Slow hashes, few at a time."""

    def hash(self, secret: str) -> str:
        """What the secret is compared with later. Raises `HashQueueFullError`."""
        ...

    def verify(self, verifier: str | None, secret: str) -> bool:
        """Whether the secret is right; without a verifier the same work, and no (S-02). Raises `HashQueueFullError`."""
        ...

    def is_outdated(self, verifier: str) -> bool:
        """Whether it was made with other parameters than today's (S-01)."""
        ...


class Argon2Hasher:
    """Records `p1$argon2id$...`: a peppered secret, hashed slowly."""

    def __init__(self, settings: HashSettings, pepper: bytes) -> None:
        self._pepper = pepper
        self._memory, self._passes = settings.hash_memory_kib, settings.hash_passes
        self._places = _places(settings.hashes_at_once)
        self._wait_s = settings.hash_wait_seconds
        self._nobody = self._record("nobody", bytes(SALT))

    def hash(self, secret: str) -> str:
        """The record that `verify` takes. Raises `HashQueueFullError`."""
        with self._place():
            return self._record(secret, nature.random_bytes(SALT))

    def verify(self, verifier: str | None, secret: str) -> bool:
        """Whether the secret belongs to the record; None does the same work for nobody (S-02)."""
        _, _, encoded = (verifier or self._nobody).partition("$")
        with self._place():
            try:
                verify_secret(f"${encoded}".encode(), self._peppered(secret), Type.ID)
            except (VerificationError, InvalidHashError):
                return False
        return verifier is not None

    def is_outdated(self, verifier: str) -> bool:
        """Whether today's parameters or pepper are others than the record's."""
        pepper, _, encoded = verifier.partition("$")
        now = Parameters(Type.ID, ARGON2_VERSION, SALT, LENGTH, self._passes, self._memory, LANES)
        return pepper != PEPPER or extract_parameters(f"${encoded}") != now

    def _record(self, secret: str, salt: bytes) -> str:
        encoded = hash_secret(self._peppered(secret), salt, self._passes, self._memory, LANES, LENGTH, Type.ID)
        return PEPPER + encoded.decode()

    def _peppered(self, secret: str) -> bytes:
        return to_text(hmac.digest(self._pepper, secret.encode(), "sha256")).encode()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._wait_s):
            raise HashQueueFullError
        try:
            yield
        finally:
            self._places.release()


def hash_of(bearer: str) -> bytes:
    """What is stored or told of a bearer (S-08): 256 random bits need no slow hash."""
    return hashlib.sha256(bearer.encode()).digest()
