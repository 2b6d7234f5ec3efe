"""Whenever a role request is decided, tell the person who made it (M-12, M-13)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import (
    RoleRequestApproved,
    RoleRequestAutoApproved,
    RoleRequestCancelled,
    RoleRequestRejected,
)

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_approved(heard: RoleRequestApproved | RoleRequestAutoApproved, world: World) -> Iterator[Aggregate]:
    """With the role, and what it gives."""
    yield from owe(
        world,
        mails.ROLE_REQUEST_APPROVED,
        to=to_account(heard.account_id),
        data={"employer_id": heard.employer_id, "role": heard.role, "tracking_id": heard.tracking_id},
    )


def on_rejected(heard: RoleRequestRejected, world: World) -> Iterator[Aggregate]:
    """With the reason, where one was given."""
    yield from owe(
        world,
        mails.ROLE_REQUEST_REJECTED,
        to=to_account(heard.account_id),
        data={
            "employer_id": heard.employer_id,
            "role": heard.role,
            "tracking_id": heard.tracking_id,
            "reason": heard.reason,
        },
    )


def on_cancelled(heard: RoleRequestCancelled, world: World) -> Iterator[Aggregate]:
    """Where nobody has taken it back (D-41); whoever takes a request back knows."""
    if heard.reason:
        data = {"employer_id": heard.employer_id, "role": heard.role, "tracking_id": heard.tracking_id}
        yield from owe(
            world,
            mails.ROLE_REQUEST_REJECTED,
            to=to_account(heard.account_id),
            data=data | {"reason": "", "closed_with": heard.reason},
        )
