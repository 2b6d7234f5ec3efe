"""Whenever somebody's access through an employer has changed, tell that person (M-14)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import EmployerAssociationEnded

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_ended(heard: EmployerAssociationEnded, world: World) -> Iterator[Aggregate]:
    """From the role held to none."""
    yield from owe(
        world,
        mails.ACCESS_CHANGED,
        to=to_account(heard.account_id),
        data={"employer_id": heard.employer_id, "role_before": heard.role, "role_after": ""},
    )
