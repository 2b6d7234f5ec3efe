"""The walk of an auditor: who could act for a practice, now and before anybody could."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.walk import Look, enter

PATH = "/audit/as-of"


def auditor(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Kim Audley asks by number and by id, as of now and then, and mistypes once."""
    at = neighbours.place()
    enter(page, base, at.official)
    assert page.goto(f"{base}{PATH}").status == 404  # type: ignore[union-attr]
    page.context.clear_cookies()
    enter(page, base, neighbours.auditor())
    page.locator(f"nav a[href='{PATH}']").first.click()
    look(page, "audit-as-of")
    ask(page, f"npi:{at.practice.npis[0].npi}")
    expect(page.locator("main table")).to_contain_text("Rivera, Ana")
    look(page, "audit-as-of-found")
    expect(page.locator("main kbd")).to_contain_text(f"mandate audit who-can npi:{at.practice.npis[0].npi} PECOS --as")
    ask(page, at.practice.provider_id, as_of="2020-05-08T14:00-05:00")
    expect(page.locator("main")).to_contain_text("Nobody could act")
    look(page, "audit-as-of-nobody")
    ask(page, "somebody", as_of="yesterday")
    look(page, "audit-as-of-errors")


def spanish(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """The same in Spanish."""
    at = neighbours.place()
    enter(page, base, neighbours.auditor())
    page.goto(f"{base}{PATH}?provider={at.practice.provider_id}&function=PECOS")
    look(page, "audit-as-of-es")


def ask(page: Page, provider: str, as_of: str = "") -> None:
    """Fill in the question and ask it."""
    page.fill("#provider", provider)
    page.fill("#as-of", as_of)
    page.click("main button[type=submit]")
    page.wait_for_load_state("load")
