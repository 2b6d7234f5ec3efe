"""A key for each person: what is sealed under it can be read until the key is destroyed, and never after."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis import arrays, nature
from chassis.database import Database, Session
from chassis.migrate import CHASSIS_SQL, prepare_schema

FORMAT = "v1"
KEY, NONCE = 32, 12
BUCKETS = (32, 64, 128, 256, 512, 1024)
"""Bytes to which a plaintext is filled up, its length of four bytes included: sizes tell nothing of names."""


class ShreddedError(Exception):
    """The subject's key has been destroyed, or was never made: nothing sealed under it can be read."""


class SealBrokenError(Exception):
    """The token is not what was sealed for this subject in this context."""


def migrate_vault(dsn: str, *, schema: str = "vault") -> None:
    """Make or extend the vault's schema; in production it has a database of its own."""
    prepare_schema(dsn, schema, [CHASSIS_SQL / "0001_vault.sql"], lambda _session: None)


class Vault:
    """Seals for a subject. `master_key` has 32 bytes and stands in no database."""

    def __init__(self, database: Database, master_key: bytes) -> None:
        if len(master_key) != KEY:
            raise ValueError(f"the master key has {KEY} bytes, not {len(master_key)}")
        self._database = database
        self._master = AESGCM(master_key)

    def make_key(self, subject: UUID) -> None:
        """Make the subject's key, before the event that refers to it; one that is there stays.

        Raises `ShreddedError` where it has been destroyed: a key is never made again.
        """
        version = 1
        nonce = nature.random_bytes(NONCE)
        wrapped = nonce + self._master.encrypt(nonce, nature.random_bytes(KEY), _wrapping(subject, version))
        with self._database.session() as session:
            session.run(
                "INSERT INTO keys (subject, version, wrapped, made_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (subject, version, wrapped, nature.now()),
            )
            self._newest(session, subject)

    def seal(self, subject: UUID, plaintext: str, context: str) -> str:
        """The text under the subject's key, as `v1.<version>.<base64url>`; `context` must be given again to open it.

        Raises `ShreddedError`.
        """
        with self._database.session() as session:
            version, wrapped = self._newest(session, subject)
        nonce = nature.random_bytes(NONCE)
        cipher = self._unwrapped(subject, version, wrapped)
        sealed = cipher.encrypt(nonce, pad(plaintext.encode()), _bound(subject, context))
        return f"{FORMAT}.{version}.{to_text(nonce + sealed)}"

    def open(self, subject: UUID, token: str, context: str) -> str:
        """The plaintext of a token. Raises `ShreddedError`, and `SealBrokenError` where it is not ours."""
        (plain,) = self.open_all([(subject, token)], context)
        if plain is None:
            raise ShreddedError(str(subject))
        return plain

    def open_all(self, sealed: Sequence[tuple[UUID, str]], context: str) -> list[str | None]:
        """The plaintexts of (subject, token), all keys by one question; None for whoever's key is destroyed.

        Raises `SealBrokenError` where one is not ours.
        """
        parts = [(subject, *_parts(token)) for subject, token in sealed]
        with self._database.session() as session:
            rows = session.run(
                "SELECT subject, version, wrapped FROM keys WHERE subject = ANY(%s) AND wrapped IS NOT NULL",
                (arrays.uuids([subject for subject, _ in sealed]),),
            )
        keys = {(subject, version): wrapped for subject, version, wrapped in rows}
        return [
            self._opened(subject, version, keys[subject, version], payload, context)
            if (subject, version) in keys
            else None
            for subject, version, payload in parts
        ]

    def destroyed(self, subjects: Iterable[UUID] | arrays.Array) -> set[UUID]:
        """Those of these subjects whose key is destroyed, by one question: what is kept of them is to be forgotten."""
        asked = subjects if isinstance(subjects, arrays.Array) else arrays.uuids(subjects)
        with self._database.session() as session:
            rows = session.run("SELECT subject FROM keys WHERE subject = ANY(%s) AND wrapped IS NULL", (asked,))
        return {subject for (subject,) in rows}

    def destroy(self, subject: UUID) -> None:
        """Destroy every key of the subject; a tombstone stays, also where no key was made. Twice is once."""
        at = nature.now()
        with self._database.session() as session, session.transaction():
            session.run(
                "INSERT INTO keys (subject, version, wrapped, made_at, destroyed_at) VALUES (%s, 1, NULL, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (subject, at, at),
            )
            session.run(
                "UPDATE keys SET wrapped = NULL, destroyed_at = %s WHERE subject = %s AND wrapped IS NOT NULL",
                (at, subject),
            )

    def _newest(self, session: Session, subject: UUID) -> tuple[int, bytes]:
        row = session.one(
            "SELECT version, wrapped FROM keys WHERE subject = %s ORDER BY version DESC LIMIT 1", (subject,)
        )
        if row is None or row[1] is None:
            raise ShreddedError(str(subject))
        return row[0], row[1]

    def _opened(self, subject: UUID, version: int, wrapped: bytes, payload: bytes, context: str) -> str:
        cipher = self._unwrapped(subject, version, wrapped)
        try:
            return unpad(cipher.decrypt(payload[:NONCE], payload[NONCE:], _bound(subject, context))).decode()
        except InvalidTag:
            raise SealBrokenError(f"not sealed for {subject} as {context}") from None

    def _unwrapped(self, subject: UUID, version: int, wrapped: bytes) -> AESGCM:
        try:
            return AESGCM(self._master.decrypt(wrapped[:NONCE], wrapped[NONCE:], _wrapping(subject, version)))
        except InvalidTag:
            raise SealBrokenError("this master key has not wrapped that key") from None


def blind(key: bytes, *parts: str) -> str:
    """64 hex digits to find something personal by, or to make an id of: HMAC-SHA-256 over all parts, each with length.

    Raises `ValueError` for an empty key, which would be a plain hash again.
    """
    if not key:
        raise ValueError("an empty key protects nothing")
    encoded = [part.encode() for part in parts]
    message = b"".join(len(part).to_bytes(4) + part for part in encoded)
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def pad(plain: bytes) -> bytes:
    """The bytes behind their length, filled up to the next bucket (beyond the last: to its multiple)."""
    framed = len(plain).to_bytes(4) + plain
    last = BUCKETS[-1]
    size = next((bucket for bucket in BUCKETS if len(framed) <= bucket), -(-len(framed) // last) * last)
    return framed.ljust(size, b"\0")


def unpad(padded: bytes) -> bytes:
    """What was padded."""
    return padded[4 : 4 + int.from_bytes(padded[:4])]


def to_text(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_text(text: str) -> bytes:
    """base64url without padding, read. Raises `ValueError`."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _parts(token: str) -> tuple[int, bytes]:
    """Version of the key, and what was sealed. Raises `SealBrokenError`."""
    try:
        form, version, payload = token.split(".")
        parts = int(version), from_text(payload)
    except ValueError:
        raise SealBrokenError("this is no sealed value") from None
    if form != FORMAT:
        raise SealBrokenError(f"a seal of format {form} needs a newer release")
    return parts


def _wrapping(subject: UUID, version: int) -> bytes:
    return b"mandate.vault.key" + subject.bytes + version.to_bytes(4)


def _bound(subject: UUID, context: str) -> bytes:
    return b"mandate.vault.value" + subject.bytes + context.encode()
