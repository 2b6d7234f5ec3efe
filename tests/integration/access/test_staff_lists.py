"""Lists of My Staff as a manager may see them, over all employers, by cursor (IA-STAFF-01, IA-RREQ-02, D-09, D-11)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from chassis import nature
from chassis.domain import NotFoundError
from chassis.paging import digest
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from tests.access_office import Office, refused
from tests.attested import ATTESTATION
from tests.papers import hand_in

GROUP, BRANCH, ELSEWHERE = (nature.new_id() for _ in range(3))
OFFICIAL, MANAGER, CLEO, DAN, EVE, STRANGER, HELP = (nature.new_id() for _ in range(7))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
ACTIVE, INACTIVE, REQUESTS = "APPROVED", "DISASSOCIATED", "PENDING"


def ask_role(office: Office, who: UUID, role: str, employer: UUID = GROUP) -> UUID:
    asked = office.ask(
        "RequestRole", who, employer_id=str(employer), role=role, attestation=ATTESTATION if role == AO else ""
    )
    return UUID(asked.receipt.id)


def with_role(office: Office, who: UUID, role: str, employer: UUID = GROUP, *functions: str) -> UUID:
    asked = ask_role(office, who, role, employer)
    hand_in(office.room.app, asked)
    office.room.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked)
    id_ = Association.id_for(who, employer)
    for function in functions:
        office.room.execute(staff.grant_function, HELP, roles=["EUS"], association_id=id_, function=function)
    return id_


@pytest.fixture
def staffed(office: Office) -> Office:
    """An official of two employers, one of which has a manager too; staff at both; somebody elsewhere."""
    for employer in (GROUP, BRANCH):
        with_role(office, OFFICIAL, AO, employer)
    with_role(office, MANAGER, AM)
    with_role(office, CLEO, SEU, GROUP, "PECOS")
    with_role(office, CLEO, SEU, BRANCH, "PECOS", "NPPES")
    with_role(office, DAN, SEU, GROUP, "NPPES")
    with_role(office, STRANGER, AO, ELSEWHERE)
    with_role(office, EVE, SEU, ELSEWHERE)
    office.house.settle()
    return office


def people(office: Office, who: UUID, list_: str = ACTIVE, **more: Any) -> dict[UUID, int]:
    answer = office.ask("SelectStaff", who, list=list_, **more)
    return {UUID(id_): rank for id_, rank in zip(answer.account_ids, answer.ranks, strict=True)}


def places(office: Office, who: UUID, **more: Any) -> set[tuple[UUID, UUID]]:
    listed = office.ask("ListStaff", who, **more).staff
    return {(UUID(one.account_id), UUID(one.employer_id)) for one in listed}


def test_an_official_sees_everybody_and_a_manager_staff_alone(staffed: Office) -> None:
    """D-09, D-11: an Access Manager sees only what an Access Manager may; nobody sees employers of others."""
    assert set(people(staffed, OFFICIAL)) == {OFFICIAL, MANAGER, CLEO, DAN}
    assert set(people(staffed, MANAGER)) == {CLEO, DAN}
    everywhere = {(CLEO, GROUP), (CLEO, BRANCH), (DAN, GROUP)}
    assert places(staffed, OFFICIAL) == everywhere | {(OFFICIAL, GROUP), (OFFICIAL, BRANCH), (MANAGER, GROUP)}
    assert places(staffed, MANAGER) == {(CLEO, GROUP), (DAN, GROUP)}
    assert places(staffed, MANAGER, employer_id=str(GROUP)) == {(CLEO, GROUP), (DAN, GROUP)}
    assert places(staffed, OFFICIAL, account_ids=[str(CLEO), str(EVE)]) == {(CLEO, GROUP), (CLEO, BRANCH)}
    assert set(people(staffed, OFFICIAL, employer_ids=[str(BRANCH), str(ELSEWHERE)])) == {OFFICIAL, CLEO}


@pytest.mark.parametrize("who", [CLEO, HELP])
def test_who_manages_nobody_is_told_nothing(staffed: Office, who: UUID) -> None:
    """IA-NAV-02."""
    asked = (
        lambda: staffed.ask("SelectStaff", who, list=ACTIVE),
        lambda: staffed.ask("SelectStaff", who, list=ACTIVE, digest_only=True),
        lambda: staffed.ask("ListStaff", who),
        lambda: staffed.ask("ListRoleRequests", who, at_my_employers=True),
        lambda: staffed.ask("ListStaff", who, employer_id=str(GROUP)),
        lambda: staffed.ask("ListRoleRequests", who, employer_id=str(GROUP)),
    )
    for call in asked:
        assert refused(call) == "NOT_ALLOWED"


def test_ranks_order_people_by_all_that_they_have(staffed: Office) -> None:
    """IA-STAFF-03: the columns by which My Staff is sorted."""
    roles = people(staffed, OFFICIAL, order="ROLE")
    assert roles[OFFICIAL] < roles[MANAGER] < roles[CLEO] == roles[DAN]
    pecos = people(staffed, OFFICIAL, order="PECOS")
    assert pecos[CLEO] < pecos[MANAGER] < pecos[DAN], "an official or manager has every function (IA-EMP-10)"
    assert set(people(staffed, OFFICIAL).values()) == {0}


ORDERS = {ACTIVE: ("", "ROLE", "SINCE", "PECOS", "NPPES"), REQUESTS: ("", "ROLE", "HELD_ROLE", "SINCE")}


@pytest.mark.parametrize(("list_", "order"), [(list_, order) for list_, orders in ORDERS.items() for order in orders])
@pytest.mark.parametrize("descending", [False, True])
def test_a_list_goes_by_its_digest(staffed: Office, list_: str, order: str, descending: bool) -> None:
    """What identity makes of the ids and ranks that it is sent; both ways round, and in parts."""
    ask_role(staffed, EVE, SEU)
    ask_role(staffed, DAN, AM)
    staffed.house.settle()
    how: dict[str, Any] = {"list": list_, "order": order, "descending": descending}
    parts: list[dict[str, Any]] = [{}, {"limit": 1}, {"employer_ids": [str(GROUP)]}]
    for part in parts:
        whole = staffed.ask("SelectStaff", OFFICIAL, **how, **part)
        told = staffed.ask("SelectStaff", OFFICIAL, **how, **part, digest_only=True)
        assert told.digest == digest([UUID(one) for one in whole.account_ids], whole.ranks)
        assert not told.account_ids
        assert told.next == (whole.account_ids[0] if "limit" in part else "")
    other_way = staffed.ask("SelectStaff", OFFICIAL, **how | {"descending": not descending})
    assert [-rank for rank in other_way.ranks] == list(staffed.ask("SelectStaff", OFFICIAL, **how).ranks)


def test_a_digest_changes_with_the_list_and_is_of_who_asks(staffed: Office) -> None:
    """D-09: a manager is not told an official's; who joins, leaves or is ranked anew makes another one."""

    def told(who: UUID = OFFICIAL, **more: Any) -> bytes:
        return bytes(staffed.ask("SelectStaff", who, list=ACTIVE, digest_only=True, **more).digest)

    seen = [told(), told(MANAGER), told(STRANGER)]
    assert told(MANAGER, employer_ids=[str(ELSEWHERE)]) == b"", "of employers of others there is no list"
    with_role(staffed, EVE, SEU)
    staffed.house.settle()
    seen.append(told())
    staffed.room.execute(
        staff.grant_function, OFFICIAL, association_id=Association.id_for(DAN, GROUP), function="PECOS"
    )
    staffed.house.settle()
    assert told() == seen[-1], "no rank is asked for"
    seen.append(told(order="PECOS"))
    staffed.room.execute(staff.disassociate, OFFICIAL, association_id=Association.id_for(DAN, GROUP))
    staffed.house.settle()
    assert len({*seen, told(), told(order="PECOS")}) == len(seen) + 2


