"""Whenever an account is activated, locked, or its address tried for another one, tell its owner (M-02, M-07, M-30)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.identity.v1.events_pb2 import AccountActivated, AccountLocked, RegistrationAddressTaken

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_activated(heard: AccountActivated, world: World) -> Iterator[Aggregate]:
    """What the account is called, and what to do next."""
    data = {"language": heard.language}
    yield from owe(world, mails.ACCOUNT_CREATED, to=to_account(heard.account_id), data=data)


def on_locked(heard: AccountLocked, world: World) -> Iterator[Aggregate]:
    """Why, and how it is unlocked (S-04)."""
    data = {"reason": heard.reason.upper()}
    yield from owe(world, mails.ACCOUNT_LOCKED, to=to_account(heard.account_id), data=data)


def on_address_taken(heard: RegistrationAddressTaken, world: World) -> Iterator[Aggregate]:
    """The one who tried sees the same answer as everybody (S-02); only the owner learns of it."""
    yield from owe(world, mails.ADDRESS_TAKEN, to=to_account(heard.account_id), data={})
