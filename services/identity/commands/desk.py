"""Inviting people to the desk of External User Services, and what they do with the PIN."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from chassis import nature, pins
from chassis.application import Application, once
from chassis.cause import Cause, Receipt, system_actor
from chassis.domain import Aggregate, Claim, NotAllowedError
from chassis.hashing import hash_of
from chassis.sealing import seal_for
from chassis.stepping_up import require_recent
from chassis.vault import ShreddedError
from chassis.vocabulary import addresses, names, pin, tracking
from chassis.vocabulary.roles import EUS
from services.identity.commands.parts import Parts
from services.identity.commands.registering import address_of
from services.identity.domain.account import Account
from services.identity.domain.desk_invitation import DeskInvitation, InvitationVoidError, PinRefusedError
from services.identity.domain.person import NAMES
from services.identity.domain.refusals import Detail, FieldsError, RefusedError

VISITOR = system_actor("identity/visitor")
"""Who enters a PIN before anybody knows who it is."""
INVITEE_CONTEXT = "identity.DeskInvitation.invitee"
SECRET_CONTEXT = "mandate.identity.v1.DeskPinIssued/"  # noqa: S105 - a name
"""Before the invitation's id: what the notifier gives to open the PIN."""


class PinMalformedError(RefusedError):
    """Enter the 8 letters and digits of the PIN in the e-mail."""

    status = "INVALID_ARGUMENT"
    field = "pin"


@dataclass(frozen=True, slots=True)
class Invitee:
    """Who is invited; personal, and sealed wherever it is kept."""

    first_name: str
    last_name: str
    email: str
    language: str = "en"
    """Of the pages on which the person was invited."""

    @property
    def name(self) -> str:
        """As mails and lists show it."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation as the desk sees it."""

    id: UUID
    invited_by: UUID
    invitee: Invitee | None
    """None where the key was shredded."""
    tracking_id: str
    status: str
    invited_at: datetime
    expires_at: datetime | None


def invitee_of(*, first_name: str, last_name: str, email: str, confirm_email: str, language: str = "en") -> Invitee:
    """Judge what was typed. Raises `FieldsError`."""
    typed = {"first_name": first_name.strip(), "last_name": last_name.strip()}
    wrong = [
        Detail("NAME_MALFORMED" if text else "FIELD_REQUIRED", field)
        for field, text in typed.items()
        if len(text) > NAMES[field] or not names.is_name(text)
    ]
    if wrong:
        raise FieldsError(wrong)
    return Invitee(**typed, email=address_of(email, confirm_email), language=language)


@once
def invite(app: Application, parts: Parts, cause: Cause, *, invitee: Invitee) -> Receipt:
    """Invite somebody in the actor's name; the receipt's id is the invitation's. Repeating it changes nothing."""
    require_desk(app, cause)
    require_recent(cause)  # S-09: whoever is at the desk approves Authorized Officials
    id_ = cause.command_id
    parts.vault.make_key(id_)
    sealed = parts.vault.seal(id_, json.dumps(asdict(invitee)), INVITEE_CONTEXT)
    expires_at = pins.keep(app, parts, invitation_id=id_, email=invitee.email)
    secret = seal_for(parts.keys.notifier, parts.pin(id_), f"{SECRET_CONTEXT}{id_}")
    return app.execute(_invite, cause, invitee=sealed, secret=secret, expires_at=expires_at)


def _invite(app: Application, cause: Cause, *, invitee: str, secret: str, expires_at: datetime) -> Receipt:
    require_desk(app, cause)
    invitation = DeskInvitation(
        id=cause.command_id,
        invited_by=cause.actor,
        invitee=invitee,
        tracking_id=tracking.make(tracking.INVITATION, nature.random_bytes(8)),
    )
    invitation.issue_pin(secret=secret, expires_at=expires_at)
    return app.commit(invitation, cause=cause)


def withdraw(app: Application, cause: Cause, *, invitation_id: UUID) -> Receipt:
    """Take an invitation back in the actor's name; anybody at the desk may. Repeating it changes nothing."""
    require_desk(app, cause)
    invitation: DeskInvitation = app.repository.get(invitation_id, kind=DeskInvitation)
    invitation.withdraw(withdrawn_by=cause.actor)
    receipt = app.commit(invitation, cause=cause)
    pins.forget(app, invitation_id)
    return receipt


