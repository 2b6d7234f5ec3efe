"""Who did a thing, for whom, by which command and because of what; and the receipt for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from chassis import nature
from chassis.domain import id_of

_FORMAT = 1
_LAYOUT = struct.Struct(">B16s16s16s16sq")
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Cause:
    """What stands behind an event. The first five fields are stored with it, packed in 73 bytes."""

    actor: UUID
    command_id: UUID
    correlation_id: UUID
    on_behalf_of: UUID | None = None
    causation: int = 0
    """Position, in the same log, of the event that woke a policy; 0 where a person or a timer began."""
    roles: frozenset[str] = field(default=frozenset(), compare=False)
    """Roles of the actor beyond his own affairs (EUS, MAC, AUDITOR), as his token says."""
    mfa_at: datetime | None = field(default=None, compare=False)
    """When the actor last gave a second factor (security: step-up)."""

    @classmethod
    def of(cls, actor: UUID, command_id: UUID | None = None, **more: object) -> Self:
        """The cause of a command: the correlation begins here."""
        command_id = command_id or nature.new_id()
        return cls(actor=actor, command_id=command_id, correlation_id=command_id, **more)  # type: ignore[arg-type]

    def pack(self) -> bytes:
        """The stored form; the log's view `history` takes it apart in SQL."""
        return _LAYOUT.pack(
            _FORMAT,
            self.actor.bytes,
            (self.on_behalf_of or _NOBODY).bytes,
            self.command_id.bytes,
            self.correlation_id.bytes,
            self.causation,
        )

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The stored form read again. Raises `ValueError` for another format."""
        try:
            form, actor, behalf, command, correlation, causation = _LAYOUT.unpack(packed)
        except struct.error as error:
            raise ValueError(f"not a packed cause: {error}") from error
        if form != _FORMAT:
            raise ValueError(f"a cause of format {form} needs a newer release")
        on_behalf_of = UUID(bytes=behalf)
        return cls(
            actor=UUID(bytes=actor),
            on_behalf_of=None if on_behalf_of == _NOBODY else on_behalf_of,
            command_id=UUID(bytes=command),
            correlation_id=UUID(bytes=correlation),
            causation=causation,
        )

    def then(self, *, actor: UUID, position: int) -> Self:
        """The cause of what a policy does because of the event at `position`."""
        return replace(self, actor=actor, causation=position, roles=frozenset(), mfa_at=None)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a command was taken: all of it stands in `origin`'s log at `position` or before."""

    origin: str
    edition: int
    position: int
    id: UUID
    """The aggregate that the command was about."""


def system_actor(name: str) -> UUID:
    """The actor of what nobody did: a policy, a timer, an ingest; `name` is `service/part`."""
    return id_of("system", name)
