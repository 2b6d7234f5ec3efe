"""Whenever somebody asks for a role in which an approved enrollment lists them, grant it (X-11).

The request, the record, and who is behind the account may come in any order: each only wakes the rule, which judges by
what is known now. An enrollment's list and the roles here do not feed each other beyond this (X-21).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from uuid import UUID

from mandate.enrollment.v1.state_pb2 import EnrollmentState
from mandate.identity.v1.state_pb2 import AccountState

from chassis.cause import system_actor
from chassis.domain import Aggregate
from chassis.policies import World
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.projections import listed_officials

JUDGE = system_actor("access/approve_listed_official")
"""Who approves: nobody, the record does."""


def on_request(requested: RoleRequest.Requested, world: World) -> Iterator[Aggregate]:
    """The request came last."""
    yield from _grant(world, listed_officials.to_grant(world.db, account_id=requested.account_id))


def on_enrollment(heard: EnrollmentState, world: World) -> Iterator[Aggregate]:
    """The record came last."""
    yield from _grant(world, listed_officials.to_grant(world.db, employer_id=UUID(heard.provider_id)))


def on_account(heard: AccountState, world: World) -> Iterator[Aggregate]:
    """Who is behind the account came last."""
    yield from _grant(world, listed_officials.to_grant(world.db, account_id=UUID(heard.account_id)))


def _grant(world: World, found: Iterable[tuple[UUID, UUID]]) -> Iterator[Aggregate]:
    for role_request_id, enrollment_id in found:
        request: RoleRequest = world.repository.get(role_request_id, kind=RoleRequest)
        association: Association = world.repository.get(Association.id_for(request.account_id, request.employer_id))
        if request.status != "PENDING":
            continue
        request.auto_approve(enrollment_id=enrollment_id)
        association.approve(role_request_id=request.id, approved_by=JUDGE)
        yield request
        yield association
