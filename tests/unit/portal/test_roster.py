"""People in order, page by page: a list that identity has in order still is not sent to it again (IA-STAFF-01)."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest
from mandate.identity.v1.people_service_pb2 import SelectPeopleRequest, SelectPeopleResponse

from services.portal.web import roster
from tests.unit.portal.answers import AM, CLINIC, DELIA, JO, ME, OWN, PETRA, SEU, World, association
from tests.unit.portal.reading import text

EVERYBODY = ["Marsh, Delia", "Nakamura, Jo", "Novak, Petra"]


@pytest.fixture
def team(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three people on pages of one."""
    world.staff = [
        association(10, CLINIC, AM, "APPROVED", account=JO),
        association(11, CLINIC, SEU, "APPROVED", account=PETRA),
        association(12, OWN, SEU, "APPROVED", account=DELIA),
    ]
    monkeypatch.setattr(roster.page, "__defaults__", (1,))
    return world


def asked(team: World) -> list[tuple[bool, int]]:
    """What identity was asked about pages: whether by digest, and how many ids were sent."""
    sent: list[SelectPeopleRequest] = [one for name, one, _ in team.identity.asked if name == "SelectPeople"]
    return [(bool(one.list), len(one.account_ids)) for one in sent if one.limit]


def people(page: str) -> list[str]:
    return re.findall(r"<span>(\w+, \w+)<small>", page)


def behind(page: str) -> str:
    """The address of the next page, if there is one."""
    foot = page.partition('<div class="m-pager">')[2].partition("</nav>")[0]
    return next(iter(re.findall(r'href="([^"]*at=after[^"]*)"', foot)), "").replace("&amp;", "&")


def walk(ana: httpx.Client, path: str) -> list[str]:
    """Everybody on all pages from this one on."""
    page = ana.get(path).text
    following = behind(page)
    return people(page) + (walk(ana, following) if following else [])


def test_a_list_is_sent_once_for_all_its_pages(ana: httpx.Client, team: World) -> None:
    assert walk(ana, "/staff") == EVERYBODY
    assert asked(team) == [(True, 0), (False, 3), (True, 0), (True, 0)]
    assert walk(ana, "/staff?last=n") == EVERYBODY[1:]
    assert walk(ana, "/staff?sort=-name") == EVERYBODY[::-1]
    assert asked(team)[4:] == [(True, 0)] * 5, "who is looked for and which way round make no other list"


@pytest.mark.parametrize(("sort", "first"), [("role", "Nakamura, Jo"), ("-role", "Marsh, Delia")])
def test_what_orders_people_before_their_names_is_kept_too(
    ana: httpx.Client, team: World, sort: str, first: str
) -> None:
    """Both ways round; a cursor carries the rank that identity tells."""
    for _ in range(2):
        found = walk(ana, f"/staff?sort={sort}")
        assert (found[0], sorted(found)) == (first, EVERYBODY)
    assert sum(count for _, count in asked(team)) == 3


def test_who_joins_between_two_pages_is_on_the_next(ana: httpx.Client, team: World) -> None:
    page = ana.get("/staff").text
    team.staff.append(association(13, CLINIC, SEU, "APPROVED", account=ME))
    assert people(page) + walk(ana, behind(page)) == [*EVERYBODY, "Rivera, Ana"]
    assert [count for _, count in asked(team) if count] == [3, 4]


def test_a_list_in_parts_is_known_in_parts(ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """More people than identity orders at once."""
    monkeypatch.setattr(roster, "IDS", 2)
    assert walk(ana, "/staff") == walk(ana, "/staff") == EVERYBODY
    assert sorted(count for _, count in asked(team) if count) == [1, 2]
    assert "People 1 - 1 of 3" in text(ana.get("/staff").text)


def test_an_identity_that_knows_no_digests_is_sent_ids(
    ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of the release before, during an upgrade: it takes a list for nobody, and tells no ranks."""
    known = team.identity.answers.SelectPeople

    def before(request: SelectPeopleRequest, context: Any) -> SelectPeopleResponse:
        return SelectPeopleResponse() if request.list else known(request, context)

    monkeypatch.setattr(team.identity.answers, "SelectPeople", before)
    assert walk(ana, "/staff?sort=role") == ["Nakamura, Jo", "Marsh, Delia", "Novak, Petra"]


def test_no_address_chooses_a_list(ana: httpx.Client, team: World) -> None:
    """A-11: identity hears the digests that access told this reader, and no others."""
    walk(ana, "/staff")
    theirs = next(iter(team.identity.answers.lists))
    team.mine = [association(1, CLINIC, AM)]
    page = ana.get(f"/staff?list={theirs.hex()}&digest={theirs.hex()}&at=after.0.{JO}").text
    assert people(page) == ["Novak, Petra"]
    assert "Marsh" not in page
    sent = [one.list for name, one, _ in team.identity.asked if name == "SelectPeople"][-2:]
    assert theirs not in sent
