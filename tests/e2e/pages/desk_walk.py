"""Walks at the desk of External User Services (row 60): its own people, accounts of others, employers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages import walk
from tests.e2e.pages.access_walk import done, link, press
from tests.e2e.pages.invite_walk import enter_pin, fill, pin_for
from tests.e2e.pages.looking import Looker
from tests.e2e.pages.neighbours import Neighbours
from tests.scenario import SEU


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
    page.context.clear_cookies()
    walk.enter(page, base, story.eus)
    page.goto(f"{base}/eus/people")
    page.locator("main tr", has_text="Dawes").locator("a:has-text('Take role back')").click()
    look(page, "desk-take")
    press(page, "Take role back")
    done(page, "This person does not work at the desk any more.")
    expect(page.locator("main")).not_to_contain_text("Dawes, Dora")


def accounts(page: Page, base: str, look: Looker, neighbours: Neighbours) -> None:
    """Ewa Usher finds and closes the account of Cleo Oser, who works and asks to; then the employer."""
    at, cleo = neighbours.place(), neighbours.registered("Cleo", "Oser")
    neighbours.give_role(at.official, cleo, at.clinic.provider_id, SEU, "PECOS")
    request = neighbours.ask_role(cleo, at.practice.provider_id, SEU)
    walk.enter(page, base, neighbours.story.eus)
    page.goto(f"{base}/eus")
    link(page, "Find an account")
    look(page, "desk-find")
    page.fill("#typed", "nobody99")
    press(page, "Search")
    look(page, "desk-find-errors")
    page.fill("#typed", cleo.email.upper())
    press(page, "Search")
    expect(page.locator("main")).to_contain_text(cleo.user_id)
    look(page, "desk-account")
    page.goto(f"{base}/requests/{request}")
    link(page, "Account of this person")
    link(page, "Close account")
    look(page, "desk-close")
    press(page, "Close account")
    look(page, "desk-close-errors")
    page.fill("#reason", "The person has died")
    press(page, "Close account")
    done(page, "The account is closed.")

    def is_over() -> bool:
        page.reload()
        return "works for no employer" in page.locator("main").inner_text()

    neighbours.story.eventually(is_over, "the end of the roles")
    look(page, "desk-closed")
    page.goto(f"{base}/eus")
    link(page, "Find an employer")
    look(page, "desk-employers")
    page.fill("#organization-name", at.clinic.name)
    press(page, "Search")
    look(page, "desk-employers-found")
    page.locator("main tr", has_text=at.clinic.name).locator(f"a[href$='{at.clinic.provider_id}']").click()
    expect(page.locator("main")).to_contain_text("Open")
    look(page, "desk-employer")
    link(page, "Close employer")
    look(page, "desk-employer-close")
    press(page, "Close employer")
    look(page, "desk-employer-close-errors")
    page.fill("#reason", "Out of business")
    press(page, "Close employer")
    done(page, "The employer is closed.")

    def is_left() -> bool:
        page.reload()
        return "People who work there\n0" in page.locator("main").inner_text()

    neighbours.story.eventually(is_left, "the end of the official's role")
    look(page, "desk-employer-closed")
