"""The first pages in a browser: whole, accessible, narrow, without scripts, in Spanish, with codes that were sent.

`MANDATE_SHOTS=folder` keeps a picture of every stop.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.pages import walk
from tests.e2e.pages.looking import Looker, visit
from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.walk import Text

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(1200)]


def _register_and_sign_in(page: Page, portal: str, neighbours: Neighbours, text: Text, look: Looker) -> None:
    who = neighbours.someone("Sam", "Elliott")
    walk.register(page, portal, who, neighbours.story, text, look)
    expect(page.locator("main")).to_contain_text("Congratulations, your account has been successfully created.")
    page.click("text=Sign Out")
    walk.sign_in(page, portal, who, neighbours.story, look)


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_is_whole_and_accessible(
    chromium: Browser, portal: str, neighbours: Neighbours, challenge_text: Text, width: int
) -> None:
    """IA-REG-01 to IA-DONE-01, IA-SIGN-01, IA-SIGN-05, X-04."""
    look = Looker(width)
    _register_and_sign_in(visit(chromium, look), portal, neighbours, challenge_text, look)
    walk.helping(visit(chromium, look), portal, look)
    assert look.wrong == []


def test_everything_works_without_scripts(
    chromium: Browser, portal: str, neighbours: Neighbours, challenge_text: Text
) -> None:
    look = Looker(360, axe=False)
    _register_and_sign_in(visit(chromium, look, scripts=False), portal, neighbours, challenge_text, look)
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


def test_the_password_list_follows_what_is_typed(
    chromium: Browser, portal: str, neighbours: Neighbours, challenge_text: Text
) -> None:
    """2.3: the list lives; what is already met is not spoken again, because only changed words are touched."""
    look = Looker(1280, axe=False)
    page, who = visit(chromium, look), neighbours.someone("Liv", "Tapper")
    post = walk.Post(neighbours.story, who.email)
    page.goto(f"{portal}/register")
    walk.ask_for_registration(page, portal, who, challenge_text)
    walk.prove_address(page, portal, post)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or "") if "/rules/" in request.url else None)
    page.fill("#answer-1", "my secret answer")
    page.fill("#user-id", who.user_id)
    page.fill("#password", "Ab1-cdef")
    expect(page.locator("#password-rules h2")).to_contain_text("8 of 9 met")
    page.fill("#confirm-password", "Ab1-cdef")
    expect(page.locator("#password-rules h2")).to_contain_text("9 of 9 met")
    page.fill("#user-id", "sam 1")
    expect(page.locator("#user-id-rules")).to_contain_text("Not met")
    assert sent
    assert not any("answer" in body for body in sent), "answers stay in the form"
    assert look.wrong == []


def test_a_wrong_password_and_an_unknown_user_id_get_the_same_answer(
    chromium: Browser, portal: str, neighbours: Neighbours
) -> None:
    """S-02: nobody learns which user ids exist."""
    page = visit(chromium, Looker(1280))
    answers = []
    for user_id in (neighbours.registered("Kay", "Nownn").user_id, "nobody99"):
        page.goto(f"{portal}/signin")
        page.fill("#user-id", user_id)
        page.fill("#password", "Wrong#12-x")
        page.click("main button:has-text('Sign In')")
        page.wait_for_load_state("load")
        answers.append(page.locator("[role=alert]").inner_text())
    assert answers[0] == answers[1] != ""


def test_no_link_of_the_portal_leads_nowhere(chromium: Browser, portal: str, neighbours: Neighbours) -> None:
    """Every address of ours that a page names answers: what is not built yet is not offered."""
    page = visit(chromium, Looker(1280))
    walk.enter(page, portal, neighbours.story.eus)
    seen = walk.follow(page, portal)
    assert {path: how for path, how in seen.items() if not how.startswith("200")} == {}
    assert len(seen) > 10
