"""The second factor: a code that makes a sign-in a session, once (X-04, X-06, D-24)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.vocabulary import tax_numbers
from services.identity.commands import bearers, codes, counters, sessions, signing_in, taken
from services.identity.commands.codes import CodeJustSpentError, Sent
from services.identity.commands.credentials import ssn_of
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import SIGN_IN, Code
from services.identity.domain.refusals import AccountLockedError, CodeSpentError, MethodUnknownError, SignInEndedError
from services.identity.domain.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in that waits for its code."""

    sign_in: SignIn
    account: Account
    sent: Sent


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What came of it: a session's token, or that of a registration to go on with."""

    receipt: Receipt
    session_token: str = ""
    registration_token: str = ""
    step: str = ""


def waiting(app: Application, token: str) -> Waiting:
    """Where a sign-in stands. Raises `SignInEndedError`."""
    begun = _borne(app, token)
    account = _account(app, begun)
    if begun.status != "CODE_SENT" or not (account.is_active or account.is_open(nature.now())):
        raise SignInEndedError
    sent = codes.find(app, begun.code_id) if begun.code_id else None
    assert sent is not None  # its event says that it was sent
    return Waiting(begun, account, sent)


def send_code(
    app: Application, parts: Parts, *, command_id: UUID, token: str, method_id: UUID | None
) -> tuple[Receipt, Account, Sent]:
    """Send another code, by the same or another method."""
    found = waiting(app, token)
    account, wanted = found.account, method_id or found.sent.method_id
    if wanted is not None and (not account.is_active or not account.method(wanted).verified):
        raise MethodUnknownError
    cause = Cause.of(account.id, command_id)
    receipt = signing_in.ask_code(app, parts, account, cause, sign_in_id=found.sign_in.id, method_id=wanted)
    sent = codes.find(app, codes.id_for(command_id))
    assert sent is not None  # sent just now
    bearers.extend(app, token, dies_at=sent.dies_at + parts.settings.code_life)
    return receipt, account, sent


def verify(app: Application, parts: Parts, *, command_id: UUID, token: str, typed: str) -> SignedIn:
    """Take the code; its right use begins a session, or goes on with a registration that is not complete."""
    begun = _borne(app, token)
    account = _account(app, begun)
    cause = Cause.of(account.id, command_id)
    before = taken.answered(app, cause)
    if before is None:
        found = waiting(app, token)
        try:
            codes.check(app, parts, id=found.sent.id, typed=typed, command_id=command_id)
        except CodeJustSpentError:
            if spend(app, parts, account, found.sent.id):
                raise AccountLockedError from None
            raise CodeSpentError from None
        before = _take(app, parts, found, cause)
    if begun.status != "RESUMED" and account.is_active:
        return SignedIn(before, session_token=parts.token("session", command_id))
    return SignedIn(before, registration_token=parts.token("resumed", command_id), step=account.step)


def _take(app: Application, parts: Parts, found: Waiting, cause: Cause) -> Receipt:
    account, command_id = found.account, cause.command_id
    codes.forget_sends(app, SIGN_IN, str(account.id))
    with app.session() as session:
        counters.reset(session, _spent_key(account.id))
    ids = {"sign_in_id": found.sign_in.id, "account_id": account.id, "code_id": found.sent.id}
    if not account.is_active:
        bearers.put(
            app,
            parts.token("resumed", command_id),
            kind=bearers.REGISTRATION,
            subject=account.id,
            dies_at=account.expires_at,
        )
        return app.execute(_resume, cause, **ids)
    sessions.begin(app, parts, parts.token("session", command_id), sign_in_id=found.sign_in.id, account_id=account.id)
    providers = parts.providers.by_ssn(account.ssn_index) if account.ssn_index else None
    person_id = None
    if account.person_id is None and account.ssn_index:  # registered before persons had ids
        person_id = tax_numbers.person_id(parts.keys.person, ssn_of(parts, account))
    return app.execute(_succeed, cause, provider_ids=providers, person_id=person_id, **ids)


def _succeed(
    app: Application,
    cause: Cause,
    *,
    sign_in_id: UUID,
    account_id: UUID,
    code_id: UUID,
    provider_ids: Sequence[UUID] | None,
    person_id: UUID | None,
) -> Receipt:
    account: Account = app.repository.get(account_id)
    if not account.is_active:
        raise SignInEndedError
    if provider_ids is not None:
        account.find_providers(provider_ids)
    if person_id is not None:
        account.identify(person_id=person_id)
    sign_in, code = _proven(app, sign_in_id, code_id)
    sign_in.succeed()
    return app.commit(sign_in, code, account, cause=cause)


def _resume(app: Application, cause: Cause, *, sign_in_id: UUID, account_id: UUID, code_id: UUID) -> Receipt:
    account: Account = app.repository.get(account_id)
    if not account.is_open(nature.now()):
        raise SignInEndedError
    sign_in, code = _proven(app, sign_in_id, code_id)
    sign_in.resume()
    return app.commit(sign_in, code, cause=cause)


def _proven(app: Application, sign_in_id: UUID, code_id: UUID) -> tuple[SignIn, Code]:
    sign_in: SignIn = app.repository.get(sign_in_id)
    code: Code = app.repository.get(code_id)
    code.verify()
    return sign_in, code


def spend(app: Application, parts: Parts, account: Account, code_id: UUID) -> bool:
    """Take note of a spent code; the third in a row locks (D-24). Return whether the account is locked now."""
    with app.session() as session:
        spent = counters.count(session, _spent_key(account.id), now=nature.now(), window=counters.EVER, most=1_000_000)
    lock = (spent or 0) >= parts.settings.spent_codes
    app.execute(_record_spent, Cause.of(account.id), account_id=account.id, code_id=code_id, lock=lock)
    return lock and account.is_active


def _record_spent(app: Application, cause: Cause, *, account_id: UUID, code_id: UUID, lock: bool) -> Receipt:
    code: Code = app.repository.get(code_id)
    code.spend()
    account: Account = app.repository.get(account_id)
    if lock:
        account.lock(reason="mfa")
    return app.commit(code, account, cause=cause)


def _borne(app: Application, token: str) -> SignIn:
    borne = bearers.subject(app, token, bearers.SIGN_IN)
    begun: SignIn | None = app.repository.find(borne[1]) if borne else None
    if begun is None or begun.account_id is None:
        raise SignInEndedError
    return begun


def _account(app: Application, begun: SignIn) -> Account:
    account: Account = app.repository.get(begun.account_id)  # type: ignore[arg-type]  # seen by _borne
    return account


def _spent_key(account_id: UUID) -> str:
    return f"spent/{account_id}"
