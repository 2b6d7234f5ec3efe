"""What may be seen of an account: read from the aggregate, so that it shows every command that was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.domain import DomainError, NotFoundError
from chassis.vault import ShreddedError
from services.identity.commands import bearers, codes
from services.identity.commands.codes import Sent
from services.identity.commands.credentials import details_of
from services.identity.commands.information import email_of, names_of, user_id_of
from services.identity.commands.methods import destination_of, masked
from services.identity.commands.parts import Parts
from services.identity.commands.registering import EMAIL_CONTEXT, begun_by
from services.identity.commands.sessions import Session
from services.identity.domain.account import Account
from services.identity.domain.code import MFA, REGISTRATION
from services.identity.domain.password_policy import days_left
from services.identity.domain.refusals import RegistrationEndedError
from services.identity.domain.standing import EMAIL


class ContactUnknownError(NotFoundError):
    """There is nobody to be reached by this."""

    code = "CONTACT_UNKNOWN"


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code on its way, as its owner may see it."""

    method_id: str
    kind: str
    destination: str
    expires_at: datetime
    resend_at: datetime


@dataclass(frozen=True, slots=True)
class ShownMethod:
    """A second factor, as its owner may see it."""

    id: str
    kind: str
    destination: str
    primary: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """An account, as its owner may see it: without the SSN."""

    account_id: UUID
    step: str
    email: str
    user_id: str
    questions: tuple[str, ...]
    person: Mapping[str, str] | None
    ssn_last_four: str
    methods: tuple[ShownMethod, ...]
    code: ShownCode | None
    ends_at: datetime
    roles: tuple[str, ...] = ()
    registered_at: datetime | None = None
    password_days_left: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person is reached."""

    kind: str
    destination: str
    email: str
    first_name: str
    last_name: str
    user_id: str
    language: str


def registering(app: Application, token: str) -> Account:
    """The account of a registration whose address is proven. Raises `RegistrationEndedError`."""
    borne = bearers.subject(app, token, bearers.REGISTRATION)
    account: Account | None = app.repository.find(borne[1]) if borne else None
    if account is None:
        raise RegistrationEndedError
    return account


def draft(app: Application, parts: Parts, token: str) -> Shown:
    """A registration, by either of its tokens; a decoy's looks like any other (A-01)."""
    borne = bearers.subject(app, token, bearers.START, bearers.REGISTRATION)
    if borne is not None and borne[0] == bearers.START:
        return _unproven(app, parts, token)
    account = registering(app, token)
    if not account.is_open(nature.now()):
        raise RegistrationEndedError
    return shown(app, parts, account)


def _unproven(app: Application, parts: Parts, token: str) -> Shown:
    id, begun = begun_by(app, token)  # noqa: A001 - the account's or decoy's own
    is_over = nature.now() >= begun.expires_at
    if is_over or (isinstance(begun, Account) and (begun.email_verified or not begun.is_open(nature.now()))):
        raise RegistrationEndedError
    email = parts.vault.open(id, begun.email, EMAIL_CONTEXT)
    sent = codes.last(app, id, REGISTRATION)
    return Shown(
        account_id=id,
        step=EMAIL,
        email=email,
        user_id="",
        questions=(),
        person=None,
        ssn_last_four="",
        methods=(),
        code=code_to_address(sent, email) if sent is not None and codes.is_live(parts, sent) else None,
        ends_at=begun.expires_at,
    )


def shown(app: Application, parts: Parts, account: Account) -> Shown:
    """An account, as its owner may see it."""
    details = details_of(parts, account)
    ssn = details.pop("ssn", "")
    sent = codes.last(app, account.id, MFA)
    is_known = sent is not None and any(one.id == sent.method_id for one in account.methods)
    return Shown(
        account_id=account.id,
        step=account.step,
        email=email_of(parts, account),
        user_id=user_id_of(parts, account),
        questions=tuple(account.questions),
        person={**names_of(parts, account), **details} if account.names else None,
        ssn_last_four=ssn[-4:],
        methods=methods(parts, account),
        code=code(parts, account, sent) if sent is not None and is_known and codes.is_live(parts, sent) else None,
        ends_at=account.expires_at,
        roles=tuple(account.roles),
        registered_at=account.activated_at,
        password_days_left=password_days(parts, account),
    )


def profile(app: Application, parts: Parts, account_id: UUID) -> Shown:
    """A person's own data (IA-PROF-01)."""
    return shown(app, parts, app.repository.get(account_id))


def methods(parts: Parts, account: Account) -> tuple[ShownMethod, ...]:
    """All methods, the primary first."""
    ordered = sorted(account.methods, key=lambda one: one.id != account.primary_id)
    return tuple(
        ShownMethod(
            id=str(one.id),
            kind=one.kind,
            destination=masked(one.kind, destination_of(parts, account, one)),
            primary=one.id == account.primary_id,
            verified=one.verified,
        )
        for one in ordered
    )


def sign_in_methods(parts: Parts, account: Account) -> tuple[ShownMethod, ...]:
    """What a code of a sign-in can be sent to; none for a registration, whose code goes to its address."""
    return tuple(one for one in methods(parts, account) if one.verified) if account.is_active else ()


def code(parts: Parts, account: Account, sent: Sent) -> ShownCode:
    """A code that went to a method, or masked to the address."""
    if sent.method_id is None:
        return code_to_address(sent, masked("EMAIL", email_of(parts, account)))
    method = account.method(sent.method_id)
    destination = masked(method.kind, destination_of(parts, account, method))
    return ShownCode(str(method.id), method.kind, destination, sent.dies_at, sent.resend_at)


def code_to_address(sent: Sent, destination: str) -> ShownCode:
    """A code that went to the address of a registration."""
    return ShownCode("", "EMAIL", destination, sent.dies_at, sent.resend_at)


def password_days(parts: Parts, account: Account) -> int | None:
    """Whole days left of the password's life; None where passwords do not expire (IA-PW-13)."""
    if account.password_set_at is None:
        return None
    return days_left(account.password_set_at, nature.now(), profile=parts.profile)


@dataclass(frozen=True, slots=True)
class ShownSession:
    """A session and whose it is."""

    account_id: UUID
    user_id: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    session: Session
    idle_ends_at: datetime
    password_days_left: int | None


def session(parts: Parts, found: Session, account: Account) -> ShownSession:
    """A live session as the portal shows it (IA-SIGN-05)."""
    names = names_of(parts, account)
    return ShownSession(
        account_id=account.id,
        user_id=user_id_of(parts, account),
        first_name=names.get("first_name", ""),
        last_name=names.get("last_name", ""),
        roles=tuple(account.roles),
        session=found,
        idle_ends_at=found.seen_at + parts.settings.session_idle,
        password_days_left=password_days(parts, account),
    )


def contact(app: Application, parts: Parts, *, account_id: UUID, method_id: UUID | None) -> Contact:
    """Where a person is reached at this moment. Raises `ContactUnknownError`."""
    account: Account | None = app.repository.find(account_id)
    if not isinstance(account, Account):
        raise ContactUnknownError
    try:
        email, names = email_of(parts, account), names_of(parts, account)
        method = account.method(method_id) if method_id else None
        return Contact(
            kind=method.kind if method else "EMAIL",
            destination=destination_of(parts, account, method) if method else email,
            email=email,
            first_name=names.get("first_name", ""),
            last_name=names.get("last_name", ""),
            user_id=user_id_of(parts, account),
            language=account.language,
        )
    except (DomainError, ShreddedError):
        raise ContactUnknownError from None
