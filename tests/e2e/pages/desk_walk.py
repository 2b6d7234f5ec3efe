"""The walk of an invitation to the desk of External User Services: sent, taken back, and who uses its PIN (row 60)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages import walk
from tests.e2e.pages.access_walk import done, link, press
from tests.e2e.pages.invite_walk import enter_pin, fill, pin_for
from tests.e2e.pages.looking import Looker
from tests.e2e.pages.neighbours import Neighbours


def people(page: Page, base: str, look: Looker, neighbours: Neighbours) -> None:
    """Ewa Usher invites two and takes one back; Dora Dawes, who has an account, works at the desk at once."""
    story, dora, back = neighbours.story, neighbours.registered("Dora", "Dawes"), neighbours.someone("Taken", "Back")
    walk.enter(page, base, story.eus)
    page.goto(f"{base}/eus")
    link(page, "People of the desk")
    look(page, "desk-people")
    press(page, "Submit")
    look(page, "desk-people-errors")
    for who in (back, dora):
        fill(page, who)
        press(page, "Submit")
        done(page, "The invitation is sent.")
    look(page, "desk-people-invited")
    page.locator("main tr", has_text=back.email).locator("a:has-text('Withdraw')").click()
    look(page, "desk-withdraw")
    press(page, "Withdraw")
    done(page, "The invitation is withdrawn.")
    expect(page.locator("main")).not_to_contain_text(back.email)
    pin = pin_for(story, dora.email)
    page.context.clear_cookies()  # not signed out: the desk's session is for all walks
    enter_pin(page, base, dora.email, pin)
    walk.enter(page, base, dora)
    page.goto(f"{base}/home")
    press(page, "Accept")
    done(page, "You work at the desk of External User Services from now on.")
    look(page, "desk-joined")
    link(page, "People of the desk")
    expect(page.locator("main")).to_contain_text("Dawes, Dora")
    expect(page.locator("main")).not_to_contain_text(dora.email)
