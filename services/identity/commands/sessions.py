"""Sessions: 15 minutes idle, 12 hours in all, looked at with every page (S-08, D-26)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.hashing import hash_of
from services.identity.commands import taken
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.refusals import SessionEndedError
from services.identity.domain.sign_in import SignIn

_COLUMNS = "sign_in_id, account_id, started_at, seen_at, ends_at, second_factor_at, last_signed_in_at, ended_at"
_ALIVE = "hash = %s AND ended_at IS NULL AND ends_at > %s AND seen_at > %s"


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its table has it."""

    sign_in_id: UUID
    account_id: UUID
    started_at: datetime
    seen_at: datetime
    ends_at: datetime
    second_factor_at: datetime
    last_signed_in_at: datetime | None
    ended_at: datetime | None


def begin(app: Application, parts: Parts, token: str, *, sign_in_id: UUID, account_id: UUID) -> None:
    """Keep a session, before the event that it belongs to; one left by a crash before its event gives way."""
    now = nature.now()
    with app.session() as session:
        before = session.one(
            "SELECT max(started_at) FROM sessions WHERE account_id = %s AND sign_in_id <> %s", (account_id, sign_in_id)
        )
        session.run(
            "INSERT INTO sessions (hash, sign_in_id, account_id, started_at, seen_at, ends_at, second_factor_at,"
            " last_signed_in_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (sign_in_id) DO UPDATE SET hash = excluded.hash, started_at = excluded.started_at,"
            " seen_at = excluded.seen_at, ends_at = excluded.ends_at, second_factor_at = excluded.second_factor_at",
            (
                *(hash_of(token), sign_in_id, account_id, now, now, now + parts.settings.session_life, now),
                before[0] if before else None,
            ),
        )


def look(app: Application, parts: Parts, token: str, *, activity: bool) -> tuple[Session, Account]:
    """A live session and its account; `activity` begins the idle limit anew. Raises `SessionEndedError`.

    A session whose sign-in was never completed, or whose account is locked or closed, is none.
    """
    now = nature.now()
    values = (hash_of(token), now, now - parts.settings.session_idle)
    with app.session() as session:
        row = (
            session.one(f"UPDATE sessions SET seen_at = %s WHERE {_ALIVE} RETURNING {_COLUMNS}", (now, *values))  # noqa: S608
            if activity
            else session.one(f"SELECT {_COLUMNS} FROM sessions WHERE {_ALIVE}", values)  # noqa: S608
        )
        if row is None:
            raise SessionEndedError
        found = Session(*row)
        with app.pinned(session):
            account: Account = app.repository.get(found.account_id)
            sign_in: SignIn | None = app.repository.find(found.sign_in_id)
    if not account.is_active or sign_in is None or sign_in.status != "LIVE":
        raise SessionEndedError
    return found, account


def find(app: Application, token: str) -> Session | None:
    """A session by its token, dead or alive."""
    with app.session() as session:
        row = session.one(f"SELECT {_COLUMNS} FROM sessions WHERE hash = %s", (hash_of(token),))  # noqa: S608
    return Session(*row) if row else None


def sid(token: str) -> str:
    """The session's hash, as tokens for services carry it."""
    return hash_of(token).hex()


def end(app: Application, parts: Parts, *, command_id: UUID, token: str) -> Receipt | None:
    """Sign out. None where the session had ended already."""
    found = find(app, token)
    if found is None:
        return None
    cause = Cause.of(found.account_id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before
    now = nature.now()
    if found.ended_at or now >= found.ends_at or now >= found.seen_at + parts.settings.session_idle:
        return None
    receipt = app.execute(_end, cause, id=found.sign_in_id)
    with app.session() as session:
        session.run("UPDATE sessions SET ended_at = %s WHERE hash = %s AND ended_at IS NULL", (now, hash_of(token)))
    return receipt


def _end(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    sign_in: SignIn = app.repository.get(id)
    sign_in.end()
    return app.commit(sign_in, cause=cause)