def expire(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Take note that a PIN was not used in time; what it was compared with goes with its time, used or not."""
    now = nature.now()
    invitation: DeskInvitation = app.repository.get(id, kind=DeskInvitation)
    invitation.expire(now=now)
    receipt = app.commit(invitation, cause=cause)
    if invitation.expires_at is not None and now >= invitation.expires_at:
        pins.forget(app, id)
    return receipt


def enter(
    app: Application, parts: Parts, cause: Cause, *, email: str, typed: str, is_person: bool
) -> tuple[Receipt, str]:
    """Enter a PIN: a person accepts at once, a visitor gets a proof (IA-PIN-01, IA-PIN-02).

    One answer for everything that is not right (A-01): raises `PinRefusedError`; `PinMalformedError` for what cannot
    be a PIN of anybody.
    """
    try:
        address, entered = addresses.email(email), pin.normalize(typed)
    except addresses.AddressError:
        raise FieldsError([Detail("EMAIL_MALFORMED", "email", rule="IA-PIN-01")]) from None
    except pin.PinError:
        raise PinMalformedError from None
    try:
        invitation_id = pins.use(app, parts, email=address, typed=entered, command_id=cause.command_id)
    except pins.PinWrongError as wrong:
        pins.note(app, parts, wrong, _reject, visitor=VISITOR)
        raise PinRefusedError from None
    if is_person:
        return app.execute(_redeem_and_accept, cause, invitation_id=invitation_id), ""
    proof = parts.token("desk_proof", cause.command_id)
    return app.execute(_redeem, cause, invitation_id=invitation_id, proof_hash=hash_of(proof).hex()), proof


def accept(app: Application, cause: Cause, *, proof: str) -> Receipt:
    """Accept the invitation of a proof in the actor's name. Repeating it changes nothing."""
    account: Account = app.repository.get(cause.actor, kind=Account)
    changed = joined(app, account, proof_hash=hash_of(proof).hex())
    if not changed:
        raise PinRefusedError
    return app.commit(account, *changed, cause=cause)


def joined(app: Application, account: Account, *, proof_hash: str) -> list[Aggregate]:
    """Give an account what the invitation of a proof offers; nothing where the proof is none of this desk.

    Raises `InvitationVoidError` where the inviter is not at the desk any more, `PinRefusedError` where it is over.
    """
    claim: Claim | None = app.repository.find(DeskInvitation.proof_id(proof_hash))
    if claim is None or claim.owner_id is None:
        return []
    invitation: DeskInvitation = app.repository.get(claim.owner_id, kind=DeskInvitation)
    _join(app, invitation, account)
    claim.release(invitation.id)
    return [invitation, claim]


def sent(app: Application, parts: Parts, invitation_id: UUID) -> Sent:
    """An invitation as it is now, from the own log. Raises `NotFoundError`."""
    found: DeskInvitation = app.repository.get(invitation_id, kind=DeskInvitation)
    try:
        who = Invitee(**json.loads(parts.vault.open(found.id, found.invitee, INVITEE_CONTEXT)))
    except ShreddedError:
        who = None
    return Sent(
        id=found.id,
        invited_by=found.invited_by,
        invitee=who,
        tracking_id=found.tracking_id,
        status=found.status,
        invited_at=found.created_on,
        expires_at=found.expires_at,
    )


def require_desk(app: Application, cause: Cause) -> None:
    """Let only External User Services pass, as their account is now (D-50). Raises `NotAllowedError`."""
    if EUS not in cause.roles or not _is_at_desk(app, cause.actor):
        raise NotAllowedError("Only External User Services may do this.")


def _is_at_desk(app: Application, account_id: UUID) -> bool:
    found = app.repository.find(account_id)
    return isinstance(found, Account) and found.is_active and EUS in found.roles


def _join(app: Application, invitation: DeskInvitation, account: Account) -> None:
    if invitation.status != "ACCEPTED" and not _is_at_desk(app, invitation.invited_by):
        raise InvitationVoidError
    was_accepted = invitation.status == "ACCEPTED"
    invitation.accept(account_id=account.id)
    if not was_accepted:
        account.give_roles(sorted({*account.roles, EUS}))


def _reject(app: Application, cause: Cause, *, invitation_id: UUID, is_last: bool) -> Receipt:
    invitation: DeskInvitation = app.repository.get(invitation_id, kind=DeskInvitation)
    invitation.reject_pin(is_last=is_last)
    return app.commit(invitation, cause=cause)


def _redeem(app: Application, cause: Cause, *, invitation_id: UUID, proof_hash: str) -> Receipt:
    invitation = _entered(app, invitation_id)
    claim = app.repository.claim(DeskInvitation.proof_id(proof_hash), invitation_id)
    if claim is None:
        raise PinRefusedError
    invitation.redeem(now=nature.now())
    return app.commit(invitation, claim, cause=cause)


def _redeem_and_accept(app: Application, cause: Cause, *, invitation_id: UUID) -> Receipt:
    invitation = _entered(app, invitation_id)
    account: Account = app.repository.get(cause.actor, kind=Account)
    invitation.redeem(now=nature.now())
    _join(app, invitation, account)
    return app.commit(invitation, account, cause=cause)


def _entered(app: Application, invitation_id: UUID) -> DeskInvitation:
    found = app.repository.find(invitation_id)
    if not isinstance(found, DeskInvitation):
        raise PinRefusedError  # its event was never written: the PIN has reached nobody
    return found
