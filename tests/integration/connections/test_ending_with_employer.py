"""Nobody is connected with a closed employer any more, and nobody waits for it (D-41)."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from services.access.commands import employers, role_requests
from services.connections.commands import connections
from services.connections.domain.closing import Closing, EmployerClosedError
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection
from services.connections.policies import end_with_employer
from services.connections.policies.end_with_employer import CLOSER
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

DOCTOR, OFFICIAL, OTHER, HELP = (uuid4() for _ in range(4))
PRACTICE, GROUP, ELSEWHERE = uuid4(), uuid4(), uuid4()
AO = "AUTHORIZED_OFFICIAL"


def connect(house: House, who: UUID, provider: UUID, surrogate: UUID, function: str, side: str) -> UUID:
    about: dict[str, Any] = {"provider_id": provider, "surrogate_id": surrogate, "function": function, "side": side}
    return house.connections.execute(connections.request, who, **about).id


def approve(house: House, who: UUID, id_: UUID, side: str) -> None:
    house.connections.execute(connections.approve, who, connection_id=id_, side=side)


def status(house: House, id_: UUID) -> str:
    connection: Connection = house.connections.app.repository.get(id_, kind=Connection)
    return connection.status


def close(house: House, employer: UUID) -> None:
    house.access.execute(employers.close, HELP, roles=["EUS"], employer_id=employer, reason="Out of business.")
    house.settle()


@pytest.fixture
def told(house: House) -> House:
    """Three employers, each with an official."""
    for who, employer in ((DOCTOR, PRACTICE), (OFFICIAL, GROUP), (OTHER, ELSEWHERE)):
        asked = house.access.execute(
            role_requests.request_role, who, employer_id=employer, role=AO, attestation=ATTESTATION
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
    house.settle()
    return house


@pytest.fixture
def linked(told: House) -> dict[str, UUID]:
    """The group may act for the practice in PECOS, and is asked for NPPES; others asked the group, and a third."""
    made = {
        "approved": connect(told, OFFICIAL, PRACTICE, GROUP, "PECOS", SURROGATE),
        "waiting": connect(told, DOCTOR, PRACTICE, GROUP, "NPPES", PROVIDER),
        "of a provider": connect(told, OTHER, GROUP, ELSEWHERE, "PECOS", SURROGATE),
        "of others": connect(told, DOCTOR, PRACTICE, ELSEWHERE, "PECOS", PROVIDER),
    }
    approve(told, DOCTOR, made["approved"], PROVIDER)
    approve(told, OFFICIAL, made["of a provider"], PROVIDER)
    return made


def test_d_41_approved_connections_of_either_side_end_and_what_waits_is_rejected(
    told: House, linked: dict[str, UUID]
) -> None:
    close(told, GROUP)
    assert {name: status(told, id_) for name, id_ in linked.items()} == {
        "approved": "DISCONNECTED",
        "waiting": "REJECTED",
        "of a provider": "DISCONNECTED",
        "of others": "PENDING",
    }
    closed = {one.originator_id: one for one in told.connections.events(Connection.Closed)}
    assert {id_: (one.side, one.reason, one.closed_by) for id_, one in closed.items()} == {
        linked["approved"]: (SURROGATE, "EMPLOYER_CLOSED", CLOSER),
        linked["of a provider"]: (PROVIDER, "EMPLOYER_CLOSED", CLOSER),
    }
    [rejected] = told.connections.events(Connection.Rejected)
    assert (rejected.rejected_by, rejected.reason) == (CLOSER, "EMPLOYER_CLOSED")


def test_d_41_nobody_asks_a_closed_employer(told: House) -> None:
    close(told, GROUP)
    with pytest.raises(EmployerClosedError):
        connect(told, DOCTOR, PRACTICE, GROUP, "PECOS", PROVIDER)


def test_d_41_what_is_asked_for_before_it_is_heard_is_rejected_then(told: House) -> None:
    """Whichever comes second: what is asked or approved at the same moment."""
    waiting = connect(told, DOCTOR, PRACTICE, GROUP, "PECOS", PROVIDER)
    told.access.execute(employers.close, HELP, roles=["EUS"], employer_id=GROUP, reason="Out of business.")
    connect(told, DOCTOR, PRACTICE, GROUP, "NPPES", PROVIDER)
    approve(told, OFFICIAL, waiting, SURROGATE)
    told.settle()
    assert status(told, waiting) == "DISCONNECTED"
    assert status(told, Connection.id_for(PRACTICE, GROUP, "NPPES")) == "REJECTED"


def test_d_41_what_has_not_looked_is_rejected_too(told: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that looked just before the closing was heard, and writes just after; and one that approves then."""
    waiting = connect(told, DOCTOR, PRACTICE, ELSEWHERE, "PECOS", PROVIDER)
    close(told, GROUP)
    monkeypatch.setattr("services.connections.commands.connections.closed_of", lambda *_: set())
    late = connect(told, DOCTOR, PRACTICE, GROUP, "PECOS", PROVIDER)
    told.settle()
    assert (status(told, late), status(told, waiting)) == ("REJECTED", "PENDING")
    again = connect(told, DOCTOR, PRACTICE, GROUP, "PECOS", PROVIDER)
    assert (again, status(told, again)) == (late, "PENDING")
    told.settle()
    assert status(told, again) == "REJECTED"


def test_d_41_many_end_some_at_a_time(told: House, linked: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(end_with_employer, "AT_ONCE", 1)
    close(told, GROUP)
    assert [status(told, id_) for id_ in linked.values()] == ["DISCONNECTED", "REJECTED", "DISCONNECTED", "PENDING"]
    assert len(told.connections.events(Closing.Begun)) == 1
    assert len(told.connections.events(Closing.WentOn)) == 3
