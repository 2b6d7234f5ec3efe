"""The end of a registration: the account is active, and signed in (IA-REV-01, IA-DONE-01, IA-DONE-02)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, id_of
from services.identity.commands import desk, sessions, taken
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account
from services.identity.domain.desk_invitation import InvitationVoidError, PinRefusedError
from services.identity.domain.sign_in import SignIn
from services.identity.domain.standing import REVIEW


def complete(app: Application, parts: Parts, account: Account, *, command_id: UUID) -> tuple[Receipt, str]:
    """Activate the account and begin its first session: the receipt, and the session's token."""
    token = parts.token("session", command_id)
    cause = Cause.of(account.id, command_id)
    before = taken.answered(app, cause)
    if before is not None:
        return before, token
    account.require(REVIEW, nature.now())
    sign_in_id = id_of("identity.SignIn", command_id)
    sessions.begin(app, parts, token, sign_in_id=sign_in_id, account_id=account.id)
    found = parts.providers.by_ssn(account.ssn_index)
    return app.execute(_complete, cause, account_id=account.id, sign_in_id=sign_in_id, provider_ids=found), token


def _complete(
    app: Application, cause: Cause, *, account_id: UUID, sign_in_id: UUID, provider_ids: Sequence[UUID] | None
) -> Receipt:
    account: Account = app.repository.get(account_id)
    account.activate(now=nature.now())
    if provider_ids is not None:
        account.find_providers(provider_ids)
    sign_in = SignIn(id=sign_in_id, account_id=account_id)
    sign_in.succeed()
    return app.commit(account, sign_in, *_invited(app, account), cause=cause)


def _invited(app: Application, account: Account) -> list[Aggregate]:
    """Where the registration came from an invitation to the desk, the account works there (4.4)."""
    try:
        return desk.joined(app, account, proof_hash=account.invitation_proof) if account.invitation_proof else []
    except (InvitationVoidError, PinRefusedError):
        return []  # taken back meanwhile: the account is one like any other
