"""Inviting people to work for employers, and what they do with the PIN (4.4)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from chassis import nature, pins
from chassis.application import Application, once
from chassis.cause import Cause, Receipt, system_actor
from chassis.domain import Claim, DomainError, NotFoundError
from chassis.hashing import hash_of
from chassis.sealing import seal_for
from chassis.vault import ShreddedError
from chassis.vocabulary import pin, tracking
from chassis.vocabulary.functions import active
from services.access.commands.invitees import Invitee, address_of
from services.access.commands.parts import Parts
from services.access.commands.role_requests import require_open, role_at
from services.access.domain.deciding import may_manage, require_may_manage
from services.access.domain.invitation import (
    DEAD,
    OFFERED,
    Invitation,
    InvitationOverError,
    Offer,
    PinRefusedError,
)
from services.access.domain.joining import join

VISITOR = system_actor("access/visitor")
"""Who enters a PIN before anybody knows who it is."""
INVITEE_CONTEXT = "access.Invitation.invitee"
SECRET_CONTEXT = "mandate.access.v1.PinIssued/"  # noqa: S105 - a name
"""Before the invitation's id: what the notifier gives to open the PIN."""


class PinMalformedError(DomainError):
    """Enter the 8 letters and digits of the PIN in the e-mail."""

    field = "pin"


@once
def invite(
    app: Application,
    parts: Parts,
    cause: Cause,
    *,
    invitee: Invitee,
    offers: Sequence[Offer],
    replaces: UUID | None = None,
) -> Receipt:
    """Invite somebody in the actor's name; the receipt's id is the invitation's. Repeating it changes nothing.

    The PIN of what it replaces is dead from then on (4.4).
    """
    if replaces is not None and not may_see(app, cause.actor, replaces):
        raise NotFoundError
    receipt = _send(app, parts, cause, invitee=invitee, offers=offers, replaces=replaces)
    if replaces is not None:
        pins.forget(app, replaces)
    return receipt


@once
def send_again(app: Application, parts: Parts, cause: Cause, *, invitation_id: UUID) -> Receipt:
    """Send the same invitation in the actor's name with a new PIN; the old one is dead from then on (4.4).

    The receipt's id is the new invitation's. Repeating it changes nothing.
    """
    old: Invitation = app.repository.get(invitation_id, kind=Invitation)
    if not may_see(app, cause.actor, invitation_id):
        raise NotFoundError
    invitee = _opened(parts, old)
    if invitee is None:
        raise InvitationOverError
    offered = active(nature.now())
    offers = [replace(one, functions=tuple(name for name in one.functions if name in offered)) for one in old.offers]
    receipt = _send(app, parts, cause, invitee=invitee, offers=offers, replaces=invitation_id)
    pins.forget(app, invitation_id)
    return receipt


def _send(
    app: Application,
    parts: Parts,
    cause: Cause,
    *,
    invitee: Invitee,
    offers: Sequence[Offer],
    replaces: UUID | None = None,
) -> Receipt:
    _require_may_offer(app, cause, offers)
    id_ = cause.command_id
    parts.vault.make_key(id_)
    sealed = parts.vault.seal(id_, json.dumps(asdict(invitee)), INVITEE_CONTEXT)
    expires_at = pins.keep(app, parts, invitation_id=id_, email=invitee.email)
    secret = seal_for(parts.keys.notifier, parts.pin(id_), f"{SECRET_CONTEXT}{id_}")
    return app.execute(
        _invite, cause, invitee=sealed, offers=offers, secret=secret, expires_at=expires_at, replaces=replaces
    )


def _invite(
    app: Application,
    cause: Cause,
    *,
    invitee: str,
    offers: Sequence[Offer],
    secret: str,
    expires_at: datetime,
    replaces: UUID | None,
) -> Receipt:
    _require_may_offer(app, cause, offers)
    invitation = Invitation(
        id=cause.command_id,
        invited_by=cause.actor,
        invitee=invitee,
        offers=[one.as_fields() for one in offers],
        tracking_id=tracking.make(tracking.INVITATION, nature.random_bytes(8)),
    )
    invitation.issue_pin(secret=secret, expires_at=expires_at)
    if replaces is None:
        return app.commit(invitation, cause=cause)
    old: Invitation = app.repository.get(replaces, kind=Invitation)
    old.replace(replaced_by=invitation.id, by=cause.actor)
    return app.commit(invitation, old, cause=cause)


def withdraw(app: Application, cause: Cause, *, invitation_id: UUID) -> Receipt:
    """Take an invitation back in the actor's name. Repeating it changes nothing."""
    invitation: Invitation = app.repository.get(invitation_id, kind=Invitation)
    if not may_see(app, cause.actor, invitation_id):
        raise NotFoundError
    invitation.withdraw(withdrawn_by=cause.actor)
    receipt = app.commit(invitation, cause=cause)
    pins.forget(app, invitation_id)
    return receipt


