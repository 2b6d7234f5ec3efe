"""The beginning of a registration: an address, and the proof that its reader asked (IA-REG-01, IA-REG-02)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, Claim
from chassis.hashing import hash_of
from chassis.vocabulary import addresses
from services.identity.commands import accounts, bearers, codes, counters, taken
from services.identity.commands.codes import Sent
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.code import REGISTRATION, Code
from services.identity.domain.decoy import Decoy
from services.identity.domain.refusals import (
    ChallengeUsedError,
    Detail,
    FieldsError,
    RegistrationEndedError,
    TooManyTriesError,
)
from services.identity.domain.standing import EMAIL, OPEN, SECURITY

LONGEST_EMAIL = 254
EMAIL_CONTEXT = "identity.Account.email"


def address_of(email: str, confirm: str) -> str:
    """The address in one form. Raises `FieldsError` (IA-REG-02, S-25)."""
    missing = [name for name, text in (("email", email), ("confirm_email", confirm)) if not text.strip()]
    if missing:
        raise FieldsError([Detail("FIELD_REQUIRED", name, rule="IA-REG-01") for name in missing])
    if len(email.strip()) > LONGEST_EMAIL:
        raise FieldsError([Detail("FIELD_TOO_LONG", "email", rule="IA-REG-01")])
    try:
        address = addresses.email(email)
    except addresses.AddressError:
        raise FieldsError([Detail("EMAIL_MALFORMED", "email", rule="IA-REG-02")]) from None
    local, _, domain = confirm.strip().rpartition("@")
    own, _, own_domain = email.strip().rpartition("@")
    if (local, domain.casefold()) != (own, own_domain.casefold()):
        raise FieldsError([Detail("EMAIL_MISMATCH", "confirm_email", rule="IA-REG-02")])
    return address


def start(
    app: Application,
    parts: Parts,
    *,
    command_id: UUID,
    email: str,
    challenge_id: str,
    language: str,
    client: str = "",
    invitation_proof: str = "",
) -> tuple[Receipt, Sent]:
    """Begin: the receipt's id is the account's, or that of a decoy for an address that is taken (A-01).

    `client` is the network address that asks: so many an hour begin from one (S-04). `invitation_proof` is what
    access gave for an invitation's PIN; only its hash is kept (4.4).
    """
    _use_challenge(app, challenge_id, command_id)
    if client and codes.find(app, codes.id_for(command_id)) is None:
        _slow_down(app, parts, client)
    claim_id = parts.email_claim(email)
    owner = _owner(app, claim_id)
    sent = codes.prepare(
        app,
        parts,
        command_id=command_id,
        subject=command_id,
        purpose=REGISTRATION,
        method_id=None,
        sends=str(claim_id),
        decoy=owner is not None,
    )
    expires_at = sent.issued_at + parts.settings.registration_life
    parts.vault.make_key(command_id)
    sealed = parts.vault.seal(command_id, email, EMAIL_CONTEXT)
    bearers.put(
        app, parts.token("registration", command_id), kind=bearers.START, subject=command_id, dies_at=expires_at
    )

    def begun() -> list[Aggregate]:
        if owner is not None:
            return [Decoy(id=command_id, account_id=owner.id, email=sealed, expires_at=expires_at)]
        account = Account(id=command_id, email=sealed, email_claim=claim_id, language=language, expires_at=expires_at)
        if invitation_proof:
            account.present_invitation(proof=hash_of(invitation_proof).hex())
        return [account, codes.issue(parts, sent, account_id=command_id, kind="EMAIL", language=language)]

    return app.execute(_begin, Cause.of(command_id, command_id), begun=begun), sent


def _begin(app: Application, cause: Cause, *, begun: Callable[[], list[Aggregate]]) -> Receipt:
    return app.commit(*begun(), cause=cause)


def resend(app: Application, parts: Parts, *, command_id: UUID, token: str) -> tuple[Receipt, Sent]:
    """Send the code of the address again; a decoy's goes nowhere."""
    account_id, begun = begun_by(app, token)
    now = nature.now()
    if isinstance(begun, Account):
        _require_unproven(begun, now)
        sends = str(begun.email_claim)
    elif now >= begun.expires_at:
        raise RegistrationEndedError
    else:
        sends = str(parts.email_claim(parts.vault.open(account_id, begun.email, EMAIL_CONTEXT)))
    sent = codes.prepare(
        app,
        parts,
        command_id=command_id,
        subject=account_id,
        purpose=REGISTRATION,
        method_id=None,
        sends=sends,
        decoy=isinstance(begun, Decoy),
    )
    cause = Cause.of(account_id, command_id)
    if isinstance(begun, Decoy):
        return app.execute(_ask_decoy, cause, id=account_id), sent
    return app.execute(codes.send, cause, parts=parts, sent=sent, account=begun, kind="EMAIL"), sent


