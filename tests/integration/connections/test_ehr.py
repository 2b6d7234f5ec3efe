"""EHR ends on October 1, 2023: what waits for it is rejected then, and nothing is done with it any more (D-18)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.cause import system_actor
from chassis.vocabulary.functions import EHR_RETIRED_AT, EhrRetiredError
from services.access.commands import role_requests
from services.connections.commands import connections
from services.connections.domain.connection import PROVIDER, SURROGATE, Connection
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

DOCTOR, OFFICIAL, HELP = (uuid4() for _ in range(3))
PRACTICE, GROUP = uuid4(), uuid4()
SECOND = timedelta(seconds=1)


class Clock:
    """Stands still until it is set."""

    at: datetime = datetime(2023, 9, 1, 16, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    before = nature.use(nature.Nature(now=lambda: made.at, random_bytes=nature.REAL.random_bytes))
    yield made
    nature.use(before)


@pytest.fixture
def asked(clock: Clock, house: House) -> tuple[House, UUID]:
    """In September 2023 a group has asked a doctor for EHR and for PECOS."""
    assert clock.at < EHR_RETIRED_AT
    for who, employer, role in ((DOCTOR, PRACTICE, "AUTHORIZED_OFFICIAL"), (OFFICIAL, GROUP, "ACCESS_MANAGER")):
        request = house.access.execute(
            role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
        )
        hand_in(house.access.app, request.id)
        house.access.execute(role_requests.approve, HELP, roles=("EUS",), role_request_id=request.id)
    house.settle()
    which: dict[str, Any] = {"provider_id": PRACTICE, "surrogate_id": GROUP, "side": SURROGATE}
    house.connections.execute(connections.request, OFFICIAL, function="PECOS", **which)
    id_ = house.connections.execute(connections.request, OFFICIAL, function="EHR", **which).id
    house.settle()
    return house, id_


def test_what_waits_for_ehr_is_rejected_at_its_end_and_not_before(clock: Clock, asked: tuple[House, UUID]) -> None:
    """IA-EHR-02: by the timer, with a reason of its own; what waits for PECOS goes on waiting."""
    house, id_ = asked
    clock.at = EHR_RETIRED_AT - SECOND
    house.settle()
    assert house.connections.events(Connection.Rejected) == []
    clock.at = EHR_RETIRED_AT
    house.settle()
    [rejected] = house.connections.events(Connection.Rejected)
    assert (rejected.originator_id, rejected.reason) == (id_, "EHR_RETIRED")
    assert rejected.rejected_by == system_actor("connections.timers")
    pecos = house.connections.app.repository.get(Connection.id_for(PRACTICE, GROUP, "PECOS"))
    assert pecos.status == "PENDING"


def test_nothing_is_done_with_ehr_after_its_end(clock: Clock, asked: tuple[House, UUID]) -> None:
    """D-18, IA-EHR-03: approved in time, it is history: shown, not changed, not even ended."""
    house, id_ = asked
    house.connections.execute(connections.approve, DOCTOR, connection_id=id_, side=PROVIDER)
    clock.at = EHR_RETIRED_AT
    house.settle()
    for command in (connections.approve, connections.reject, connections.cancel, connections.disconnect):
        with pytest.raises(EhrRetiredError):
            house.connections.execute(command, DOCTOR, connection_id=id_, side=PROVIDER)
    assert house.connections.app.repository.get(id_).status == "APPROVED"


def test_who_decides_too_late_is_told_so_before_the_timer_has_come(clock: Clock, asked: tuple[House, UUID]) -> None:
    house, id_ = asked
    clock.at = EHR_RETIRED_AT - SECOND
    house.settle()
    clock.at = EHR_RETIRED_AT
    with pytest.raises(EhrRetiredError):
        house.connections.execute(connections.approve, DOCTOR, connection_id=id_, side=PROVIDER)