def test_ia_staff_04_the_inactive_are_those_who_left_and_by_whom(staffed: Office) -> None:
    """The role that was held last, since when, and who ended it."""
    staffed.room.execute(staff.disassociate, MANAGER, association_id=Association.id_for(DAN, GROUP))
    staffed.room.execute(staff.disassociate, CLEO, association_id=Association.id_for(CLEO, BRANCH))
    staffed.house.settle()
    since = people(staffed, OFFICIAL, INACTIVE, order="SINCE")
    assert sorted(since, key=since.__getitem__) == [DAN, CLEO]
    assert set(people(staffed, MANAGER, INACTIVE)) == {DAN}
    [left] = staffed.ask("ListStaff", MANAGER, status=INACTIVE).staff
    assert (left.account_id, left.role, left.ended_by) == (str(DAN), SEU, str(MANAGER))


def test_role_requests_are_those_that_the_reader_decides(staffed: Office) -> None:
    """IA-RREQ-02, IA-RREQ-03, D-09, D-10: an official decides managers and staff, a manager staff; nobody own ones."""
    for who, role in ((EVE, AM), (STRANGER, SEU), (DAN, AM), (HELP, AO)):
        ask_role(staffed, who, role)
    ask_role(staffed, MANAGER, SEU, BRANCH)
    staffed.house.settle()

    def asked(who: UUID, **more: Any) -> tuple[set[str], int]:
        answer = staffed.ask("ListRoleRequests", who, at_my_employers=True, **more)
        return {one.account_id for one in answer.role_requests}, answer.waiting

    assert asked(OFFICIAL) == ({str(one) for one in (EVE, STRANGER, DAN, MANAGER)}, 4)
    assert asked(MANAGER) == ({str(STRANGER)}, 1)
    assert asked(OFFICIAL, account_ids=[str(DAN)]) == ({str(DAN)}, 4)
    theirs = staffed.ask("ListRoleRequests", OFFICIAL, at_my_employers=True, account_ids=[str(EVE)]).role_requests
    seen = staffed.ask("GetRoleRequest", OFFICIAL, role_request_id=theirs[0].role_request_id).role_request
    assert seen.account_id == str(EVE)
    with pytest.raises(NotFoundError):
        staffed.ask("GetRoleRequest", MANAGER, role_request_id=seen.role_request_id)
    own = staffed.ask("ListRoleRequests", MANAGER, employer_id=str(GROUP)).role_requests
    assert [one.account_id for one in own] == [str(STRANGER)]
    held = people(staffed, OFFICIAL, REQUESTS, order="HELD_ROLE")
    assert held[DAN] < held[EVE]
    since = people(staffed, OFFICIAL, REQUESTS, order="SINCE")
    assert min(since, key=since.__getitem__) == EVE


