"""From the state topics into the index: AccountState, AssociationState, ConnectionState (subscribers: in sync)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from functools import lru_cache
from uuid import UUID

from google.protobuf.message import Message
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState

from mandate_kit.authority import Account, Association, AuthorityIndex, Connection

TOPICS = ("AccountState", "AssociationState", "ConnectionState")
"""All that the right to act is made of (domain 4.5)."""

Row = Account | Association | Connection


def take(index: AuthorityIndex, state: Message) -> bool:
    """Feed the newest state of its key. Return whether it is one that the right to act is made of.

    Messages of one key in their order (`ce_sequence`); between keys and topics the order does not matter.
    """
    row = row_of(state)
    if row is None:
        return False
    put(index, row)
    return True


def put(index: AuthorityIndex, row: Row) -> None:
    """Feed one row."""
    match row:
        case Association():
            index.put_association(row)
        case Connection():
            index.put_connection(row)
        case Account():
            index.put_account(row)


def row_of(state: Message) -> Row | None:
    """What the rule needs of a state; None for a message that it needs nothing of.

    Raises `ValueError` for an id that is no UUID or a moment that no calendar has.
    """
    match state:
        case AssociationState():
            return Association(
                UUID(state.association_id),
                UUID(state.account_id),
                UUID(state.employer_id),
                state.role,
                state.status,
                _functions(*state.functions),
                _ids(state.withheld_provider_ids),
            )
        case ConnectionState():
            return Connection(
                UUID(state.connection_id),
                UUID(state.provider_id),
                UUID(state.surrogate_id),
                state.function,
                state.status,
                state.tracking_id,
                state.since.ToDatetime(UTC) if state.HasField("since") else None,
                UUID(state.changed_by) if state.changed_by else None,
            )
        case AccountState():
            return Account(UUID(state.account_id), state.active, _ids(state.provider_ids))
    return None


@lru_cache(maxsize=256)
def _functions(*names: str) -> frozenset[str]:
    """One set for all who have the same functions: there are few, and a million rows."""
    return frozenset(names)


def _ids(texts: Iterable[str]) -> frozenset[UUID]:
    return frozenset(map(UUID, texts))
