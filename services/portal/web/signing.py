"""Keyed hashes: what the portal hands out and wants to recognise, without keeping anything."""

from __future__ import annotations

import base64
import hashlib
import hmac


def sign(key: bytes, purpose: str, *parts: str) -> str:
    """43 characters of base64url over the parts, each purpose with a key of its own."""
    own_key = hmac.digest(key, purpose.encode(), hashlib.sha256)
    message = b"".join(len(part.encode()).to_bytes(4) + part.encode() for part in parts)
    return encode(hmac.digest(own_key, message, hashlib.sha256))


def same(signature: str, key: bytes, purpose: str, *parts: str) -> bool:
    """Whether the signature is ours; takes the same time either way (A-02)."""
    return hmac.compare_digest(signature.encode(), sign(key, purpose, *parts).encode())


def encode(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
