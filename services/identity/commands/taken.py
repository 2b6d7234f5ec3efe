"""Commands that come again: with equal fields they get the first answer, with others none."""

from __future__ import annotations

import hmac
from datetime import timedelta
from uuid import UUID

from chassis import nature
from chassis.application import COMMAND_AHEAD, COMMAND_LIFE, Application, CommandTooOldError
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError
from chassis.vault import NONCE
from services.identity.commands.parts import Parts
from services.identity.domain.refusals import (
    AccountLockedError,
    CodeSpentError,
    CodeWrongError,
    CommandIdMalformedError,
    CommandIdTakenError,
    SignInFailedError,
)

_COUNTED = {one.code: one for one in (AccountLockedError, CodeSpentError, CodeWrongError, SignInFailedError)}
"""Refusals that a repeat is told again, without another try being counted."""


def begin(app: Application, parts: Parts, *, command_id: str, fields: bytes) -> tuple[UUID, bytes | None]:
    """Take a command's id; and the first answer, where there was one. Raises what is wrong with the id.

    A refusal is told again, without asking, where a try was counted.
    """
    id = _checked(command_id)  # noqa: A001 - the command's own
    fingerprint = parts.fingerprint(fields)
    with app.session() as session:
        session.run(
            "INSERT INTO taken (command_id, fingerprint, taken_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (id, fingerprint, nature.now()),
        )
        row = session.one("SELECT fingerprint, refusal, answer FROM taken WHERE command_id = %s", (id,))
    if row is None or not hmac.compare_digest(row[0], fingerprint):
        raise CommandIdTakenError
    _, refusal, sealed = row
    if refusal:
        raise _COUNTED[refusal]
    if sealed is None:
        return id, None
    return id, parts.answers_to(fields).decrypt(sealed[:NONCE], sealed[NONCE:], id.bytes)


def keep(app: Application, parts: Parts, command_id: UUID, *, fields: bytes, answer: bytes) -> None:
    """Keep the answer, sealed, for as long as a repeat is taken; where it is lost, the aggregates have it."""
    nonce = nature.random_bytes(NONCE)
    sealed = nonce + parts.answers_to(fields).encrypt(nonce, answer, command_id.bytes)
    with app.session() as session:
        session.run("UPDATE taken SET answer = %s WHERE command_id = %s AND answer IS NULL", (sealed, command_id))


def refuse(app: Application, command_id: UUID, error: DomainError) -> None:
    """Keep what was answered, where a try was counted."""
    if error.code in _COUNTED:
        with app.session() as session:
            session.run("UPDATE taken SET refusal = %s WHERE command_id = %s", (error.code, command_id))


def _checked(command_id: str) -> UUID:
    try:
        id = UUID(command_id)  # noqa: A001 - the command's own
    except ValueError:
        raise CommandIdMalformedError from None
    made_at = nature.made_at(id)
    if made_at is None:
        raise CommandIdMalformedError
    if not -COMMAND_AHEAD <= nature.now() - made_at <= COMMAND_LIFE:
        raise CommandTooOldError
    return id


class _NewError(Exception):
    """Nobody has answered this command yet."""


def answered(app: Application, cause: Cause) -> Receipt | None:
    """The receipt of a command that was answered before; None for a new one."""
    try:
        return app.execute(_never, cause)
    except _NewError:
        return None


def _never(app: Application, cause: Cause) -> Receipt:  # noqa: ARG001 - a command's form
    raise _NewError


def sweep(app: Application) -> None:
    """Forget commands of which no repeat is taken any more, and bearers, codes and sessions long dead."""
    now = nature.now()
    old = now - COMMAND_LIFE - timedelta(hours=2)
    with app.session() as session:
        session.run("DELETE FROM taken WHERE taken_at < %s", (old,))
        session.run("DELETE FROM challenges WHERE used_at < %s", (old,))
        session.run("DELETE FROM tokens WHERE dies_at < %s", (old,))
        session.run("DELETE FROM codes WHERE dies_at < %s", (old,))
        session.run(
            "DELETE FROM sessions AS s WHERE ends_at < %s AND EXISTS"
            " (SELECT FROM sessions AS n WHERE n.account_id = s.account_id AND n.started_at > s.started_at)",
            (old,),
        )