def expire(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Take note that a PIN was not used in time; the aggregate looks at the clock itself.

    Used, blocked or neither: what the PIN was compared with goes with its time.
    """
    now = nature.now()
    invitation: Invitation = app.repository.get(id, kind=Invitation)
    invitation.expire(now=now)
    receipt = app.commit(invitation, cause=cause)
    if invitation.expires_at is not None and now >= invitation.expires_at:
        (pins.drop if invitation.status in DEAD else pins.forget)(app, id)
    return receipt


def enter(
    app: Application, parts: Parts, cause: Cause, *, email: str, typed: str, is_person: bool
) -> tuple[Receipt, str]:
    """Enter a PIN: a person accepts at once, a visitor gets a proof (IA-PIN-01, IA-PIN-02).

    One answer for everything that is not right (A-01): raises `PinRefusedError`; `PinMalformedError` for what cannot
    be a PIN of anybody.
    """
    address = address_of(email)
    try:
        entered = pin.normalize(typed)
    except pin.PinError:
        raise PinMalformedError from None
    try:
        invitation_id = pins.use(app, parts, email=address, typed=entered, command_id=cause.command_id)
    except pins.PinWrongError as wrong:
        pins.note(app, parts, wrong, _reject, visitor=VISITOR)
        raise PinRefusedError from None
    if is_person:
        return app.execute(_redeem_and_accept, cause, invitation_id=invitation_id), ""
    proof = parts.proof(cause.command_id)
    return app.execute(_redeem, cause, invitation_id=invitation_id, proof_hash=hash_of(proof).hex()), proof


def accept(app: Application, cause: Cause, *, proof: str) -> Receipt:
    """Accept the invitation of a proof in the actor's name. Repeating it changes nothing."""
    claim, invitation = _proven(app, proof)
    changed = list(join(app.repository.find, invitation, account_id=cause.actor, now=nature.now()))
    claim.release(invitation.id)
    return app.commit(*changed, claim, cause=cause)


def offered(app: Application, *, proof: str) -> Invitation:
    """The invitation that a proof would accept. Raises `PinRefusedError`."""
    return _proven(app, proof)[1]


def _proven(app: Application, proof: str) -> tuple[Claim, Invitation]:
    claim: Claim | None = app.repository.find(Invitation.proof_id(hash_of(proof).hex()))
    if claim is None or claim.owner_id is None:
        raise PinRefusedError
    invitation: Invitation = app.repository.get(claim.owner_id, kind=Invitation)
    return claim, invitation


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation as those see it who may withdraw it; the offers are (employer, role, functions)."""

    id: UUID
    invited_by: UUID
    invitee: Invitee | None
    """None where the key was shredded."""
    offers: list[tuple[UUID, str, tuple[str, ...]]]
    tracking_id: str
    status: str
    invited_at: datetime
    expires_at: datetime | None
    new_pin_asked: bool


def sent(app: Application, parts: Parts, invitation_id: UUID) -> Sent:
    """An invitation as it is now, from the own log. Raises `NotFoundError`."""
    found: Invitation = app.repository.get(invitation_id, kind=Invitation)
    return Sent(
        id=found.id,
        invited_by=found.invited_by,
        invitee=_opened(parts, found),
        offers=[(one.employer_id, one.role, one.functions) for one in found.offers],
        tracking_id=found.tracking_id,
        status=found.status,
        invited_at=found.created_on,
        expires_at=found.expires_at,
        new_pin_asked=found.new_pin_asked,
    )


def _opened(parts: Parts, invitation: Invitation) -> Invitee | None:
    try:
        return Invitee(**json.loads(parts.vault.open(invitation.id, invitation.invitee, INVITEE_CONTEXT)))
    except ShreddedError:
        return None


def managed_roles(app: Application, account_id: UUID, employer_id: UUID) -> list[str]:
    """The roles at an employer that a person may invite people to; none for who manages nobody there."""
    role = role_at(app, account_id, employer_id)
    return [one for one in OFFERED if may_manage(managed=one, role=role)]


def may_see(app: Application, account_id: UUID, invitation_id: UUID) -> bool:
    """Whether a person manages people at one of the employers, in the role that is offered there."""
    found: Invitation = app.repository.get(invitation_id, kind=Invitation)
    return any(may_manage(managed=one.role, role=role_at(app, account_id, one.employer_id)) for one in found.offers)


def _reject(app: Application, cause: Cause, *, invitation_id: UUID, is_last: bool) -> Receipt:
    invitation: Invitation = app.repository.get(invitation_id, kind=Invitation)
    invitation.reject_pin(is_last=is_last)
    return app.commit(invitation, cause=cause)


def _redeem(app: Application, cause: Cause, *, invitation_id: UUID, proof_hash: str) -> Receipt:
    invitation = _entered(app, invitation_id)
    claim = app.repository.claim(Invitation.proof_id(proof_hash), invitation_id)
    if claim is None:
        raise PinRefusedError
    invitation.redeem(now=nature.now())
    return app.commit(invitation, claim, cause=cause)


def _redeem_and_accept(app: Application, cause: Cause, *, invitation_id: UUID) -> Receipt:
    invitation = _entered(app, invitation_id)
    invitation.redeem(now=nature.now())
    return app.commit(*join(app.repository.find, invitation, account_id=cause.actor, now=nature.now()), cause=cause)


def _entered(app: Application, invitation_id: UUID) -> Invitation:
    found = app.repository.find(invitation_id)
    if not isinstance(found, Invitation):
        raise PinRefusedError  # its event was never written: the PIN has reached nobody
    return found


def _require_may_offer(app: Application, cause: Cause, offers: Sequence[Offer]) -> None:
    for one in offers:
        require_may_manage(managed=one.role, role=role_at(app, cause.actor, one.employer_id), is_eus=False)
        require_open(app, one.employer_id)
