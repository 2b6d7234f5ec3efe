"""Whenever somebody asks for a role at an employer, tell the person that it was received (M-09)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import RoleRequested

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_request(heard: RoleRequested, world: World) -> Iterator[Aggregate]:
    """To the requester, whatever is decided meanwhile."""
    yield from owe(
        world,
        mails.ROLE_REQUEST_RECEIVED,
        to=to_account(heard.account_id),
        data={
            "employer_id": heard.employer_id,
            "role": heard.role,
            "current_role": heard.current_role,
            "tracking_id": heard.tracking_id,
            "role_request_id": heard.role_request_id,
        },
    )
