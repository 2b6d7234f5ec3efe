"""Whenever an employer's last Authorized Official has left, tell its Access Managers and the desk (M-15)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.access.v1.events_pb2 import EmployerLeftWithoutAuthorizedOfficial

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.roles import ACCESS_MANAGER
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe
from services.notifier.projections import desk, managers


def on_left(heard: EmployerLeftWithoutAuthorizedOfficial, world: World) -> Iterator[Aggregate]:
    """Each of them: any may see to a new official. Whoever manages there and works at the desk is a manager."""
    theirs = managers.people(world.db, employer_id=UUID(heard.employer_id), roles=[ACCESS_MANAGER])
    told = dict.fromkeys(desk.people(world.db), True) | dict.fromkeys(theirs, False)
    for account_id, is_desk in sorted(told.items()):
        yield from owe(
            world,
            mails.NO_OFFICIAL,
            to=to_account(account_id),
            data={"employer_id": heard.employer_id, "is_desk": is_desk},
        )