def test_no_cursor_skips_anybody_or_shows_somebody_twice(staffed: Office) -> None:
    """IA-STAFF-01: pages of one, with somebody leaving between two of them."""
    found: list[str] = []
    after = ""
    for _ in range(4):
        page = staffed.ask("SelectStaff", OFFICIAL, list=ACTIVE, limit=1, after=after).account_ids
        found += page
        after = page[-1]
        if len(found) == 2:
            staffed.room.execute(staff.disassociate, OFFICIAL, association_id=Association.id_for(DAN, GROUP))
            staffed.house.settle()
            if str(DAN) not in found:
                break
    assert len(set(found)) == len(found)
    rows: list[str] = []
    after = ""
    while page := staffed.ask("ListStaff", OFFICIAL, limit=2, after=after).staff:
        rows += [one.association_id for one in page]
        after = rows[-1]
    assert len(rows) == len(set(rows)) == len(places(staffed, OFFICIAL))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"list": "GONE"}, "UNKNOWN_LIST"),
        ({"list": ACTIVE, "order": "HELD_ROLE"}, "UNKNOWN_ORDER"),
        ({"list": REQUESTS, "order": "role; DROP"}, "UNKNOWN_ORDER"),
        ({"list": ACTIVE, "after": "x"}, "FIELD_MALFORMED"),
        ({"list": ACTIVE, "employer_ids": ["x"]}, "FIELD_MALFORMED"),
    ],
)
def test_a_list_that_there_is_not_is_refused(staffed: Office, wrong: dict[str, Any], code: str) -> None:
    assert refused(lambda: staffed.ask("SelectStaff", OFFICIAL, **wrong)) == code


def test_more_people_than_a_page_has_are_not_asked_about(staffed: Office) -> None:
    ids = [str(nature.new_id()) for _ in range(201)]
    assert refused(lambda: staffed.ask("ListStaff", OFFICIAL, account_ids=ids)) == "FIELD_TOO_LONG"
    assert places(staffed, OFFICIAL, account_ids=ids[1:]) == set()


def test_what_was_done_just_now_is_waited_for(staffed: Office) -> None:
    """`at_least`: read your own writes."""
    gone = staffed.ask("Disassociate", OFFICIAL, association_id=str(Association.id_for(DAN, GROUP))).receipt
    staffed.house.settle()
    assert DAN not in people(staffed, OFFICIAL, at_least=[gone])
