"""X-11: whoever asks for a role in which an approved enrollment lists them has it at once, in either order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from uuid import UUID, uuid4

import pytest
from mandate.enrollment.v1.state_pb2 import EnrollmentState, ListedOfficial
from mandate.identity.v1.state_pb2 import AccountState

from services.access.commands import role_requests
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from tests.house import House

PERSON, ACCOUNT, GROUP, RECORD = (uuid4() for _ in range(4))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def ask(house: House, role: str = AO, employer: UUID = GROUP) -> None:
    house.access.execute(
        role_requests.request_role, ACCOUNT, employer_id=employer, role=role, attestation="ao-1:sha256"
    )
    house.settle()


def list_official(
    house: House,
    capacity: str = "AUTHORIZED_OFFICIAL",
    status: str = "APPROVED",
    person: UUID = PERSON,
    version: int = 1,
) -> None:
    state = EnrollmentState(
        enrollment_id=str(RECORD),
        provider_id=str(GROUP),
        form="855B",
        status=status,
        officials=[ListedOfficial(person_id=str(person), capacity=capacity)],
    )
    house.tell(state, key=RECORD, version=version)


def know_person(house: House, *, active: bool = True, person: UUID | None = PERSON, version: int = 1) -> None:
    state = AccountState(account_id=str(ACCOUNT), active=active, person_id=str(person or ""))
    house.tell(state, key=ACCOUNT, version=version)


def list_and_unlist(house: House) -> None:
    list_official(house)
    list_official(house, status="DEACTIVATED", version=2)


STEPS: tuple[Callable[[House], None], ...] = (ask, list_official, know_person)


@pytest.mark.parametrize("order", permutations(STEPS), ids=lambda order: "-".join(one.__name__ for one in order))
def test_every_order_grants_the_role_once(house: House, order: tuple[Callable[[House], None], ...]) -> None:
    for step in order:
        step(house)
    list_official(house, version=2)
    know_person(house, version=2)
    [approved] = house.access.events(RoleRequest.AutoApproved)
    assert approved.enrollment_id == RECORD
    [held] = house.access.events(Association.Approved)
    assert held.role == AO


def test_a_delegated_official_is_an_access_manager(house: House) -> None:
    know_person(house)
    list_official(house, "DELEGATED_OFFICIAL")
    ask(house, AO)
    assert house.access.events(RoleRequest.AutoApproved) == []
    [request] = house.access.events(RoleRequest.Requested)
    house.access.execute(role_requests.cancel, ACCOUNT, role_request_id=request.originator_id)
    ask(house, AM)
    assert len(house.access.events(RoleRequest.AutoApproved)) == 1


@pytest.mark.parametrize(
    "listed",
    [
        lambda house: list_official(house, status="REVOKED"),
        lambda house: list_official(house, person=uuid4()),
        list_and_unlist,
    ],
)
def test_who_is_not_listed_now_waits(house: House, listed: Callable[[House], None]) -> None:
    know_person(house)
    listed(house)
    ask(house)
    assert house.access.events(RoleRequest.AutoApproved) == []


def test_neither_another_employer_nor_another_role_is_given(house: House) -> None:
    know_person(house)
    list_official(house)
    ask(house, AO, uuid4())
    ask(house, SEU)
    assert house.access.events(RoleRequest.AutoApproved) == []


def test_an_account_without_a_person_or_that_is_locked_gets_nothing(house: House) -> None:
    know_person(house, person=None)
    list_official(house)
    ask(house)
    know_person(house, active=False, version=2)
    assert house.access.events(RoleRequest.AutoApproved) == []


def test_what_was_rejected_stays_rejected(house: House) -> None:
    ask(house)
    [request] = house.access.events(RoleRequest.Requested)
    house.access.execute(
        role_requests.reject, uuid4(), roles=["EUS"], role_request_id=request.originator_id, reason="no"
    )
    know_person(house)
    list_official(house)
    assert house.access.events(RoleRequest.AutoApproved) == []
