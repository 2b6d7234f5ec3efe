"""Step 3: second factors, each proven by a code before it counts (IA-MFA-01, IA-MFA-02, IA-MFA-03, IA-MFA-05)."""

from __future__ import annotations

from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.vocabulary import addresses
from services.identity.commands import codes, taken
from services.identity.commands.codes import Sent
from services.identity.commands.information import email_of
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import MFA as PURPOSE
from services.identity.domain.code import Code
from services.identity.domain.refusals import CodeSpentError, Detail, FieldsError
from services.identity.domain.standing import MFA, Method

DESTINATION_CONTEXT = "identity.Account.method"
KINDS = ("SMS", "EMAIL", "VOICE")


def add(
    app: Application,
    parts: Parts,
    account: Account,
    *,
    command_id: UUID,
    kind: str,
    destination: str,
    primary: bool,
) -> Receipt:
    """Name a method, whose id is the command's; one of the same kind makes place for it."""
    account.require(MFA, nature.now())
    if kind not in KINDS:
        raise FieldsError([Detail("FIELD_REQUIRED", "kind", rule="IA-MFA-01")])
    address = _destination(kind, destination, email_of(parts, account))
    sealed = parts.vault.seal(account.id, address, DESTINATION_CONTEXT)
    return app.execute(
        _add,
        Cause.of(account.id, command_id),
        account_id=account.id,
        kind=kind,
        destination=sealed,
        primary=primary,
    )


def _add(app: Application, cause: Cause, *, account_id: UUID, kind: str, destination: str, primary: bool) -> Receipt:
    account: Account = app.repository.get(account_id)
    account.add_method(
        method_id=cause.command_id, kind=kind, destination=destination, primary=primary, now=nature.now()
    )
    return app.commit(account, cause=cause)


def remove(app: Application, cause: Cause, *, account_id: UUID, method_id: UUID) -> Receipt:
    """Take a method back; the primary's place goes to the other one."""
    account: Account = app.repository.get(account_id)
    account.remove_method(method_id=method_id, now=nature.now())
    return app.commit(account, cause=cause)


def send_code(
    app: Application, parts: Parts, account: Account, *, command_id: UUID, method_id: UUID
) -> tuple[Receipt, Sent]:
    """Send a code to a method; the one before it dies."""
    account.require(MFA, nature.now())
    method = account.method(method_id)
    sent = codes.prepare(
        app,
        parts,
        command_id=command_id,
        subject=account.id,
        purpose=PURPOSE,
        method_id=method_id,
        sends=str(account.id),
    )
    cause = Cause.of(account.id, command_id)
    receipt = app.execute(codes.send, cause, parts=parts, sent=sent, account=account, kind=method.kind)
    return receipt, sent


def verify(
    app: Application, parts: Parts, account: Account, *, command_id: UUID, method_id: UUID, typed: str
) -> Receipt:
    """Prove a method. One that is proven already is success."""
    cause = Cause.of(account.id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before
    account.require(MFA, nature.now())
    if account.method(method_id).verified:
        return app.execute(_verify, cause, account_id=account.id, method_id=method_id, code_id=None)
    sent = codes.last(app, account.id, PURPOSE)
    if sent is None or sent.method_id != method_id:
        raise CodeSpentError  # never sent, or another method's came after it
    codes.check(app, parts, id=sent.id, typed=typed, command_id=command_id)
    return app.execute(_verify, cause, account_id=account.id, method_id=method_id, code_id=sent.id)


def _verify(app: Application, cause: Cause, *, account_id: UUID, method_id: UUID, code_id: UUID | None) -> Receipt:
    account: Account = app.repository.get(account_id)
    account.verify_method(method_id=method_id, now=nature.now())
    if code_id is None:
        return app.commit(account, cause=cause)
    code: Code = app.repository.get(code_id)
    code.verify()
    return app.commit(account, code, cause=cause)


def destination_of(parts: Parts, account: Account, method: Method) -> str:
    """Where a method leads, in full."""
    return parts.vault.open(account.id, method.destination, DESTINATION_CONTEXT)


def masked(kind: str, destination: str) -> str:
    """What may be shown of it: the last four digits of a number, or `s***@email.com`."""
    if kind != "EMAIL":
        return destination[-4:]
    local, _, domain = destination.rpartition("@")
    return f"{local[:1]}***@{domain}"


def _destination(kind: str, destination: str, own_email: str) -> str:
    if kind == "EMAIL":
        try:
            return addresses.email(destination) if destination.strip() else own_email
        except addresses.AddressError:
            raise FieldsError([Detail("EMAIL_MALFORMED", "destination", rule="IA-MFA-01")]) from None
    if not destination.strip():
        raise FieldsError([Detail("FIELD_REQUIRED", "destination", rule="IA-MFA-01")])
    try:
        number = addresses.phone(destination)
    except addresses.AddressError:
        raise FieldsError([Detail("PHONE_MALFORMED", "destination", rule="IA-MFA-01")]) from None
    try:
        return addresses.mfa_phone(number)
    except addresses.AddressError:
        raise FieldsError([Detail("PHONE_NOT_US", "destination", rule="IA-MFA-03")]) from None
