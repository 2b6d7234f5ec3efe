"""Step-up: a second factor again, inside a session, before what is worth more than being signed in (S-09)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.hashing import hash_of
from services.identity.commands import codes, second_factor, sessions, taken
from services.identity.commands.codes import CodeJustSpentError, Sent
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import STEP_UP, Code
from services.identity.domain.refusals import (
    AccountLockedError,
    CodeSpentError,
    MethodUnknownError,
    SessionEndedError,
)
from services.identity.domain.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose session it is, and the last code that was sent for it; None before the first."""

    account: Account
    sent: Sent | None


def standing(app: Application, parts: Parts, token: str) -> Asked:
    """Where the step-up of a session stands. Raises `SessionEndedError`."""
    found, account = sessions.look(app, parts, token, activity=False)
    return Asked(account, codes.last(app, found.sign_in_id, STEP_UP))


def send_code(
    app: Application, parts: Parts, *, command_id: UUID, token: str, method_id: UUID | None
) -> tuple[Receipt, Account, Sent]:
    """Send a code to a method, or to the primary one; the one before it dies."""
    found, account = sessions.look(app, parts, token, activity=False)
    usable = account.usable_methods()
    method = usable[0] if method_id is None else next((one for one in usable if one.id == method_id), None)
    if method is None:
        raise MethodUnknownError
    sent = codes.prepare(
        app,
        parts,
        command_id=command_id,
        subject=found.sign_in_id,
        purpose=STEP_UP,
        method_id=method.id,
        sends=str(account.id),
        an_hour=parts.settings.step_up_codes_per_hour,
    )
    cause = Cause.of(account.id, command_id)
    receipt = app.execute(codes.send, cause, parts=parts, sent=sent, account=account, kind=method.kind)
    return receipt, account, sent


def verify(app: Application, parts: Parts, *, command_id: UUID, token: str, typed: str) -> tuple[Receipt, str]:
    """Take the code; the session goes on under a new token, and its second factor is new (S-08)."""
    own = parts.token("stepped_up", command_id)
    again = sessions.find(app, own)
    if again is None:
        found, account = sessions.look(app, parts, token, activity=True)
        sent = codes.last(app, found.sign_in_id, STEP_UP)
        if sent is None:
            raise CodeSpentError
        try:
            codes.check(app, parts, id=sent.id, typed=typed, command_id=command_id)
        except CodeJustSpentError:
            if second_factor.spend(app, parts, account, sent.id):
                raise AccountLockedError from None
            raise CodeSpentError from None
        _renew(app, token, own)
        again = sessions.find(app, own)
        if again is None:
            raise SessionEndedError  # another step-up of the same session was faster
    cause = Cause.of(again.account_id, command_id)
    before = taken.answered(app, cause)
    if before is None:
        proven = codes.last(app, again.sign_in_id, STEP_UP)
        assert proven is not None  # it was used just now
        before = app.execute(_step_up, cause, sign_in_id=again.sign_in_id, code_id=proven.id)
    codes.forget_sends(app, STEP_UP, str(again.account_id))
    return before, own


def _renew(app: Application, token: str, own: str) -> None:
    with app.session() as session:
        session.run(
            "UPDATE sessions SET hash = %s, second_factor_at = %s WHERE hash = %s AND ended_at IS NULL",
            (hash_of(own), nature.now(), hash_of(token)),
        )


def _step_up(app: Application, cause: Cause, *, sign_in_id: UUID, code_id: UUID) -> Receipt:
    sign_in: SignIn = app.repository.get(sign_in_id)
    sign_in.step_up()
    code: Code = app.repository.get(code_id)
    code.verify()
    return app.commit(sign_in, code, cause=cause)
