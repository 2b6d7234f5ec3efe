"""What External User Services do with accounts of others: find them, close them, take their own role back (4.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.domain import Claim, DomainError, NotFoundError
from chassis.stepping_up import require_recent
from chassis.vault import ShreddedError
from chassis.vocabulary.reasons import require_said
from chassis.vocabulary.roles import EUS
from services.identity.commands.accounts import released
from services.identity.commands.desk import require_desk
from services.identity.commands.information import names_of, user_id_of
from services.identity.commands.parts import Parts
from services.identity.domain.account import Account


class OwnAccountError(DomainError):
    """Nobody closes their own account: ask somebody else at the desk."""


class OwnRoleError(DomainError):
    """Nobody takes their own role back, so that one person is left at the desk: ask somebody else there."""


@dataclass(frozen=True, slots=True)
class Found:
    """An account as the desk sees it; of an erased person no names are left."""

    id: UUID
    user_id: str
    first_name: str
    last_name: str
    status: str
    registered_at: datetime | None
    is_at_desk: bool


def find(app: Application, parts: Parts, cause: Cause, *, typed: str = "", account_id: UUID | None = None) -> Found:
    """An account by its user id or primary address, whole and in any case, or by its id. Raises `NotFoundError`.

    A user id stays with its account for ever, an address until it is closed (X-03).
    """
    require_desk(app, cause)
    account = app.repository.find(account_id or _owner(app, parts, typed))
    if not isinstance(account, Account):
        raise NotFoundError("There is no such account.")
    try:
        names, user_id = names_of(parts, account), user_id_of(parts, account)
    except ShreddedError:
        names, user_id = {}, ""
    return Found(
        id=account.id,
        user_id=user_id,
        first_name=names.get("first_name", ""),
        last_name=names.get("last_name", ""),
        status=account.phase,
        registered_at=account.activated_at,
        is_at_desk=EUS in account.roles and account.phase != "CLOSED",
    )


def close(app: Application, cause: Cause, *, account_id: UUID, reason: str) -> Receipt:
    """Close an account for good in the name of External User Services (4.1). Twice is the same as once.

    Address and SSN are free again; the user id is not, for it has been somebody's (X-03).
    """
    with app.locked():  # two who close each other's account at once would leave nobody at the desk
        require_desk(app, cause)
        require_recent(cause)  # S-09: it takes everything from a person
        require_said(reason)
        if cause.actor == account_id:
            raise OwnAccountError
        account: Account = app.repository.get(account_id, kind=Account)
        was_active = account.activated_at is not None
        account.close(closed_by=cause.actor, reason=reason.strip())
        given_back = [one for one in released(app, account) if not (was_active and one.id == account.user_id_claim)]
        return app.commit(account, *given_back, cause=cause)


def take_from_desk(app: Application, cause: Cause, *, account_id: UUID) -> Receipt:
    """Take the desk's role back from one of its people; others that they have stay. Twice is the same as once."""
    with app.locked():  # as above
        require_desk(app, cause)
        require_recent(cause)  # S-09, as giving it
        if cause.actor == account_id:
            raise OwnRoleError
        account: Account = app.repository.get(account_id, kind=Account)
        account.give_roles([role for role in account.roles if role != EUS])
        return app.commit(account, cause=cause)


def _owner(app: Application, parts: Parts, typed: str) -> UUID:
    claims: list[Claim | None] = [
        app.repository.find(parts.user_id_claim(typed)),
        app.repository.find(parts.email_claim(typed)),
    ]
    owner = next((one.owner_id for one in claims if one is not None and one.owner_id), None)
    if owner is None:
        raise NotFoundError("There is no such account.")
    return owner
