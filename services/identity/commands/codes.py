"""Codes of six digits: issued, counted, compared, used once (S-05, D-24, D-25)."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.database import Session
from chassis.domain import id_of
from chassis.hashing import HashQueueFullError
from chassis.sealing import seal_for
from services.identity.commands import counters
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import Code
from services.identity.domain.refusals import (
    CodeExpiredError,
    CodeSpentError,
    CodeWrongError,
    ResendTooEarlyError,
    TooManyCodesError,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DIGITS = 6
SECRET_CONTEXT = "mandate.identity.v1.MfaCodeIssued/"  # noqa: S105 - a name
"""Before the code's id: what the notifier gives to open the secret."""

_COLUMNS = "id, subject, purpose, method_id, tries, issued_at, resend_at, dies_at, used_by, replaced"


class CodeJustSpentError(CodeSpentError):
    """This was the last try. Ask for another code (D-24)."""

    code = "CODE_SPENT"


@dataclass(frozen=True, slots=True)
class Sent:
    """A code that was sent, without the code."""

    id: UUID
    subject: UUID
    purpose: str
    method_id: UUID | None
    tries: int
    issued_at: datetime
    resend_at: datetime
    dies_at: datetime
    used_by: UUID | None
    replaced: bool


def id_for(command_id: UUID) -> UUID:
    """The stream of the code that a command issues."""
    return id_of("identity.Code", command_id)


def prepare(
    app: Application,
    parts: Parts,
    *,
    command_id: UUID,
    subject: UUID,
    purpose: str,
    method_id: UUID | None,
    sends: str,
    an_hour: int | None = None,
    decoy: bool = False,
) -> Sent:
    """Count a sending and keep what the code is compared with; the one before it dies. Once for each command.

    `sends` names whose sendings are counted: a person's, or an address's; `an_hour` is another allowance than that of
    sign-ins. Raises `ResendTooEarlyError` and
    `TooManyCodesError`.
    """
    id = id_for(command_id)  # noqa: A001 - the code's own
    if find(app, id) is None:
        now = nature.now()
        with app.session() as session, session.transaction():
            again = f"again/{purpose}/{subject}/{method_id}"
            _count(session, parts, now=now, again=again, sends=f"sends/{purpose}/{sends}", an_hour=an_hour)
            session.run(
                "UPDATE codes SET replaced = true WHERE subject = %s AND purpose = %s AND NOT replaced",
                (subject, purpose),
            )
            session.run(
                "INSERT INTO codes (id, subject, purpose, method_id, verifier, issued_at, resend_at, dies_at)"
                " VALUES (%s, %s, %s, %s, '', %s, %s, %s) ON CONFLICT DO NOTHING",
                (
                    *(id, subject, purpose, method_id),
                    *(now, now + parts.settings.code_resend, now + parts.settings.code_life),
                ),
            )
    _keep_verifier(app, parts, id, decoy=decoy)
    sent = find(app, id)
    assert sent is not None  # written just now
    return sent


def _keep_verifier(app: Application, parts: Parts, id: UUID, *, decoy: bool) -> None:
    """Keep what a code is compared with, once: slow, so after its sending was counted, and outside the transaction."""
    with app.session() as session:
        is_kept = session.one("SELECT 1 FROM codes WHERE id = %s AND verifier = ''", (id,)) is None
    if is_kept:
        return
    verifier = parts.hasher.hash(f"decoy/{id}" if decoy else digits(parts, id))
    with app.session() as session:
        session.run("UPDATE codes SET verifier = %s WHERE id = %s AND verifier = ''", (verifier, id))


def issue(parts: Parts, sent: Sent, *, account_id: UUID, kind: str, language: str) -> Code:
    """The event's aggregate of a code that is kept: its digits are sealed for the notifier alone."""
    secret = seal_for(parts.keys.notifier, digits(parts, sent.id), f"{SECRET_CONTEXT}{sent.id}")
    return Code(
        id=sent.id,
        account_id=account_id,
        purpose=sent.purpose,
        method_id=sent.method_id,
        kind=kind,
        secret=secret,
        language=language,
        dies_at=sent.dies_at,
    )


def send(app: Application, cause: Cause, *, parts: Parts, sent: Sent, account: Account, kind: str) -> Receipt:
    """Send a code that is kept, in the person's own language, whatever the page's is."""
    code = issue(parts, sent, account_id=account.id, kind=kind, language=account.language)
    return app.commit(code, cause=cause)


