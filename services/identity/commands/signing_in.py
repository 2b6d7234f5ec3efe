"""The first factor: user id and password, counted before they are compared (S-02, S-03, S-04, X-07)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt, system_actor
from chassis.domain import Aggregate, Claim, id_of
from chassis.hashing import HashQueueFullError
from services.identity.commands import bearers, codes, counters, taken, verifiers
from services.identity.commands.codes import Sent
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import SIGN_IN
from services.identity.domain.password_policy import normalize
from services.identity.domain.refusals import (
    AccountHardLockedError,
    AccountLockedError,
    ProofingPendingError,
    RefusedError,
    SignInFailedError,
    TooManyTriesError,
)
from services.identity.domain.sign_in import SignIn

HOUR = timedelta(hours=1)
LONGEST_DELAY = 60
FREE_TRIES = 2
VISITOR = system_actor("identity/visitor")
"""Who tries a user id that nobody has."""

LONGEST_USER_ID = 254


def sign_in(
    app: Application, parts: Parts, *, command_id: UUID, user_id: str, password: str, address: str
) -> tuple[Receipt, Account, Sent, str]:
    """Begin a sign-in, whose id is the command's: the code that was sent, and the token that waits for it.

    Every reason that must not be told is one answer after the same work. Raises `SignInFailedError`, and with the
    right password what the account's state is.
    """
    account = _find(app, parts, user_id)
    cause = Cause.of(account.id if account else VISITOR, command_id)
    token = parts.token("sign_in", command_id)
    before = taken.answered(app, cause)
    if before is None:
        _slow_down(app, parts, user_id=user_id, address=address)
        tries, is_right = _compare(app, parts, account, user_id=user_id, password=password)
        if account is None or not is_right:
            _fail(app, parts, cause, account, tries=tries, user_id=user_id, address=address)
            raise SignInFailedError
        told = _told_of(account)
        if told is not None:
            app.execute(_record_failure, cause, account_id=account.id, reason=account.phase, lock=False)
            raise told
        _succeed(app, parts, account, user_id=user_id, address=address, password=password)
        before = ask_code(app, parts, account, cause, sign_in_id=command_id, method_id=None)
    sent = codes.find(app, codes.id_for(command_id))
    if account is None or sent is None:
        raise SignInFailedError
    dies_at = sent.dies_at + parts.settings.code_life
    bearers.put(app, token, kind=bearers.SIGN_IN, subject=command_id, dies_at=dies_at)
    return before, account, sent, token


def ask_code(
    app: Application,
    parts: Parts,
    account: Account,
    cause: Cause,
    *,
    sign_in_id: UUID,
    method_id: UUID | None,
) -> Receipt:
    """Send a code to a method, or the primary one, or for an open registration to its address (X-04)."""
    kind = "EMAIL"
    if account.is_active:
        method = account.method(method_id) if method_id else account.usable_methods()[0]
        method_id, kind = method.id, method.kind
    sent = codes.prepare(
        app,
        parts,
        command_id=cause.command_id,
        subject=sign_in_id,
        purpose=SIGN_IN,
        method_id=method_id,
        sends=str(account.id),
    )
    return app.execute(_ask, cause, parts=parts, sent=sent, sign_in_id=sign_in_id, account=account, kind=kind)


def _ask(
    app: Application,
    cause: Cause,
    *,
    parts: Parts,
    sent: Sent,
    sign_in_id: UUID,
    account: Account,
    kind: str,
) -> Receipt:
    known: SignIn | None = app.repository.find(sign_in_id)
    begun = known or SignIn(id=sign_in_id, account_id=account.id)
    begun.ask_code(code_id=sent.id)
    code = codes.issue(parts, sent, account_id=account.id, kind=kind, language=account.language)
    return app.commit(begun, code, cause=cause)


def _find(app: Application, parts: Parts, user_id: str) -> Account | None:
    """The account of a user id or a primary address; both are looked up whatever was typed (S-02)."""
    claims: list[Claim | None] = [
        app.repository.find(parts.user_id_claim(user_id)),
        app.repository.find(parts.email_claim(user_id)),
    ]
    owner = next((one.owner_id for one in claims if one is not None and one.owner_id), None)
    account: Account | None = app.repository.find(owner or VISITOR)
    return account if account is not None and account.verifiers is not None else None


def _compare(
    app: Application, parts: Parts, account: Account | None, *, user_id: str, password: str
) -> tuple[int, bool]:
    """Count a try, then compare: how many there were in a row, and whether the password is right.

    For a user id that nobody has, the same statements and the same hash (S-02).
    """
    now = nature.now()
    fits = len(password.encode()) <= parts.settings.password_bytes
    typed = normalize(password) if fits else ""
    key = password_key(account.id if account else id_of("identity.Nobody", parts.user_id_claim(user_id)))
    with app.session() as session:
        tries = counters.count(
            session, key, now=now, window=parts.settings.password_window, most=parts.settings.password_checks
        )
    verifier = verifiers.find(app, account.verifiers if account else VISITOR)
    try:
        is_right = parts.hasher.verify(verifier if tries is not None and fits else None, typed)
    except HashQueueFullError:
        if tries is not None:
            with app.session() as session:
                counters.take_back(session, key, at=now)
        raise
    return tries or 0, is_right


def _fail(
    app: Application,
    parts: Parts,
    cause: Cause,
    account: Account | None,
    *,
    tries: int,
    user_id: str,
    address: str,
) -> None:
    """Record that it failed, and lock at the third wrong password in a row (X-07)."""
    now = nature.now()
    with app.session() as session:
        counters.count(session, _try_key(parts, user_id, address), now=now, window=HOUR, most=1_000)
    app.execute(
        _record_failure,
        cause,
        account_id=account.id if account else None,
        reason="WRONG_PASSWORD" if tries else "TOO_MANY_TRIES",
        lock=tries >= parts.settings.wrong_passwords,
    )


def _record_failure(app: Application, cause: Cause, *, account_id: UUID | None, reason: str, lock: bool) -> Receipt:
    failed = SignIn(id=cause.command_id, account_id=account_id)
    failed.fail(reason=reason)
    changed: list[Aggregate] = [failed]
    if lock and account_id is not None:
        account: Account = app.repository.get(account_id)
        account.lock(reason="password")
        changed.append(account)
    return app.commit(*changed, cause=cause)


def _told_of(account: Account) -> RefusedError | None:
    """What the right password is told instead of a code; None where a code is sent."""
    if account.is_active or account.is_open(nature.now()):
        return ProofingPendingError() if account.phase == "PROOFING_REVIEW" else None
    if account.phase in ("PASSWORD_LOCKED", "MFA_LOCKED"):
        return AccountLockedError()
    return AccountHardLockedError() if account.phase == "HARD_LOCKED" else SignInFailedError()


def _succeed(app: Application, parts: Parts, account: Account, *, user_id: str, address: str, password: str) -> None:
    """Begin counting anew (D-24), and hash anew where parameters have changed."""
    with app.session() as session:
        counters.reset(session, password_key(account.id), _try_key(parts, user_id, address))
    verifier = verifiers.find(app, account.verifiers)
    if verifier is not None and account.verifiers is not None:
        verifiers.renew(app, parts, set_id=account.verifiers, verifier=verifier, password=password)


def _slow_down(app: Application, parts: Parts, *, user_id: str, address: str) -> None:
    """A growing delay for one user id from one address, and so many tries an hour from one address (S-04)."""
    now = nature.now()
    with app.session() as session:
        _wait_for(parts, counters.counted(session, _try_key(parts, user_id, address), now=now, window=HOUR), now)
        key, most = f"address/{parts.index('address', address)}", parts.settings.sign_ins_per_address_hour
        if address and counters.count(session, key, now=now, window=HOUR, most=most) is None:
            raise TooManyTriesError(retry_after_seconds=counters.wait(session, key, now=now, window=HOUR))


def _wait_for(parts: Parts, failed: list[datetime], now: datetime) -> None:
    if len(failed) < FREE_TRIES:
        return
    delay = min(parts.settings.sign_in_delay_seconds * 2 ** (len(failed) - FREE_TRIES), LONGEST_DELAY)
    left = (failed[-1] + timedelta(seconds=delay) - now).total_seconds()
    if left > 0:
        raise TooManyTriesError(retry_after_seconds=max(1, -int(-left // 1)))


def password_key(account_id: UUID) -> str:
    """The counter of wrong passwords in a row."""
    return f"password/{account_id}"


def _try_key(parts: Parts, user_id: str, address: str) -> str:
    return f"try/{parts.index('try', user_id.strip().casefold(), address)}"
