"""From the state topics into the index: AccountState, AssociationState, ConnectionState (subscribers: in sync)."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from google.protobuf.message import Message
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState

from mandate_kit.authority import Account, Association, AuthorityIndex, Connection

TOPICS = ("AccountState", "AssociationState", "ConnectionState")
"""All that the right to act is made of (domain 4.5)."""


def take(index: AuthorityIndex, state: Message) -> bool:
    """Feed the newest state of its key. Return whether it is one that the right to act is made of.

    Messages of one key in their order (`ce_sequence`); between keys and topics the order does not matter.
    """
    match state:
        case AccountState():
            own = frozenset(UUID(one) for one in state.provider_ids)
            index.put_account(Account(UUID(state.account_id), state.active, own))
        case AssociationState():
            index.put_association(
                Association(
                    UUID(state.association_id),
                    UUID(state.account_id),
                    UUID(state.employer_id),
                    state.role,
                    state.status,
                    frozenset(state.functions),
                    frozenset(UUID(one) for one in state.withheld_provider_ids),
                )
            )
        case ConnectionState():
            index.put_connection(
                Connection(
                    UUID(state.connection_id),
                    UUID(state.provider_id),
                    UUID(state.surrogate_id),
                    state.function,
                    state.status,
                    state.tracking_id,
                    state.since.ToDatetime(UTC) if state.HasField("since") else None,
                    UUID(state.changed_by) if state.changed_by else None,
                )
            )
        case _:
            return False
    return True
