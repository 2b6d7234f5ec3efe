"""A person's own employers: all at once, a page of them, or as ids in an order (IA-PROF-02, IA-PROF-05, IA-PROF-08)."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

import pytest

from chassis import nature
from chassis.domain import NotFoundError
from services.access.domain.association import Association
from tests.access_office import Office, Street, refused
from tests.integration.access.test_staff_lists import AM, AO, SEU, ask_role, with_role

OWN, RUN, WORK, ASKED, LEFT = (nature.new_id() for _ in range(5))
JANE, OTHER = nature.new_id(), nature.new_id()


@pytest.fixture
def employed(office: Office) -> Office:
    """Somebody with five employers, each with another status or role."""
    with_role(office, JANE, AO, OWN)
    with_role(office, JANE, AM, RUN)
    with_role(office, JANE, SEU, WORK, "NPPES")
    ask_role(office, JANE, SEU, ASKED)
    left = with_role(office, JANE, AM, LEFT)
    office.ask("Disassociate", JANE, association_id=str(left))
    with_role(office, OTHER, AO, WORK)
    office.house.settle()
    return office


def employers(office: Office, **wanted: Any) -> list[UUID]:
    return [UUID(one.employer_id) for one in office.ask("ListMyEmployers", JANE, **wanted).associations]


def ranked(office: Office, **wanted: Any) -> dict[UUID, int]:
    answer = office.ask("SelectMyEmployers", JANE, **wanted)
    assert [UUID(one) for one in answer.association_ids] == [
        Association.id_for(JANE, UUID(one)) for one in answer.employer_ids
    ]
    return {UUID(id_): rank for id_, rank in zip(answer.employer_ids, answer.ranks, strict=True)}


def test_the_list_is_whole_or_turned_over_by_cursor(employed: Office) -> None:
    whole = employers(employed)
    assert set(whole) == {OWN, RUN, WORK, ASKED, LEFT}
    after, found = "", []
    while page := employed.ask("ListMyEmployers", JANE, limit=2, after=after).associations:
        found += [UUID(one.employer_id) for one in page]
        after = page[-1].association_id
    assert found == whole


def test_those_of_a_page_are_told_of_and_nobody_elses(employed: Office) -> None:
    mine, others = Association.id_for(JANE, WORK), Association.id_for(OTHER, WORK)
    assert employers(employed, association_ids=[str(mine), str(others)]) == [WORK]
    ids = [str(nature.new_id()) for _ in range(201)]
    assert refused(lambda: employed.ask("ListMyEmployers", JANE, association_ids=ids)) == "FIELD_TOO_LONG"


def test_one_is_enough_to_know_who_manages(employed: Office) -> None:
    """IA-NAV-02."""
    assert set(employers(employed, managed=True)) == {OWN, RUN}
    assert len(employers(employed, managed=True, limit=1)) == 1


def test_d_08_it_is_told_where_nobody_is_authorized_official(employed: Office) -> None:
    """Where the person is approved; whoever is not is told nothing of it."""
    found = employed.ask("ListMyEmployers", JANE).associations
    assert {UUID(one.employer_id) for one in found if one.lacks_official} == {RUN}


def test_ia_conf_06_the_whole_ein_is_shown_to_who_manages_there(employed: Office) -> None:
    """To nobody else, and of an employer without one to nobody: the answer is the same."""
    for employer in (OWN, RUN):
        assert employed.ask("ShowEin", JANE, employer_id=str(employer)).ein == "124434576"
    for employer in (WORK, ASKED, LEFT, nature.new_id()):
        with pytest.raises(NotFoundError):
            employed.ask("ShowEin", JANE, employer_id=str(employer))
    cast("Street", employed.parts.registry).strangers.add(RUN)
    with pytest.raises(NotFoundError):
        employed.ask("ShowEin", JANE, employer_id=str(RUN))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("", {OWN: 0, RUN: 0, WORK: 0, ASKED: 0, LEFT: 0}),
        ("ROLE", {OWN: 0, RUN: 1, WORK: 2, ASKED: 2, LEFT: 1}),
        ("STATUS", {OWN: 2, RUN: 2, WORK: 2, ASKED: 1, LEFT: 5}),
        ("PECOS", {OWN: 0, RUN: 0, WORK: 1, ASKED: 1, LEFT: 1}),
        ("NPPES", {OWN: 0, RUN: 0, WORK: 0, ASKED: 1, LEFT: 1}),
        ("EHR", {OWN: 1, RUN: 1, WORK: 1, ASKED: 1, LEFT: 1}),
    ],
)
def test_each_column_orders_them(employed: Office, order: str, expected: dict[UUID, int]) -> None:
    """IA-PROF-05, IA-PROF-08: an official or manager has every function that there is, and EHR is none (IA-EHR-01)."""
    assert ranked(employed, order=order) == expected


def test_the_filter_is_by_status(employed: Office) -> None:
    """IA-PROF-02."""
    assert set(ranked(employed, statuses=["APPROVED"])) == {OWN, RUN, WORK}
    assert set(ranked(employed, statuses=["APPROVED", "PENDING"])) == {OWN, RUN, WORK, ASKED}
    assert set(ranked(employed, statuses=["CANCELLED", "DISASSOCIATED", "REJECTED"])) == {LEFT}
    assert refused(lambda: employed.ask("SelectMyEmployers", JANE, statuses=["GONE"])) == "UNKNOWN_STATUS"
    assert refused(lambda: employed.ask("SelectMyEmployers", JANE, order="NAME")) == "UNKNOWN_ORDER"
