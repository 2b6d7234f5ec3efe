"""Ids of commands: made with the form, so that sending it twice is the same as once."""

from __future__ import annotations

import hashlib
from uuid import UUID

from chassis import nature

FIELD = "command_id"


def new() -> str:
    """A UUIDv7 for a form."""
    return str(nature.new_id())


def read(text: str) -> str | None:
    """The id as a form brought it back; None for what no form of ours holds."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return text if nature.made_at(found) and str(found) == text else None


def then(command_id: str, step: str) -> str:
    """The id of a second command that the same form gives: of the same moment, and the same at every repeat."""
    first = UUID(command_id)
    chance = int.from_bytes(hashlib.sha256(first.bytes + step.encode()).digest()[:10])
    mask = (1 << 80) - 1
    version_and_variant = 0x7 << 76 | 0b10 << 62
    free = mask & ~(0xF << 76 | 0b11 << 62)
    return str(UUID(int=(first.int & ~mask) | version_and_variant | (chance & free)))


def is_id(text: str) -> bool:
    """Whether it is a UUID in its 36 characters."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
