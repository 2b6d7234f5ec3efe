"""Whenever a person's account owns a provider's record, they are Authorized Official of it (IA-DONE-02, IA-PROF-09)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.identity.v1.state_pb2 import AccountState

from chassis.cause import system_actor
from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest

REGISTRY = system_actor("registry")
"""Who says so: the registry, by the number of the Social Security card."""


def on_account(account: AccountState, world: World) -> Iterator[Aggregate]:
    """The account's records, as the account says now; a record that is no longer its own is left as it is."""
    if not account.active:
        return
    account_id = UUID(account.account_id)
    for provider_id in (UUID(text) for text in account.provider_ids):
        id_ = Association.id_for(account_id, provider_id)
        association: Association | None = world.repository.find(id_)
        if association is None:
            association = Association(
                id=id_,
                account_id=account_id,
                employer_id=provider_id,
                role=AUTHORIZED_OFFICIAL,
                role_request_id=id_,
            )
        open_request_id = association.open_request_id
        if open_request_id is not None and association.role != AUTHORIZED_OFFICIAL:
            waiting: RoleRequest | None = world.repository.find(open_request_id)
            if waiting is not None:
                waiting.void()  # what was asked for is had, or less than what is had
                yield waiting
        association.open_own_record(confirmed_by=REGISTRY)
        yield association