def _ask_decoy(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    decoy: Decoy = app.repository.get(id)
    decoy.ask_code(code_id=cause.command_id, now=nature.now())
    return app.commit(decoy, cause=cause)


def verify_email(app: Application, parts: Parts, *, command_id: UUID, token: str, typed: str) -> tuple[Receipt, str]:
    """Prove the address; the receipt, and the token that replaces the start's."""
    borne = bearers.subject(app, token, bearers.REGISTRATION)
    if borne is not None:  # after success, with the token that came of it
        account: Account = app.repository.get(borne[1])
        if not account.is_open(nature.now()):
            raise RegistrationEndedError
        return Receipt(origin=app.name, edition=app.edition, position=0, id=account.id), token
    account_id, begun = begun_by(app, token)
    own = parts.token("proven", command_id)
    cause = Cause.of(account_id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before, own
    now = nature.now()
    if now >= begun.expires_at:
        raise RegistrationEndedError
    if isinstance(begun, Account):
        _require_unproven(begun, now)
    sent = codes.last(app, account_id, REGISTRATION)
    assert sent is not None  # the start has sent one
    codes.check(app, parts, id=sent.id, typed=typed, command_id=command_id)
    bearers.put(app, own, kind=bearers.REGISTRATION, subject=account_id, dies_at=begun.expires_at)
    return app.execute(_verify_email, cause, account_id=account_id, code_id=sent.id), own


def _verify_email(app: Application, cause: Cause, *, account_id: UUID, code_id: UUID) -> Receipt:
    account: Account = app.repository.get(account_id)
    account.verify_email(now=nature.now())
    code: Code = app.repository.get(code_id)
    code.verify()
    others: list[Aggregate] = []
    claim: Claim | None = app.repository.find(account.email_claim)
    if claim is None:
        claim = Claim(id=account.email_claim, owner_id=account.id)
    elif claim.owner_id is not None and claim.owner_id != account.id:
        others = _make_way(app, claim.owner_id)
        claim.release(claim.owner_id)
    if not claim.claim(account.id):
        raise RegistrationEndedError
    return app.commit(account, code, claim, *others, cause=cause)


def _make_way(app: Application, owner_id: UUID) -> list[Aggregate]:
    """What has the address, given up for somebody who reads mail there. Raises where it may stay."""
    owner: Account = app.repository.get(owner_id)
    if owner.is_open(nature.now()) and owner.step in (EMAIL, SECURITY):
        owner.make_way()
        return [owner]
    freed = accounts.given_up(app, owner)
    if not freed:
        raise RegistrationEndedError  # somebody was faster with the same address
    return [owner, *(one for one in freed if one.id != owner.email_claim)]


def _use_challenge(app: Application, challenge_id: str, command_id: UUID) -> None:
    """Take a solved challenge, once (IA-REG-04)."""
    if not challenge_id:
        raise FieldsError([Detail("FIELD_REQUIRED", "challenge_id", rule="IA-REG-04")])
    with app.session() as session:
        session.run(
            "INSERT INTO challenges (id, command_id, used_at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (challenge_id, command_id, nature.now()),
        )
        row = session.one("SELECT command_id FROM challenges WHERE id = %s", (challenge_id,))
    if row is None or row[0] != command_id:
        raise ChallengeUsedError


def _slow_down(app: Application, parts: Parts, client: str) -> None:
    now, key = nature.now(), f"register/{parts.index('address', client)}"
    most = parts.settings.registrations_per_address_hour
    with app.session() as session:
        if counters.count(session, key, now=now, window=codes.HOUR, most=most) is None:
            raise TooManyTriesError(retry_after_seconds=counters.wait(session, key, now=now, window=codes.HOUR))


def _owner(app: Application, claim_id: UUID) -> Account | None:
    """Who has the address: an account, or an open registration past its first step."""
    claim: Claim | None = app.repository.find(claim_id)
    if claim is None or claim.owner_id is None:
        return None
    owner: Account = app.repository.get(claim.owner_id)
    now = nature.now()
    is_registration = owner.phase in OPEN
    if is_registration and (not owner.is_open(now) or owner.step in (EMAIL, SECURITY)):
        return None
    return owner


def begun_by(app: Application, token: str) -> tuple[UUID, Account | Decoy]:
    """What was begun with a start's token. Raises `RegistrationEndedError`."""
    borne = bearers.subject(app, token, bearers.START)
    begun = app.repository.find(borne[1]) if borne else None
    if borne is None or begun is None:
        raise RegistrationEndedError
    return borne[1], begun


def _require_unproven(account: Account, now: datetime) -> None:
    """See that the start's token is alive: it dies with the proof."""
    account.require(EMAIL, now)
    if account.email_verified:
        raise RegistrationEndedError
