"""Tamper evidence as whoever checks it needs it: leaf, path and signed checkpoint (RFC 6962, C2SP signed note).

This one file imports nothing of ours: an auditor can take it away and read it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LEAF = b"\x00"
_NODE = b"\x01"
_FORMAT = 1
_FIXED = struct.Struct(">B16sqq")
HASH = 32
_ED25519 = b"\x01"
_KEY_ID = 4
_DASH = "— "
MOST_SIGNATURES = 64


class NotProvenError(ValueError):
    """What was to be proven is not: the message says what does not fit."""


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


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 over 0x01 and both children."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_of(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` leaves in which `leaf` stands at `index` (from 0), by its path of siblings.

    Raises `NotProvenError` where the path is not as long as it must be.
    """
    if not 0 <= index < size:
        raise NotProvenError(f"there is no leaf {index} in a tree of {size}")
    inner = (index ^ (size - 1)).bit_length()
    border = (index >> inner).bit_count()
    if len(path) != inner + border:
        raise NotProvenError(f"the path has {len(path)} hashes, it must have {inner + border}")
    root = leaf
    for height, sibling in enumerate(path):
        on_the_left = height >= inner or index >> height & 1
        root = node_hash(sibling, root) if on_the_left else node_hash(root, sibling)
    return root


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs checkpoints, as C2SP writes it: name, id in hexadecimal digits, type and key in base64."""

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that name the key in a signature line."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:_KEY_ID]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode()}"

    @classmethod
    def parse(cls, line: str) -> PublicKey:
        """The key in a line. Raises `NotProvenError` for what is none, a line that was changed too."""
        name, _, rest = line.strip().partition("+")
        id_, _, encoded = rest.partition("+")
        raw = _decoded(encoded, "the public key")
        key = cls(name, raw[1:])
        if not name or len(raw) != HASH + 1 or raw[:1] != _ED25519 or key.id.hex() != id_:
            raise NotProvenError("this is no public key: it looks like mandate.example+0f1e2d3c+AbC…")
        return key

    def signed(self, signature: bytes, text: str) -> bool:
        """Whether the signature is this key's, over this text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How a log was when it was sealed: all of it stands in one hash."""

    origin: str
    """Installation, service and edition of the log."""
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def checkpoint_in(note: str) -> tuple[Checkpoint, list[tuple[str, bytes]]]:
    """The checkpoint that a note tells, unproven, and its signatures: key name, id and signature in one.

    Raises `NotProvenError` for what is no checkpoint.
    """
    text, blank, signatures = note.rpartition("\n\n")
    lines = (text + "\n").split("\n")
    if not blank or len(lines) != 4 or not lines[0] or not _is_number(lines[1]):  # noqa: PLR2004 - three and the end
        raise NotProvenError("this is no checkpoint: origin, size and root in a line each, a blank line, signatures")
    root = _decoded(lines[2], "the root")
    if len(root) != HASH:
        raise NotProvenError(f"the root has {len(root)} bytes, a hash has {HASH}")
    signed = signatures.splitlines()
    if not signatures.endswith("\n") or not 0 < len(signed) <= MOST_SIGNATURES:
        raise NotProvenError("the checkpoint has no signature, or too many")
    return Checkpoint(lines[0], int(lines[1]), root), [_signature(line) for line in signed]


def open_checkpoint(note: str, keys: Sequence[PublicKey]) -> Checkpoint:
    """The checkpoint in a note that one of these keys has signed; signatures of others are no matter.

    Raises `NotProvenError`, also where a signature in the name of one of them is wrong.
    """
    checkpoint, signatures = checkpoint_in(note)
    known = {(key.name, key.id): key for key in keys}
    ours = [(known[name, one[:_KEY_ID]], one[_KEY_ID:]) for name, one in signatures if (name, one[:_KEY_ID]) in known]
    if not ours:
        by = ", ".join(f"{name}+{one[:_KEY_ID].hex()}" for name, one in signatures)
        raise NotProvenError(f"the checkpoint of {checkpoint.size} is signed by {by}, and not by a key that you trust")
    for key, signature in ours:
        if not key.signed(signature, checkpoint.text):
            raise NotProvenError(f"the signature of the checkpoint of {checkpoint.size} by {key.name} is wrong")
    return checkpoint


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not name:
        raise NotProvenError("a signature line is a dash, the key's name and the signature")
    return name, _decoded(encoded, "a signature")


def _decoded(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotProvenError(f"{what} is not written in base64") from None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and str(int(text)) == text
