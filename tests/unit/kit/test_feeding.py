"""From state messages to the index: what each says is what the rule sees (4.5, D-40)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from mandate.access.v1.events_pb2 import RoleRequested
from mandate.access.v1.state_pb2 import AssociationState
from mandate.connections.v1.state_pb2 import ConnectionState
from mandate.identity.v1.state_pb2 import AccountState
from mandate_kit import feeding
from mandate_kit.authority import AuthorityIndex

STAFF, OWNER, GROUP, PRACTICE, OTHER = (uuid4() for _ in range(5))
AT = datetime(2026, 5, 4, 12, tzinfo=UTC)


def connection(provider: object, status: str = "APPROVED") -> ConnectionState:
    return ConnectionState(
        connection_id=str(uuid4()), provider_id=str(provider), surrogate_id=str(GROUP), function="PECOS",
        status=status, since=AT, changed_by=str(OWNER),
    )  # fmt: skip


def test_what_the_state_topics_say_is_what_the_index_answers() -> None:
    index = AuthorityIndex()
    states = (
        AccountState(account_id=str(STAFF), active=True),
        AccountState(account_id=str(OWNER), active=True, provider_ids=[str(PRACTICE)]),
        AssociationState(
            association_id=str(uuid4()), account_id=str(STAFF), employer_id=str(GROUP), role="STAFF_END_USER",
            status="APPROVED", functions=["PECOS"], withheld_provider_ids=[str(OTHER)],
        ),
        connection(PRACTICE),
        connection(OTHER),
    )  # fmt: skip
    assert all(feeding.take(index, state) for state in states)
    assert index.can_act(OWNER, PRACTICE, "NPPES")
    assert index.can_act(STAFF, PRACTICE, "PECOS")
    assert not index.can_act(STAFF, OTHER, "PECOS")  # withheld
    feeding.take(index, connection(PRACTICE, "DISCONNECTED"))
    [gone] = index.explain(STAFF, PRACTICE, "PECOS").missing
    assert (gone.what, gone.since, gone.changed_by) == ("CONNECTION", AT, OWNER)


def test_other_messages_are_left_alone() -> None:
    assert not feeding.take(AuthorityIndex(), RoleRequested())