def check(app: Application, parts: Parts, *, id: UUID, typed: str, command_id: UUID) -> None:
    """Use a code up. A repeat of the command that used it is right again.

    A try is counted before the code is compared, by one statement, so that two hundred at once get no more than five.
    Raises `CodeExpiredError`, `CodeSpentError`, `CodeWrongError`, and `CodeJustSpentError` at the last wrong try.
    """
    sent = find(app, id)
    if sent is not None and sent.used_by == command_id:
        return
    if sent is None or sent.replaced or sent.used_by is not None:
        raise CodeSpentError
    if nature.now() >= sent.dies_at:
        raise CodeExpiredError
    with app.session() as session:
        row = session.one(
            "UPDATE codes SET tries = tries + 1 WHERE id = %s AND tries < %s AND used_by IS NULL AND NOT replaced"
            " RETURNING tries, verifier",
            (id, parts.settings.code_tries),
        )
    if row is None:
        raise CodeSpentError
    tries, verifier = row
    if _is_right(app, parts, id, verifier, typed):
        with app.session() as session:
            used = session.one(
                "UPDATE codes SET used_by = %s WHERE id = %s AND used_by IS NULL RETURNING 1", (command_id, id)
            )
        if used is None:
            raise CodeSpentError  # another command was faster: single use
        return
    raise CodeJustSpentError if tries >= parts.settings.code_tries else CodeWrongError


def _is_right(app: Application, parts: Parts, id: UUID, verifier: str, typed: str) -> bool:
    well_formed = re.fullmatch(r"[0-9]{6}", typed) is not None
    try:
        return parts.hasher.verify(verifier if well_formed else None, typed)
    except HashQueueFullError:
        with app.session() as session:  # not compared, so not a try
            session.run("UPDATE codes SET tries = tries - 1 WHERE id = %s", (id,))
        raise


def find(app: Application, id: UUID) -> Sent | None:
    """A code by its id."""
    with app.session() as session:
        row = session.one(f"SELECT {_COLUMNS} FROM codes WHERE id = %s", (id,))  # noqa: S608
    return Sent(*row) if row else None


def last(app: Application, subject: UUID, *purposes: str) -> Sent | None:
    """The code that was sent last, dead or alive."""
    with app.session() as session:
        row = session.one(
            f"SELECT {_COLUMNS} FROM codes WHERE subject = %s AND purpose = ANY(%s)"  # noqa: S608
            " ORDER BY replaced, issued_at DESC LIMIT 1",
            (subject, list(purposes)),
        )
    return Sent(*row) if row else None


def is_live(parts: Parts, sent: Sent | None) -> bool:
    """Whether the code could still be right."""
    return (
        sent is not None
        and sent.used_by is None
        and not sent.replaced
        and sent.tries < parts.settings.code_tries
        and nature.now() < sent.dies_at
    )


def digits(parts: Parts, id: UUID) -> str:
    """The code of a command: the same each time, so that a command that is tried again sends what is compared."""
    number = int.from_bytes(hmac.digest(parts.keys.tokens, b"code/" + id.bytes, "sha256")[:16])
    return f"{number % 10**DIGITS:0{DIGITS}}"


def forget_sends(app: Application, purpose: str, sends: str) -> None:
    """Begin counting sendings anew, for somebody who has proven to be their owner (D-24)."""
    with app.session() as session:
        counters.reset(session, f"sends/{purpose}/{sends}")


def _count(session: Session, parts: Parts, *, now: datetime, again: str, sends: str, an_hour: int | None) -> None:
    limits = parts.settings
    if counters.count(session, again, now=now, window=limits.code_resend, most=1) is None:
        wait = counters.wait(session, again, now=now, window=limits.code_resend)
        raise ResendTooEarlyError(retry_after_seconds=wait)
    if counters.count(session, sends, now=now, window=HOUR, most=an_hour or limits.codes_per_hour) is None:
        raise TooManyCodesError(retry_after_seconds=counters.wait(session, sends, now=now, window=HOUR))
    a_day = f"day/{sends}"
    if counters.count(session, a_day, now=now, window=DAY, most=limits.codes_per_day) is None:
        raise TooManyCodesError(retry_after_seconds=counters.wait(session, a_day, now=now, window=DAY))
