"""Whenever somebody's access through an employer has changed, tell that person (M-14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mandate.access.v1 import events_pb2 as access

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.roles import STAFF_END_USER
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe

Access = tuple[str, Sequence[str]]
"""Role, and functions."""
Heard = (
    access.EmployerAssociationEnded
    | access.RoleChanged
    | access.BusinessFunctionGranted
    | access.BusinessFunctionWithdrawn
)


def on_ended(heard: access.EmployerAssociationEnded, world: World) -> Iterator[Aggregate]:
    """From the role held to none."""
    yield from _tell(world, heard, before=(heard.role, ()), after=("", ()))


def on_role(heard: access.RoleChanged, world: World) -> Iterator[Aggregate]:
    """From a role, or none, to another."""
    before, after = (heard.role_before, heard.functions_before), (heard.role, heard.functions)
    yield from _tell(world, heard, before=before, after=after)


def on_granted(heard: access.BusinessFunctionGranted, world: World) -> Iterator[Aggregate]:
    """One function more."""
    before = [one for one in heard.functions if one != heard.function]
    yield from _tell(world, heard, before=(STAFF_END_USER, before), after=(STAFF_END_USER, heard.functions))


def on_withdrawn(heard: access.BusinessFunctionWithdrawn, world: World) -> Iterator[Aggregate]:
    """One function less."""
    before = sorted([*heard.functions, heard.function])
    yield from _tell(world, heard, before=(STAFF_END_USER, before), after=(STAFF_END_USER, heard.functions))


def _tell(world: World, heard: Heard, *, before: Access, after: Access) -> Iterator[Aggregate]:
    yield from owe(
        world,
        mails.ACCESS_CHANGED,
        to=to_account(heard.account_id),
        data={
            "employer_id": heard.employer_id,
            "role_before": before[0],
            "functions_before": _functions(before),
            "role_after": after[0],
            "functions_after": _functions(after),
        },
    )


def _functions(access: Access) -> list[str]:
    """What the mail names; officials and managers have all, and none are named."""
    role, functions = access
    return list(functions) if role == STAFF_END_USER else []
