"""Deadlines of access: a PIN is good for 72 hours (IA-PIN-02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from chassis.cause import Receipt
from services.access.commands import inviting
from services.access.domain.invitation import Invitation

DEADLINES: Mapping[type, Callable[..., Receipt]] = MappingProxyType({Invitation.PinIssued: inviting.expire})
"""The aggregate looks at the clock itself."""
