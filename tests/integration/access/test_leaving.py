"""What goes with a role that ends, and who may end it (4.3)."""

from __future__ import annotations

from uuid import UUID

import pytest
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.domain import NotAllowedError
from services.access.commands import role_requests, staff
from services.access.commands.staff import LastOfficialError
from services.access.domain.association import Association
from services.access.domain.role_request import AlreadyDecidedError
from tests.attested import ATTESTATION
from tests.house import House
from tests.papers import hand_in

AO = "AUTHORIZED_OFFICIAL"
EMPLOYER = nature.new_id()


def staff_member(house: House, role: str = "STAFF_END_USER") -> UUID:
    """Somebody who has a role at the employer."""
    who = nature.new_id()
    request = house.access.execute(
        role_requests.request_role, who, employer_id=EMPLOYER, role=role, attestation=ATTESTATION
    )
    hand_in(house.access.app, request.id)
    house.access.execute(role_requests.approve, nature.new_id(), roles=("EUS",), role_request_id=request.id)
    house.settle()
    return who


def leave(house: House, who: UUID, *, knowing: bool = False) -> None:
    association_id = Association.id_for(who, EMPLOYER)
    house.access.execute(staff.disassociate, who, association_id=association_id, leaves_without_official=knowing)


def left_without(house: House) -> list[UUID]:
    """Whose leaving left an employer without an Authorized Official, as it is noted."""
    house.settle()
    return [one.originator_id for one in house.access.events(Association.EmployerLeftWithoutOfficial)]


def test_a_change_of_role_that_waits_goes_with_the_role(house: House) -> None:
    """D-39: the old role stays until decided; who leaves meanwhile is not made a manager afterwards."""
    who = staff_member(house)
    asked = house.access.execute(role_requests.request_role, who, employer_id=EMPLOYER, role="ACCESS_MANAGER")
    association_id = Association.id_for(who, EMPLOYER)
    house.access.execute(staff.disassociate, who, association_id=association_id)
    with pytest.raises(AlreadyDecidedError):
        house.access.execute(role_requests.approve, nature.new_id(), roles=("EUS",), role_request_id=asked.id)
    with pytest.raises(AlreadyDecidedError):
        house.access.execute(role_requests.reject, nature.new_id(), roles=("EUS",), role_request_id=asked.id)
    assert house.access.app.repository.get(association_id).status == "DISASSOCIATED"


def test_nobody_without_the_right_is_told_that_an_association_has_ended(house: House) -> None:
    who = staff_member(house)
    association_id = Association.id_for(who, EMPLOYER)
    house.access.execute(staff.disassociate, who, association_id=association_id)
    before = house.access.end()
    with pytest.raises(NotAllowedError):
        house.access.execute(staff.disassociate, nature.new_id(), association_id=association_id)
    house.access.execute(staff.disassociate, who, association_id=association_id)
    assert house.access.end() == before


def test_an_own_record_closes_a_request_for_it(house: House) -> None:
    """IA-PROF-09, D-10: a provider is Authorized Official of his own record, whatever he had asked for."""
    doctor, practice = nature.new_id(), nature.new_id()
    asked = house.access.execute(role_requests.request_role, doctor, employer_id=practice, role="STAFF_END_USER")
    state = AccountState(account_id=str(doctor), active=True, provider_ids=[str(practice)])
    house.tell(state, key=doctor)
    request = house.access.app.repository.get(asked.id)
    association = house.access.app.repository.get(Association.id_for(doctor, practice))
    assert request.status == "CANCELLED"
    assert (association.role, association.status) == ("AUTHORIZED_OFFICIAL", "APPROVED")


def test_d_08_the_last_official_leaves_who_says_so_twice(house: House) -> None:
    """And nothing is changed for who does not; managers and staff go on."""
    official, manager = staff_member(house, AO), staff_member(house, "ACCESS_MANAGER")
    before = house.access.end()
    with pytest.raises(LastOfficialError):
        leave(house, official)
    assert house.access.end() == before
    leave(house, official, knowing=True)
    leave(house, official)  # a repeat with another command changes nothing
    assert left_without(house) == [Association.id_for(official, EMPLOYER)]
    assert house.access.app.repository.get(Association.id_for(manager, EMPLOYER)).is_approved


def test_d_08_one_of_two_officials_leaves_without_more_words(house: House) -> None:
    first, second = staff_member(house, AO), staff_member(house, AO)
    leave(house, first)
    assert left_without(house) == []
    with pytest.raises(LastOfficialError):
        leave(house, second)


def test_d_08_two_who_leave_at_once_leave_one_note(house: House) -> None:
    """Each believed that the other stays: the later one was the last."""
    first, second = staff_member(house, AO), staff_member(house, AO)
    leave(house, first)
    leave(house, second)  # before anybody has folded that the first has left
    assert left_without(house) == [Association.id_for(second, EMPLOYER)]


def test_d_08_who_comes_back_and_leaves_again_is_noted_again(house: House) -> None:
    official = staff_member(house, AO)
    for _ in range(2):
        leave(house, official, knowing=True)
        house.settle()
        asked = house.access.execute(
            role_requests.request_role, official, employer_id=EMPLOYER, role=AO, attestation=ATTESTATION
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, nature.new_id(), roles=("EUS",), role_request_id=asked.id)
    assert left_without(house) == [Association.id_for(official, EMPLOYER)] * 2


def test_d_08_an_official_who_becomes_a_manager_leaves_none_behind(house: House) -> None:
    official = staff_member(house, AO)
    asked = house.access.execute(role_requests.request_role, official, employer_id=EMPLOYER, role="ACCESS_MANAGER")
    hand_in(house.access.app, asked.id)
    house.access.execute(role_requests.approve, nature.new_id(), roles=("EUS",), role_request_id=asked.id)
    assert left_without(house) == [Association.id_for(official, EMPLOYER)]


def test_an_employer_that_never_had_an_official_is_not_left_by_one(house: House) -> None:
    manager = staff_member(house, "ACCESS_MANAGER")
    leave(house, manager)
    assert left_without(house) == []
