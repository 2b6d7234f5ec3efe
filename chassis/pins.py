"""PINs of invitations: kept hashed, counted before they are compared, used once (S-06, D-27)."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Protocol
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError
from chassis.hashing import Hasher, HashQueueFullError, HashSettings
from chassis.vocabulary import pin

MOST_COMPARED = 10
"""Live invitations of one address that one entry is compared with, those that live longest first."""


class PinSettings(HashSettings):
    """Defaults are those of limits.md."""

    pin_hours: int = 72
    pin_tries: int = 5

    @property
    def pin_life(self) -> timedelta:
        """How long a PIN is good."""
        return timedelta(hours=self.pin_hours)


class Parts(Protocol):
    """What a service works with that sends PINs; its migrations make the tables `pins` and `invited`."""

    @property
    def settings(self) -> PinSettings:
        """How long a PIN lives, and how often it is compared."""
        ...

    @property
    def hasher(self) -> Hasher:
        """What PINs are compared by."""
        ...

    def address_index(self, email: str, /) -> str:
        """By which an invited address is found; compared without case."""
        ...

    def pin(self, invitation_id: UUID, /) -> str:
        """The PIN of an invitation, the same each time."""
        ...


def derive(key: bytes, invitation_id: UUID) -> str:
    """The PIN of an invitation: the same each time, so that a command that is tried again sends what is kept."""
    draws = count()

    def derived(wanted: int) -> bytes:
        return hmac.digest(key, f"pin/{invitation_id}/{next(draws)}".encode(), "sha512")[:wanted]

    return pin.make(derived)


@dataclass(frozen=True, slots=True)
class Tried:
    """A live PIN with which an entry was compared; `tries` includes this one."""

    invitation_id: UUID
    tries: int


class PinWrongError(DomainError):
    """What was entered is no live PIN of this address; `tried` are those that it was compared with."""

    def __init__(self, tried: list[Tried]) -> None:
        super().__init__()
        self.tried = tried


def keep(app: Application, parts: Parts, *, invitation_id: UUID, email: str) -> datetime:
    """Keep what the PIN of an invitation is compared with; until when. Once for each: a repeat gains no time."""
    with app.session() as session:
        kept = session.one("SELECT dies_at FROM pins WHERE invitation_id = %s", (invitation_id,))
    if kept is None:
        verifier = parts.hasher.hash(parts.pin(invitation_id))
        with app.session() as session, session.transaction():
            session.run(
                "INSERT INTO invited (invitation_id, address_index) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                (invitation_id, parts.address_index(email)),
            )
            kept = session.one(
                "INSERT INTO pins (invitation_id, address_index, verifier, dies_at) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (invitation_id) DO UPDATE SET dies_at = pins.dies_at RETURNING dies_at",
                (invitation_id, parts.address_index(email), verifier, nature.now() + parts.settings.pin_life),
            )
        assert kept is not None  # a row, ours or that of whoever was faster
    dies_at: datetime = kept[0]
    return dies_at


def drop(app: Application, invitation_id: UUID) -> None:
    """Destroy what a PIN is compared with: it is over."""
    with app.session() as session:
        session.run("DELETE FROM pins WHERE invitation_id = %s", (invitation_id,))


def forget(app: Application, invitation_id: UUID) -> None:
    """Destroy that, and by which address the invitation is found: nobody has a use for it any more."""
    drop(app, invitation_id)
    with app.session() as session:
        session.run("DELETE FROM invited WHERE invitation_id = %s", (invitation_id,))


def dead(app: Application, parts: Parts, *, email: str) -> list[UUID]:
    """The invitations of an address whose PINs are too old, or were guessed at too often; the newest first."""
    with app.session() as session:
        rows = session.run(
            "SELECT i.invitation_id FROM invited AS i LEFT JOIN pins AS p USING (invitation_id)"
            " WHERE i.address_index = %s AND p.used_by IS NULL"
            " AND (p.invitation_id IS NULL OR p.dies_at <= %s OR p.tries >= %s)"
            " ORDER BY i.invitation_id DESC LIMIT %s",
            (parts.address_index(email), nature.now(), parts.settings.pin_tries, MOST_COMPARED),
        )
    return [id_ for (id_,) in rows]


def use(app: Application, parts: Parts, *, email: str, typed: str, command_id: UUID) -> UUID:
    """Use up the PIN that was entered with an address; its invitation. A repeat of the command is right again.

    A try is counted before the PIN is compared, by one statement, so that two hundred at once get no more than five.
    An address without a live PIN costs the same work (A-01). Raises `PinWrongError` and `HashQueueFullError`.
    """
    index = parts.address_index(email)
    with app.session() as session:
        again = session.one(
            "SELECT invitation_id FROM pins WHERE address_index = %s AND used_by = %s", (index, command_id)
        )
        if again:
            return UUID(str(again[0]))
        rows = session.run(
            "UPDATE pins SET tries = tries + 1 WHERE invitation_id IN (SELECT invitation_id FROM pins WHERE"
            " address_index = %s AND dies_at > %s AND used_by IS NULL ORDER BY dies_at DESC LIMIT %s)"
            " AND tries < %s AND used_by IS NULL RETURNING invitation_id, verifier, tries",
            (index, nature.now(), MOST_COMPARED, parts.settings.pin_tries),
        )
    try:
        right = [id_ for id_, verifier, _ in rows if parts.hasher.verify(verifier, typed)]
        if not rows:
            parts.hasher.verify(None, typed)
    except HashQueueFullError:
        _give_back(app, [id_ for id_, _, _ in rows])  # not compared, so not a try
        raise
    tried = [Tried(id_, tries) for id_, _, tries in rows]
    if not right:
        raise PinWrongError(tried)
    _give_back(app, [one.invitation_id for one in tried])  # the right PIN of one is no wrong one of another
    with app.session() as session:
        used = session.one(
            "UPDATE pins SET used_by = %s WHERE invitation_id = %s AND used_by IS NULL RETURNING 1",
            (command_id, right[0]),
        )
    if used is None:
        raise PinWrongError([])  # another command was faster: single use
    return UUID(str(right[0]))


def note(
    app: Application, parts: Parts, wrong: PinWrongError, reject: Callable[..., Receipt], *, visitor: UUID
) -> None:
    """Let each invitation that was tried take note of it; `reject` is the command, with `is_last` for the last try."""
    for tried in wrong.tried:
        is_last = tried.tries >= parts.settings.pin_tries
        app.execute(reject, Cause.of(visitor), invitation_id=tried.invitation_id, is_last=is_last)


def _give_back(app: Application, ids: list[UUID]) -> None:
    with app.session() as session:
        session.run("UPDATE pins SET tries = tries - 1 WHERE invitation_id = ANY(%s)", (ids,))
