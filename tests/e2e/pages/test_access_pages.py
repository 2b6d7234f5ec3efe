"""The pages with which people get access, in a browser: whole, accessible, narrow, without scripts, in Spanish."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.pages import access_walk, desk_walk, invite_walk, papers_walk, walk, withholding_walk
from tests.e2e.pages.looking import IN_EACH_WAY, Looker, visit
from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.walk import Text

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("access-pages"), pytest.mark.timeout(1200)]


@pytest.mark.parametrize(
    "walking",
    [
        access_walk.newcomer,
        access_walk.adding,
        access_walk.official,
        access_walk.connecting,
        access_walk.desk,
        desk_walk.people,
        desk_walk.accounts,
        invite_walk.inviting,
        papers_walk.requester,
        withholding_walk.withholding,
    ],
)
@IN_EACH_WAY
def test_pages_of_access_are_whole_and_accessible(
    chromium: Browser,
    portal: str,
    neighbours: Neighbours,
    walking: Callable[[Page, str, Looker, Neighbours], None],
    width: int,
    scripts: bool,
) -> None:
    """What is asked, decided and ended is seen at once by whoever did it."""
    look = Looker(width, axe=scripts)
    walking(visit(chromium, look, scripts=scripts), portal, look, neighbours)
    assert look.wrong == []


def test_who_is_invited_registers_and_has_exactly_what_was_offered(
    chromium: Browser, portal: str, neighbours: Neighbours, challenge_text: Text
) -> None:
    """IA-ADDS-03, IA-PIN-01, 4.4: with the PIN of the mail that was really sent."""
    invite_walk.newcomer(chromium, portal, neighbours, challenge_text)


def test_spanish_pages_of_access_are_as_whole(chromium: Browser, portal: str, neighbours: Neighbours) -> None:
    look = Looker(360)
    page = visit(chromium, look, language="es")
    access_walk.spanish(page, portal, look, neighbours)
    assert look.wrong == []


def test_no_link_of_an_official_s_pages_leads_nowhere(chromium: Browser, portal: str, neighbours: Neighbours) -> None:
    """The desk sees other pages (`test_first_pages`)."""
    page, at = visit(chromium, Looker(1280)), neighbours.place()
    neighbours.employ(at)
    neighbours.ask_to_connect(at)
    walk.enter(page, portal, at.official)
    seen = walk.follow(page, portal)
    assert {path: how for path, how in seen.items() if not how.startswith("200")} == {}
    assert {path for path in seen if path.startswith(("/staff/", "/employers/", "/connections/"))} != set()
