"""What goes with a role that ends, and who may end it (4.3)."""

from __future__ import annotations

from uuid import UUID

import pytest
from mandate.identity.v1.state_pb2 import AccountState

from chassis import nature
from chassis.domain import NotAllowedError
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.access.domain.role_request import AlreadyDecidedError
from tests.house import House
from tests.papers import hand_in

EMPLOYER = nature.new_id()


def staff_member(house: House, role: str = "STAFF_END_USER") -> UUID:
    """Somebody who has a role at the employer."""
    who = nature.new_id()
    request = house.access.execute(role_requests.request_role, who, employer_id=EMPLOYER, role=role, attestation="v1")
    hand_in(house.access.app, request.id)
    house.access.execute(role_requests.approve, nature.new_id(), roles=("EUS",), role_request_id=request.id)
    return who


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
