"""More employers than a page shows, and a frame that asks how much there is (IA-PROF-05, IA-NAV-02)."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest

from tests.unit.portal.answers import AO, CLINIC, OTHER, OWN, SEU, World, association, connection
from tests.unit.portal.reading import text

PATHS = ("/profile", "/profile/employers")


def links(page: str) -> dict[str, str]:
    """Caption -> address of the links below the list; empty where it has one page."""
    foot = page.partition('<div class="m-pager">')[2].partition("</nav>")[0]
    return {
        text(caption): unescape(href) for href, caption in re.findall(r'<a href="([^"]+)">(.*?)</a>', foot, re.DOTALL)
    }


def opened(page: str) -> list[str]:
    """The associations of the rows."""
    return re.findall(r'class="m-open" href="[^"]*open=([0-9a-f-]{36})', page)


@pytest.fixture
def many(world: World) -> World:
    """Thirty employers: one that the person manages, the clinic last of all by name but those that nobody knows."""
    unknown = [association(number, str(UUID(int=number)), SEU) for number in range(10, 38)]
    world.mine = [association(1, CLINIC, AO), association(2, OTHER, SEU, "PENDING"), *unknown]
    return world


@pytest.mark.parametrize("path", PATHS)
def test_a_page_has_25_and_links_lead_to_all(ana: httpx.Client, many: World, path: str) -> None:
    first = ana.get(path)
    assert "Employers 1 - 25 of 30" in text(first.text)
    assert list(links(first.text)) == ["Next"]
    following = ana.get(links(first.text)["Next"])
    assert "Employers 26 - 30 of 30" in text(following.text)
    assert list(links(following.text)) == ["First page", "Previous"]
    seen = opened(first.text) + opened(following.text)
    assert sorted(seen) == sorted(one.association_id for one in many.mine)
    assert opened(ana.get(links(following.text)["Previous"]).text) == opened(first.text)
    assert opened(ana.get(links(following.text)["First page"]).text) == opened(first.text)


def test_the_links_are_said_in_spanish(ana: httpx.Client, many: World) -> None:
    page = ana.get("/profile/employers?lang=es").text
    assert "Empleadores 1 - 25 de 30" in text(page)
    assert list(links(page)) == ["Siguiente"]


def test_a_cursor_keeps_filter_and_order_and_names_nobody(ana: httpx.Client, many: World) -> None:
    """A name in an address stands in every log on the way."""
    page = ana.get("/profile/employers?show=pending&sort=-role").text
    asked = parse_qs(urlsplit(links(page)["Next"]).query)
    assert (asked["show"], asked["sort"]) == (["pending"], ["-role"])
    assert re.fullmatch(r"after\.-\d\.[0-9a-f-]{36}", asked["at"][0])
    assert "Harbor Point Medical Group" in text(ana.get(links(page)["Next"]).text), "the official's comes last"
    heads = re.findall(r'class="m-sort" href="([^"]+)"', ana.get(links(page)["Next"]).text)
    assert heads
    assert not any("at=" in href for href in heads), "another order begins at the first page"


def test_only_those_of_the_page_are_read(ana: httpx.Client, many: World) -> None:
    ana.get("/profile/employers")
    asked = many.access.requests("ListMyEmployers")
    assert [(len(one.association_ids), one.managed, one.limit) for one in asked] == [(25, False, 0), (0, True, 1)]
    assert [len(one.provider_ids) for one in many.registry.requests("GetProviders")] == [25]


@pytest.mark.parametrize("at", ["nonsense", "after.x.y", "before.0.", f"after.{'9' * 40}.{OWN}"])
def test_a_cursor_that_is_none_is_the_first_page(ana: httpx.Client, many: World, at: str) -> None:
    assert "1 - 25 of 30" in text(ana.get(f"/profile?at={at}").text)


def test_a_short_list_has_no_links(ana: httpx.Client) -> None:
    assert links(ana.get("/profile").text) == {}


def test_the_frame_counts_what_waits(ana: httpx.Client, world: World) -> None:
    """IA-HOME-03: the badge says how many wait, and one row is enough to know it."""
    world.pending = [connection(number, CLINIC, OTHER, "PECOS", "SURROGATE") for number in range(1, 8)]
    page = text(ana.get("/profile").text)
    assert "Home 7" in page
    assert [one.limit for one in world.connections.requests("ListPending")] == [1]
    assert [one.limit for one in world.access.requests("ListRoleRequests")] == [1]
    ana.get("/home")
    assert [one.limit for one in world.connections.requests("ListPending")[1:]] == [200], (
        "a page that has read all counts"
    )
