"""The end of a session in a browser, with the limits as they are: browser and services are put forward together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from chassis import nature
from services.identity.commands.settings import IdentitySettings
from services.portal.web.settings import PortalSettings
from tests.e2e.pages import walk
from tests.e2e.pages.looking import Looker, visit
from tests.e2e.pages.neighbours import Neighbours

# an installation of its own, because its clock is put forward
pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(1200)]

IDLE = IdentitySettings().session_idle
WARNING = timedelta(seconds=PortalSettings(secret="only for its defaults").warn_seconds)  # type: ignore[arg-type]
MARGIN = timedelta(seconds=5)

Later = Callable[[Page, timedelta], None]


@pytest.fixture
def later() -> Iterator[Later]:
    """Put the whole world forward: the clock that the services and the portal ask, and the browser's."""
    ahead = [timedelta()]
    moved = nature.REAL._replace(now=lambda: datetime.now(UTC) + ahead[0])
    before = nature.use(moved)

    def forward(page: Page, by: timedelta) -> None:
        ahead[0] += by
        page.clock.fast_forward(int(by.total_seconds() * 1000))

    yield forward
    nature.use(before)


def _entered(chromium: Browser, portal: str, neighbours: Neighbours, look: Looker) -> Page:
    page = visit(chromium, look)
    page.clock.install()
    walk.enter(page, portal, neighbours.registered("Ana", "Rivera"))
    expect(page.locator("#session-dialog")).to_be_hidden()
    return page


def test_a_session_is_told_of_its_end_and_can_stay(
    chromium: Browser, portal: str, neighbours: Neighbours, later: Later
) -> None:
    """WCAG 2.2.1: five minutes before the end a dialog opens, and the end can be put off."""
    look = Looker(1280)
    page = _entered(chromium, portal, neighbours, look)
    dialog, told = page.locator("#session-dialog"), page.locator("#session-ends")
    first = told.inner_text()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    later(page, IDLE - WARNING - MARGIN)
    page.clock.run_for(1_500)
    assert asked == [], "there is nothing to ask yet"
    later(page, 2 * MARGIN)
    expect(dialog).to_be_visible()
    expect(page.locator("#session-said")).to_contain_text("5 minutes")
    look(page, "session-dialog")
    with page.expect_response("**/session/extend") as answer:
        page.click("text=Stay signed in")
    assert answer.value.ok
    expect(dialog).to_be_hidden()
    expect(told).not_to_have_text(first)
    later(page, IDLE - WARNING - MARGIN)
    assert page.goto(f"{portal}/profile").status == 200  # type: ignore[union-attr]
    expect(page).to_have_url(f"{portal}/profile")
    assert look.wrong == []


def test_a_session_that_nobody_keeps_ends_by_itself(
    chromium: Browser, portal: str, neighbours: Neighbours, later: Later
) -> None:
    """S-08: the page does not wait for a click to show that the session is over."""
    look = Looker(1280)
    page = _entered(chromium, portal, neighbours, look)
    later(page, IDLE + MARGIN)
    page.wait_for_url(re.compile("/signin"))
    look(page, "session-ended")
    assert look.wrong == []


def test_a_page_goes_to_the_sign_in_once(chromium: Browser, portal: str, neighbours: Neighbours, later: Later) -> None:
    """Asking again at every tick would break off an answer that takes longer than a second."""
    page = _entered(chromium, portal, neighbours, Looker(1280))
    asked: list[str] = []

    def stay(route: Route) -> None:
        asked.append(route.request.url)
        route.fulfill(status=204)  # a browser stays where it is

    page.route("**/signin?notice=*", stay)
    with page.expect_request("**/signin?notice=*"):
        later(page, IDLE + MARGIN)
    page.clock.run_for(3_000)
    with page.expect_response("**/session/state"):  # whatever the ticks began has been heard by then
        page.evaluate("fetch('/session/state')")
    assert len(asked) == 1


@pytest.mark.parametrize("width", [1280, 360])
def test_s_09_a_decision_that_gives_access_asks_for_a_code_again(
    chromium: Browser, portal: str, neighbours: Neighbours, later: Later, width: int
) -> None:
    """The session lives, but its second factor is older than 15 minutes: a code, and the decision again."""
    look = Looker(width)
    page = visit(chromium, look)
    page.set_viewport_size({"width": width, "height": 800})
    page.clock.install()
    at = neighbours.place()
    neighbours.ask_role(neighbours.registered("Bruno", "Takkel"), at.clinic.provider_id, "ACCESS_MANAGER")
    walk.enter(page, portal, at.official)
    post = walk.Post(neighbours.story, at.official.email)
    for _ in range(2):
        later(page, timedelta(minutes=9))
        page.goto(f"{portal}/staff/requests")
    page.click("main button:has-text('Approve')")
    page.wait_for_url("**/signin/again?next=/staff/requests")
    look(page, "step-up")
    page.fill("#code", "000000")
    page.click("main button:has-text('Continue')")
    look(page, "step-up-errors")
    page.fill("#code", post.code())
    page.click("main button:has-text('Continue')")
    page.wait_for_url("**/staff/requests?done=stepped_up")
    look(page, "stepped-up")
    page.click("main button:has-text('Approve')")
    expect(page.locator("main")).to_contain_text("The request is approved.")
    assert look.wrong == []
