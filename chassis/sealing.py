"""Secrets on their way to one service: sealed with its public key, so that bus, log and other services see none."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis import nature
from chassis.vault import NONCE, SealBrokenError, from_text, pad, to_text, unpad

FORMAT = "x1"
POINT = 32
"""Bytes of a key of X25519, private or public."""


def new_pair() -> tuple[bytes, bytes]:
    """A private key and its public key, 32 bytes each."""
    private = nature.random_bytes(POINT)
    return private, public_of(private)


def public_of(private_key: bytes) -> bytes:
    """The public key that belongs to a private one."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def seal_for(public_key: bytes, plaintext: str, context: str) -> str:
    """The text as `x1.<base64url>`, readable with the private key and the same `context` alone.

    Ephemeral X25519, HKDF-SHA-256 over both public keys, AES-256-GCM; filled up, so that its size tells nothing.
    """
    ephemeral, point = new_pair()
    nonce = nature.random_bytes(NONCE)
    cipher = _cipher(ephemeral, public_key, point + public_key)
    return f"{FORMAT}.{to_text(point + nonce + cipher.encrypt(nonce, pad(plaintext.encode()), context.encode()))}"


def open_sealed(private_key: bytes, token: str, context: str) -> str:
    """The plaintext. Raises `SealBrokenError` where the token is not for this key in this context."""
    form, _, payload = token.partition(".")
    if form != FORMAT:
        raise SealBrokenError("this is no sealed secret, or one of a newer release")
    try:
        sealed = from_text(payload)
        point, nonce, rest = sealed[:POINT], sealed[POINT : POINT + NONCE], sealed[POINT + NONCE :]
        cipher = _cipher(private_key, point, point + public_of(private_key))
        return unpad(cipher.decrypt(nonce, rest, context.encode())).decode()
    except (ValueError, InvalidTag):
        raise SealBrokenError("not sealed for this service in this context") from None


def _cipher(private_key: bytes, public_key: bytes, salt: bytes) -> AESGCM:
    shared = X25519PrivateKey.from_private_bytes(private_key).exchange(X25519PublicKey.from_public_bytes(public_key))
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"mandate.sealing.x1").derive(shared))
