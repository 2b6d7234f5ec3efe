"""Modify: role and functions of a person at all employers of a manager, in one command (IA-MOD-01, IA-MOD-02, 4.3)."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import pytest
from mandate.access.v1 import service_pb2 as pb

from chassis import nature
from chassis.domain import NotFoundError
from chassis.server import Caller
from chassis.tokens import Claims
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.access.domain.role_request import RoleRequest
from services.access.projections.staff_list import employers_of
from tests.access_office import Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP, BRANCH, ELSEWHERE = (nature.new_id() for _ in range(3))
OFFICIAL, MANAGER, CLEO, STRANGER, HELP = (nature.new_id() for _ in range(5))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def with_role(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> UUID:
    asked = office.room.execute(
        role_requests.request_role, who, employer_id=employer, role=role, attestation=ATTESTATION
    )
    hand_in(office.room.app, asked.id)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
    return Association.id_for(who, employer)


def offer(employer: UUID = GROUP, role: str = SEU, *functions: str) -> pb.Offer:
    return pb.Offer(employer_id=str(employer), role=role, functions=functions)


def modify(office: Office, who: UUID, *offers: pb.Offer, whom: UUID = CLEO, **more: Any) -> Any:
    return office.ask("ModifyStaff", who, account_id=str(whom), offers=offers, **more)


def held(office: Office, who: UUID = CLEO, employer: UUID = GROUP) -> tuple[str, list[str]]:
    association: Association | None = office.room.app.repository.find(Association.id_for(who, employer))
    return (association.role, association.functions) if association else ("", [])


@pytest.fixture
def staffed(office: Office) -> Office:
    for employer in (GROUP, BRANCH):
        with_role(office, OFFICIAL, AO, employer)
    with_role(office, MANAGER, AM)
    with_role(office, CLEO, SEU)
    with_role(office, STRANGER, AO, ELSEWHERE)
    return office


def test_ia_mod_01_all_employers_are_saved_at_once(staffed: Office) -> None:
    """Functions where the role is held, a role where none is; a repeat changes nothing; lists and authority know it."""
    command_id = str(nature.new_id())
    offers = (offer(GROUP, SEU, "PECOS", "NPPES"), offer(BRANCH, SEU, "NPPES"))
    first = modify(staffed, OFFICIAL, *offers, command_id=command_id)
    assert modify(staffed, OFFICIAL, *offers, command_id=command_id) == first
    before = staffed.room.end()
    modify(staffed, OFFICIAL, *offers)
    assert staffed.room.end() == before
    assert held(staffed) == (SEU, ["NPPES", "PECOS"])
    assert held(staffed, employer=BRANCH) == (SEU, ["NPPES"])
    staffed.house.settle()
    with staffed.room.app.session() as db:
        rows = {row.employer_id: (row.role, row.functions, row.status) for row in employers_of(db, account_id=CLEO)}
    assert rows[BRANCH] == (SEU, ["NPPES"], "APPROVED")


def test_ia_mod_02_an_access_manager_has_every_function_and_staff_what_was_ticked(staffed: Office) -> None:
    """4.3 RoleChanged, there and back again."""
    modify(staffed, OFFICIAL, offer(GROUP, SEU, "PECOS"))
    modify(staffed, OFFICIAL, offer(GROUP, AM, "PECOS"))
    assert held(staffed) == (AM, [])
    modify(staffed, OFFICIAL, offer(GROUP, SEU, "NPPES"))
    assert held(staffed) == (SEU, ["NPPES"])
    up, down = staffed.room.events(Association.RoleChanged)
    assert (up.role_before, up.functions_before, up.role, up.changed_by) == (SEU, ["PECOS"], AM, OFFICIAL)
    assert (down.role_before, down.functions) == (AM, ["NPPES"])


def test_a_person_needs_a_second_factor_to_make_a_manager(staffed: Office) -> None:
    """S-09."""
    request = pb.ModifyStaffRequest(command_id=str(nature.new_id()), account_id=str(CLEO), offers=[offer(GROUP, AM)])
    unsure = Caller(claims=Claims(account_id=OFFICIAL))
    assert refused(lambda: staffed.servicer.ModifyStaff(request, unsure)) == "STEP_UP_REQUIRED"
    assert held(staffed) == (SEU, [])


def test_an_official_is_not_modified_by_anybody(staffed: Office) -> None:
    """D-39: nor by External User Services, who manage all others."""
    assert (
        refused(lambda: modify(staffed, HELP, offer(GROUP, AM), whom=OFFICIAL, roles=["EUS"])) == "OFFICIAL_UNTOUCHED"
    )
    modify(staffed, HELP, offer(GROUP, SEU, "PECOS"), roles=["EUS"])
    assert held(staffed) == (SEU, ["PECOS"])


BY = {OFFICIAL: AO, MANAGER: AM, STRANGER: "", CLEO: ""}
HOLDS = {"nothing": "", "staff": SEU, "manager": AM, "official": AO}


@pytest.mark.parametrize(("by", "has", "role"), [*product(BY, HOLDS, (SEU, AM))])
def test_who_may_give_which_role_to_whom(staffed: Office, by: UUID, has: str, role: str) -> None:
    """4.3, D-09, D-39: an official sets managers and staff, a manager staff, and nobody an official."""
    whom = nature.new_id()
    if HOLDS[has]:
        with_role(staffed, whom, HOLDS[has])
    below = {AO: {SEU, AM}, AM: {SEU}}.get(BY[by], set())
    allowed = role in below and HOLDS[has] in below
    if allowed:
        modify(staffed, by, offer(GROUP, role), whom=whom)
        assert held(staffed, whom) == (role, [])
        return
    before = staffed.room.end()
    try:
        code = refused(lambda: modify(staffed, by, offer(GROUP, role), whom=whom))
    finally:
        assert staffed.room.end() == before
    assert code == ("NOT_FOUND" if role in below and not HOLDS[has] else "MAY_NOT_MANAGE")


def test_nobody_is_given_anything_whom_the_manager_does_not_manage_already(staffed: Office) -> None:
    """D-11: who knows an id has no person; nor is anything saved where one of several may not be."""
    with pytest.raises(NotFoundError):
        modify(staffed, OFFICIAL, offer(BRANCH, SEU), whom=STRANGER)
    before = staffed.room.end()
    assert refused(lambda: modify(staffed, OFFICIAL, offer(GROUP, SEU, "PECOS"), offer(ELSEWHERE))) == "MAY_NOT_MANAGE"
    assert staffed.room.end() == before
    staffed.room.execute(staff.disassociate, OFFICIAL, association_id=Association.id_for(CLEO, GROUP))
    with pytest.raises(NotFoundError):
        modify(staffed, OFFICIAL, offer(GROUP, SEU))


@pytest.mark.parametrize(
    ("offers", "code"),
    [
        ([], "NO_EMPLOYER"),
        ([offer(), offer()], "EMPLOYER_TWICE"),
        ([offer(GROUP, AO)], "NOT_OFFERED"),
        ([offer(GROUP, SEU, "EHR")], "EHR_RETIRED"),
        ([offer(GROUP, SEU, "pecos")], "UNKNOWN_FUNCTION"),
    ],
)
def test_what_cannot_be_saved_is_refused(staffed: Office, offers: list[pb.Offer], code: str) -> None:
    """IA-ADDS-03, IA-EHR-01."""
    assert refused(lambda: modify(staffed, OFFICIAL, *offers)) == code


@pytest.mark.parametrize(("asked", "given", "status"), [(AM, AM, "CANCELLED"), (AM, SEU, "PENDING")])
def test_a_request_for_no_more_than_what_is_given_is_closed(
    staffed: Office, asked: str, given: str, status: str
) -> None:
    """4.2: nothing waits for a decision that would change nothing."""
    request_id = UUID(staffed.ask("RequestRole", CLEO, employer_id=str(GROUP), role=asked).receipt.id)
    modify(staffed, OFFICIAL, offer(GROUP, given, *(["PECOS"] if given == SEU else [])))
    request: RoleRequest = staffed.room.app.repository.get(request_id)
    assert request.status == status
