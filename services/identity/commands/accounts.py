"""What happens to an account beside its registration: given up, locked, unlocked, decided about, given roles."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, Claim, DomainError, NotAllowedError
from chassis.vocabulary.roles import EUS
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.standing import OPEN


class SsnTakenError(DomainError):
    """Another account has this SSN; one of the two must be closed first."""


def abandon(app: Application, cause: Cause, *, id: UUID) -> Receipt:
    """Give up a registration whose 72 hours are over; address, user id and SSN are free again. Twice is once."""
    account: Account = app.repository.get(id)
    return app.commit(account, *given_up(app, account), cause=cause)


def given_up(app: Application, account: Account) -> list[Aggregate]:
    """Give up a registration whose time is over, and return the claims that it gives back; nothing for any other."""
    if account.phase not in OPEN or not account.abandon(now=nature.now()):
        return []
    return released(app, account)


def released(app: Application, account: Account) -> list[Aggregate]:
    """The claims of an account, given back."""
    found: list[Aggregate] = []
    for claim_id in (account.email_claim, account.user_id_claim, account.ssn_claim):
        claim: Claim | None = app.repository.find(claim_id) if claim_id else None
        if claim is not None:
            claim.release(account.id)
            found.append(claim)
    return found


def decide_proofing(app: Application, cause: Cause, *, parts: Parts, account_id: UUID, accepted: bool) -> Receipt:
    """Let a doubtful registration go on, or close it, in the name of External User Services (4.1)."""
    if EUS not in cause.roles:
        raise NotAllowedError
    account: Account = app.repository.get(account_id)
    changed: list[Aggregate] = []
    if accepted and account.ssn_claim is not None:
        claim = app.repository.claim(account.ssn_claim, account.id)
        if claim is None:
            raise SsnTakenError
        changed.append(claim)
    until = nature.now() + parts.settings.registration_life
    account.decide_proofing(accepted=accepted, decided_by=cause.actor, expires_at=until)
    if account.phase == "CLOSED":
        changed += released(app, account)
    return app.commit(account, *changed, cause=cause)


def unlock(app: Application, cause: Cause, *, account_id: UUID) -> Receipt:
    """Unlock an account in the name of External User Services. Twice is the same as once."""
    if EUS not in cause.roles:
        raise NotAllowedError
    account: Account = app.repository.get(account_id)
    account.unlock()
    return app.commit(account, cause=cause)


def give_roles(app: Application, cause: Cause, *, account_id: UUID, roles: Sequence[str]) -> Receipt:
    """Give the installation's roles, in place of those given before; for seeding."""
    account: Account = app.repository.get(account_id)
    account.give_roles(roles)
    return app.commit(account, cause=cause)
