"""Tamper evidence: the leaf of every event, hashed in the transaction that writes it (RFC 6962 leaves)."""

from __future__ import annotations

import hashlib
import struct
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAF = b"\x00"
_FORMAT = 1
_FIXED = struct.Struct(">B16sqq")


def leaf_hash(  # noqa: PLR0917 - the leaf's own order
    origin: str, stream: UUID, version: int, topic: str, recorded_at: datetime, cause: bytes, state: bytes
) -> bytes:
    """SHA-256 over 0x00 and the leaf: 32 bytes.

    The leaf is format 1 (one byte), stream (16 bytes), version and microseconds since 1970 UTC (eight bytes
    each, big-endian), then origin, topic, cause and state, each behind its length in four bytes. The position
    is no part of it: it is unknown before the insert, and the tree's order says it.
    """
    leaf = [_LEAF, _FIXED.pack(_FORMAT, stream.bytes, version, (recorded_at - _EPOCH) // _MICROSECOND)]
    for part in (origin.encode(), topic.encode(), cause, state):
        leaf += (len(part).to_bytes(4), part)
    return hashlib.sha256(b"".join(leaf)).digest()
