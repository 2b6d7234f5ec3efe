"""The first pages in a browser: whole, accessible, narrow, without scripts, in Spanish.

`MANDATE_SHOTS=folder` keeps a picture of every stop.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.e2e.pages import access_walk, walk
from tests.e2e.pages.conftest import served

Text = Callable[[str], str | None]


# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(300)]


class Looker:
    """Looks at each stop of a walk and remembers what is wrong."""

    def __init__(self, width: int, *, axe: bool = True) -> None:
        self.width, self.axe = width, axe
        self.wrong: list[str] = []

    def __call__(self, page: Page, name: str) -> None:
        page.wait_for_load_state("load")
        if folder := os.environ.get("MANDATE_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{self.width}.png", full_page=True)
        if self.axe:
            self.wrong += [f"{name}: {line}" for line in walk.violations(page)]
        if self.width < 400:
            page.set_viewport_size({"width": 320, "height": 800})
            self.wrong += [f"{name}: {wide} px too wide"] if (wide := walk.overflow(page)) else []
            page.set_viewport_size({"width": self.width, "height": 800})
        if name.endswith("-errors") and not page.title().startswith("Error:"):
            self.wrong.append(f"{name}: the title is {page.title()!r}")

    def hear(self, said: ConsoleMessage) -> None:
        """A browser that complains of anything but the 4xx that we answer on purpose."""
        if said.type in {"error", "warning"} and "status of 4" not in said.text:
            self.wrong.append(said.text)


def visit(chromium: Browser, look: Looker, *, scripts: bool = True, language: str = "en") -> Page:
    page = walk.context(chromium, look.width, scripts=scripts, language=language).new_page()
    page.set_default_timeout(15_000)
    page.on("console", look.hear)
    return page


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_whole_and_accessible(chromium: Browser, portal: str, challenge_text: Text, width: int) -> None:
    look = Looker(width)
    page = visit(chromium, look)
    walk.sign_in(page, portal, look)
    walk.register(page, portal, challenge_text, look)
    walk.helping(visit(chromium, look), portal, look)
    assert look.wrong == []


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "walking", [access_walk.newcomer, access_walk.official, access_walk.connecting, access_walk.desk]
)
@pytest.mark.parametrize(("width", "scripts"), [(1280, True), (360, True), (360, False)])
def test_pages_of_access_are_whole_and_accessible(
    chromium: Browser, whole_portal: str, walking: Callable[[Page, str, Looker], None], width: int, scripts: bool
) -> None:
    """Over real services: what is asked, decided and ended is seen at once by whoever did it."""
    look = Looker(width, axe=scripts)
    walking(visit(chromium, look, scripts=scripts), whole_portal, look)
    assert look.wrong == []


@pytest.mark.timeout(400)
def test_spanish_pages_of_access_are_as_whole(chromium: Browser, whole_portal: str) -> None:
    look = Looker(360)
    page = visit(chromium, look, language="es")
    access_walk.spanish(page, whole_portal, look)
    assert look.wrong == []


def test_everything_works_without_scripts(chromium: Browser, portal: str, challenge_text: Text) -> None:
    look = Looker(360, axe=False)
    page = visit(chromium, look, scripts=False)
    walk.sign_in(page, portal, look)
    walk.register(page, portal, challenge_text, look)
    assert look.wrong == []


def test_spanish_pages_are_as_whole(chromium: Browser, portal: str) -> None:
    look = Looker(360)
    page = visit(chromium, look, language="es")
    for path in ("/signin", "/register", "/help", "/help/roles", "/help/faq"):
        page.goto(portal + path)
        assert page.get_attribute("html", "lang") == "es"
        look(page, f"es{path.replace('/', '-')}")
    page.click("text=English")
    assert page.get_attribute("html", "lang") == "en"
    page.goto(f"{portal}/register")
    assert page.get_attribute("html", "lang") == "en", "the choice is kept"
    assert look.wrong == []


def test_the_password_list_follows_what_is_typed(chromium: Browser, portal: str, challenge_text: Text) -> None:
    """2.3: the list lives; what is already met is not spoken again, because only changed words are touched."""
    look = Looker(1280, axe=False)
    page = visit(chromium, look)
    page.goto(f"{portal}/register")
    page.fill("#email", "live@example.com")
    page.fill("#confirm-email", "live@example.com")
    page.fill("#answer", walk.challenge_text(page, challenge_text))
    page.click("main button:has-text('Continue')")
    page.fill("#code", "123456")
    page.click("main button:has-text('Continue')")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/rules/" in request.url else None)
    page.fill("#answer-1", "my secret answer")
    page.fill("#password", "Ab1-cdef")
    expect(page.locator("#password-rules h2")).to_contain_text("8 of 9 met")
    page.fill("#confirm-password", "Ab1-cdef")
    expect(page.locator("#password-rules h2")).to_contain_text("9 of 9 met")
    page.fill("#user-id", "sam 1")
    expect(page.locator("#user-id-rules")).to_contain_text("Not met")
    assert sent
    assert not any("answer" in body for body in sent), "answers stay in the form"
    assert look.wrong == []


def test_a_session_is_told_of_its_end_and_can_stay(chromium: Browser) -> None:
    """WCAG 2.2.1: a session shorter than the warning opens the dialog at once, and it can be put off."""
    with served(idle_seconds=250) as base:
        look = Looker(1280)
        page = visit(chromium, look)
        walk.enter(page, base, "arivera1")  # and no further: so short a session warns again at every tick
        _stay(page, look)
        assert look.wrong == []


def _stay(page: Page, look: Looker) -> None:
    dialog = page.locator("#session-dialog")
    expect(dialog).to_be_visible()
    expect(page.locator("#session-said")).to_contain_text("5 minutes")
    look(page, "session-dialog")
    with page.expect_response("**/session/extend") as answer:
        page.click("text=Stay signed in")
    assert answer.value.ok
