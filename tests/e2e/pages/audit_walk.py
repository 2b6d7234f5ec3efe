"""The walk of an auditor: what happened, one stream, one event; and who could act, now and before anybody could."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.walk import Look, enter

PATH = "/audit/as-of"
EVENTS = "/audit"


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


def explorer(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Kim Audley looks for what happened to a practice, and follows one request to its event and its state."""
    at = neighbours.place()
    assert_nothing_there(page, base, neighbours)
    enter(page, base, neighbours.auditor())
    look(page, "home-auditor")
    page.locator("main a[href='/audit']").click()
    look(page, "audit")
    page.locator("main a:has-text('Older')").first.click()
    page.locator("main a:has-text('Newer')").first.click()
    look(page, "audit-newer")
    search(page, f"npi:{at.practice.npis[0].npi} type:access.RoleRequest.*")
    expect(page.locator("main table")).to_contain_text("Asked for the role Authorized Official")
    expect(page.locator("main table")).to_contain_text("Rivera, Ana")
    look(page, "audit-found")
    same = page.locator(".m-copy").first
    expect(same).to_contain_text(f"mandate audit find 'npi:{at.practice.npis[0].npi} type:access")
    page.locator("main td a[href^='/audit/streams/']").first.click()
    expect(page.locator("main")).to_contain_text("You are looking at the past")
    look(page, "audit-stream-past")
    page.locator("main a:has-text('Return to the last event')").click()
    expect(page.locator(".m-diff")).to_contain_text("APPROVED")
    look(page, "audit-stream")
    page.locator("main a:has-text('Previous event')").click()
    page.locator(".m-timeline a[href^='/audit/events/']").first.click()
    expect(page.locator("main")).to_contain_text("mandate audit show access@")
    look(page, "audit-event")
    search(page, "type:nothing.like.this", base)
    look(page, "audit-nothing")
    search(page, "aktor:somebody", base)
    assert page.input_value("#q") == "aktor:somebody"
    look(page, "audit-errors")


def assert_nothing_there(page: Page, base: str, neighbours: Neighbours) -> None:
    """For somebody who is no auditor there are no such pages."""
    enter(page, base, neighbours.place().official)
    assert page.goto(f"{base}{EVENTS}").status == 404  # type: ignore[union-attr]
    page.context.clear_cookies()


def search(page: Page, query: str, base: str = "") -> None:
    """Type a query and ask it."""
    if base:
        page.goto(f"{base}{EVENTS}")
    page.fill("#q", query)
    page.click("main form[role=search] button[type=submit]")
    page.wait_for_load_state("load")


def spanish(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """The same in Spanish."""
    at = neighbours.place()
    enter(page, base, neighbours.auditor())
    page.goto(f"{base}{PATH}?provider={at.practice.provider_id}&function=PECOS")
    look(page, "audit-as-of-es")
    page.goto(f"{base}{EVENTS}?q=subject:{at.practice.provider_id}")
    look(page, "audit-es")
    page.locator("main td a[href^='/audit/streams/']").first.click()
    look(page, "audit-stream-es")
    page.locator(".m-timeline a[href^='/audit/events/']").first.click()
    look(page, "audit-event-es")


def ask(page: Page, provider: str, as_of: str = "") -> None:
    """Fill in the question and ask it."""
    page.fill("#provider", provider)
    page.fill("#as-of", as_of)
    page.click("main button[type=submit]")
    page.wait_for_load_state("load")
