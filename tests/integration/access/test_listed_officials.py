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
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

PERSON, ACCOUNT, GROUP, RECORD = (uuid4() for _ in range(4))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def ask(house: House, role: str = AO, employer: UUID = GROUP) -> None:
    house.access.execute(role_requests.request_role, ACCOUNT, employer_id=employer, role=role, attestation=ATTESTATION)
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


def record(
    house: House, enrollment: UUID, *listed: tuple[UUID, str], status: str = "APPROVED", version: int = 1
) -> None:
    """One enrollment of the group, with whom it lists."""
    officials = [ListedOfficial(person_id=str(person), capacity=capacity) for person, capacity in listed]
    state = EnrollmentState(
        enrollment_id=str(enrollment), provider_id=str(GROUP), form="855B", status=status, officials=officials
    )
    house.tell(state, key=enrollment, version=version)


def held(house: House) -> str:
    """The role held now; empty for none."""
    association: Association | None = house.access.app.repository.find(Association.id_for(ACCOUNT, GROUP))
    return association.role if association else ""


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


GIVES = {("AUTHORIZED_OFFICIAL", AO), ("DELEGATED_OFFICIAL", AM)}
"""X-11: capacity on the record, role asked for; every other pair waits for a decision."""
STATUSES = ("APPROVED", "STAYED", "DEACTIVATED", "REVOKED", "REJECTED", "TERMINATED")


@pytest.mark.parametrize("is_first", [True, False], ids=["the-record-first", "the-request-first"])
@pytest.mark.parametrize("role", [AO, AM, SEU])
@pytest.mark.parametrize("capacity", ["AUTHORIZED_OFFICIAL", "DELEGATED_OFFICIAL", "CONTACT", ""])
def test_the_table_of_capacities(house: House, capacity: str, role: str, is_first: bool) -> None:
    """X-11, in either order."""
    know_person(house)
    if is_first:
        list_official(house, capacity)
    ask(house, role)
    if not is_first:
        list_official(house, capacity)
    assert held(house) == (role if (capacity, role) in GIVES else "")


@pytest.mark.parametrize("status", STATUSES)
def test_only_an_approved_enrollment_speaks_for_somebody(house: House, status: str) -> None:
    """X-11: and one that becomes approved does so from then on."""
    know_person(house)
    list_official(house, status=status)
    ask(house)
    assert held(house) == (AO if status == "APPROVED" else "")
    list_official(house, version=2)
    assert held(house) == AO
    assert len(house.access.events(RoleRequest.AutoApproved)) == 1


def test_one_of_several_enrollments_is_enough(house: House) -> None:
    """X-11: the approved one is named, and the role is given once."""
    know_person(house)
    other, third = uuid4(), uuid4()
    record(house, RECORD, (PERSON, "AUTHORIZED_OFFICIAL"), status="REVOKED")
    record(house, other, (uuid4(), "AUTHORIZED_OFFICIAL"))
    ask(house)
    assert held(house) == ""
    record(house, third, (uuid4(), "DELEGATED_OFFICIAL"), (PERSON, "AUTHORIZED_OFFICIAL"))
    [approved] = house.access.events(RoleRequest.AutoApproved)
    assert approved.enrollment_id == third
    record(house, other, (PERSON, "AUTHORIZED_OFFICIAL"), version=2)
    assert len(house.access.events(RoleRequest.AutoApproved)) == 1


def test_a_list_that_changes_is_judged_as_it_is(house: House) -> None:
    """X-11: who has left the list waits, who comes onto it has the role, and an older list is not believed."""
    know_person(house)
    record(house, RECORD, (PERSON, "AUTHORIZED_OFFICIAL"))
    record(house, RECORD, (PERSON, "DELEGATED_OFFICIAL"), version=3)
    record(house, RECORD, (PERSON, "AUTHORIZED_OFFICIAL"), version=2)
    ask(house)
    assert held(house) == ""
    record(house, RECORD, (PERSON, "DELEGATED_OFFICIAL"), (PERSON, "AUTHORIZED_OFFICIAL"), version=4)
    assert held(house) == AO


def test_a_role_once_given_does_not_end_with_the_list(house: House) -> None:
    """X-21: the two lists do not feed each other beyond the request."""
    know_person(house)
    list_official(house)
    ask(house)
    record(house, RECORD, version=2)
    list_official(house, status="REVOKED", version=3)
    assert held(house) == AO


def test_a_change_of_role_is_given_as_a_first_one_is(house: House) -> None:
    """X-11, D-39: the role held goes with it, and nothing is asked of anybody."""
    know_person(house)
    record(house, RECORD, (PERSON, "DELEGATED_OFFICIAL"))
    ask(house, AM)
    ask(house, AO)
    assert held(house) == AM
    record(house, RECORD, (PERSON, "AUTHORIZED_OFFICIAL"), version=2)
    assert held(house) == AO


def test_all_who_wait_are_given_their_roles_by_one_record(house: House) -> None:
    """X-11, X-13: at once, each in the capacity that it says, and nobody else."""
    waiting = [(uuid4(), uuid4(), AO if number % 2 else AM) for number in range(6)]
    for account, person, role in waiting:
        house.access.execute(role_requests.request_role, account, employer_id=GROUP, role=role, attestation=ATTESTATION)
        house.tell(AccountState(account_id=str(account), active=True, person_id=str(person)), key=account)
    capacity_of = {AO: "AUTHORIZED_OFFICIAL", AM: "DELEGATED_OFFICIAL"}
    record(house, RECORD, *((person, capacity_of[role]) for _, person, role in waiting[:5]))
    found = {account: role_requests.role_at(house.access.app, account, GROUP) for account, _, _ in waiting}
    assert found == {account: role if number < 5 else "" for number, (account, _, role) in enumerate(waiting)}


def test_a_record_and_a_decision_at_once_are_one_role(house: House) -> None:
    """X-11: whichever comes first, the other changes nothing."""
    know_person(house)
    ask(house, AM)
    [request] = house.access.events(RoleRequest.Requested)
    hand_in(house.access.app, request.originator_id)
    state = EnrollmentState(
        enrollment_id=str(RECORD),
        provider_id=str(GROUP),
        form="855B",
        status="APPROVED",
        officials=[ListedOfficial(person_id=str(PERSON), capacity="DELEGATED_OFFICIAL")],
    )
    house.access.execute(role_requests.approve, uuid4(), roles=["EUS"], role_request_id=request.originator_id)
    house.tell(state, key=RECORD)
    assert house.access.events(RoleRequest.AutoApproved) == []
    assert len(house.access.events(Association.Approved)) == 1
