"""What people of External User Services ask of identity in tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from mandate.identity.v1 import desk_service_pb2 as d

from chassis import nature
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims
from tests.integration.identity.desk import Desk


def person(desk: Desk, account_id: UUID, *, roles: tuple[str, ...] = ("EUS",), minutes: float = 1) -> Caller:
    """Somebody with a token, whose second factor is so old."""
    mfa_at = desk.clock.at - timedelta(minutes=minutes)
    return Caller(claims=Claims(account_id=account_id, roles=frozenset(roles), mfa_at=mfa_at))


def ask(desk: Desk, rpc: str, caller: Caller, **fields: Any) -> Any:
    request_class = getattr(d, f"{rpc}Request")
    if "command_id" in request_class.DESCRIPTOR.fields_by_name:
        fields.setdefault("command_id", str(nature.new_id()))
    return getattr(desk.eus, rpc)(request_class(**fields), caller)


def codes(desk: Desk, rpc: str, caller: Caller, **fields: Any) -> list[str]:
    with pytest.raises(RefusedError) as caught:
        ask(desk, rpc, caller, **fields)
    return [caught.value.status.name, *(one.code for one in caught.value.details)]
