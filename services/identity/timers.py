"""Deadlines of identity: a registration is abandoned after 72 hours, and a PIN is good for as many."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from chassis.cause import Receipt
from services.identity.commands import accounts, desk
from services.identity.domain.account import Account
from services.identity.domain.desk_invitation import DeskInvitation

DEADLINES: Mapping[type, Callable[..., Receipt]] = MappingProxyType(
    {
        Account.RegistrationStarted: accounts.abandon,
        Account.IdentityProofed: accounts.abandon,
        DeskInvitation.PinIssued: desk.expire,
    }
)
"""The command looks at the clock itself; External User Services' decision begins the 72 hours anew."""
