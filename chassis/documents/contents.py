"""What is in documents: each sealed with a key of its own, which the vault keeps for the owner (S-23)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis import nature
from chassis.application import Application
from chassis.documents.examiner import Examiner
from chassis.documents.stores import Store, StoreAwayError
from chassis.vault import NONCE, Vault, from_text, to_text

KEY = 32


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that was looked into and is kept, as its event tells of it."""

    file_name: str
    """Sealed for its owner."""
    media_type: str
    content_bytes: int
    content_sha256: str


def keep(
    app: Application,
    vault: Vault,
    examiner: Examiner,
    store: Store | None,
    *,
    document_id: UUID,
    owner_id: UUID,
    file_name: str,
    name_context: str,
    content: bytes,
) -> Kept:
    """Look into a document and keep its content, before the event that refers to it. Once for each.

    Kept is the examiner's clean copy, and not what came. Raises what `Examiner.examine` raises; then nothing is kept.
    """
    examined = examiner.examine(content)
    content = examined.content
    vault.make_key(owner_id)
    put(app, vault, store, document_id=document_id, owner_id=owner_id, content=content)
    return Kept(
        file_name=vault.seal(owner_id, file_name, name_context),
        media_type=examined.media_type,
        content_bytes=len(content),
        content_sha256=hashlib.sha256(content).hexdigest(),
    )


def put(
    app: Application, vault: Vault, store: Store | None, *, document_id: UUID, owner_id: UUID, content: bytes
) -> None:
    """Keep the content of a document, before the event that refers to it. Once for each."""
    key, nonce = nature.random_bytes(KEY), nature.random_bytes(NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, content, document_id.bytes)
    digest = hashlib.sha256(sealed).hexdigest() if store else None
    if store and digest:
        store.put(digest, sealed)
    with app.session() as session:
        kept = session.one(
            "INSERT INTO contents (document_id, owner_id, sealed_key, content, content_hash)"
            " VALUES (%s, %s, %s, %b, %s) ON CONFLICT DO NOTHING RETURNING document_id",
            (
                document_id,
                owner_id,
                vault.seal(owner_id, to_text(key), _context(app)),
                None if store else sealed,
                digest,
            ),
        )
    if store and digest and kept is None:
        store.drop(digest)  # it was kept before, under another key


def get(app: Application, vault: Vault, store: Store | None, *, document_id: UUID) -> bytes | None:
    """The content; None where there is none any more. Raises `ShreddedError`, `StoreAwayError`."""
    with app.session() as session:
        row = session.one(
            "SELECT owner_id, sealed_key, content, content_hash FROM contents WHERE document_id = %s", (document_id,)
        )
    if row is None:
        return None
    owner_id, sealed_key, sealed, digest = row
    if digest is not None:
        sealed = _required(store).get(digest)
    if sealed is None:
        return None
    key = from_text(vault.open(owner_id, sealed_key, _context(app)))
    return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], document_id.bytes)


def drop(app: Application, store: Store | None, document_id: UUID) -> None:
    """Destroy the content of a document that was taken back: its key first, without which nobody reads the rest."""
    with app.session() as session:
        row = session.one("DELETE FROM contents WHERE document_id = %s RETURNING content_hash", (document_id,))
    if row and row[0] is not None:
        _required(store).drop(row[0])


def _required(store: Store | None) -> Store:
    if store is None:  # it was kept outside, and this process is not told where
        raise StoreAwayError
    return store


def _context(app: Application) -> str:
    return f"{app.name}.Document.content"
