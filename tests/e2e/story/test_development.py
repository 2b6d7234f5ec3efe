"""The development pages in a browser: from a command to the mail that it brought about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from chassis.ports import free_port
from cli.demo import desk, eventually
from cli.platform import SEEDED, Platform
from cli.run import serve_portal
from tests.e2e.pages import walk
from tests.e2e.pages.looking import Looker, visit
from tests.scenario import Story

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def story(embedded_platform: Platform) -> Story:
    """Somebody has registered, with codes by mail."""
    eus = desk(embedded_platform.password)
    told = Story(embedded_platform.channel, embedded_platform.inbox, eventually, eus=eus)
    told.step_1_the_registry_finds_them()
    told.step_2_a_provider_registers_and_signs_in()
    return told


@pytest.fixture(scope="module")
def served(embedded_platform: Platform) -> Iterator[str]:
    """Where the portal answers."""
    port = free_port()
    web = serve_portal(embedded_platform, port)
    yield f"http://127.0.0.1:{port}"
    web.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with walk.browser() as running:
        yield running


@pytest.mark.usefixtures("story")
@pytest.mark.parametrize("width", [1280, 360])
def test_a_command_is_followed_to_its_mail(
    chromium: Browser, embedded_platform: Platform, served: str, width: int
) -> None:
    look = Looker(width)
    page = visit(chromium, look)
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{served}/dev")
    expect(page.locator("#identity")).to_be_visible()
    assert {one.user_id for one in SEEDED} <= set(page.locator("dd code").all_inner_texts())
    expect(page.get_by_text(embedded_platform.password, exact=True)).to_be_visible()
    look(page, "dev")
    assert page.locator("script").count() == 0  # axe cannot look where scripts are off, so they are on here
    _follow(page)
    look(page, "dev-trace")
    page.get_by_role("link", name="Read this mail").first.click()
    expect(page.locator("main pre")).to_contain_text("code")
    look(page, "dev-mail")
    page.get_by_role("link", name="Inbox").click()
    look(page, "dev-inbox")
    page.get_by_role("link", name="Topics").click()
    look(page, "dev-topics")
    page.locator("main li a").filter(has_text="MfaCodeIssued").click()
    expect(page.locator("article").first).to_contain_text('"sealed, ')
    look(page, "dev-topic")
    page.locator("summary").first.click()
    expect(page.locator("article").first).to_contain_text("ce_type=")
    assert look.wrong == []


def _follow(page: Page) -> None:
    """Open the latest sign-in, once the mail with its code is out."""
    page.locator("main li a").filter(has_text="identity.SignIn.Started").first.click()
    address = page.url

    def sent() -> bool:
        page.goto(address)
        return page.get_by_role("link", name="Read this mail").count() > 0

    eventually(sent, "the mail in the trace")
