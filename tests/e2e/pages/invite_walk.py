"""The walk of an invitation: Add Staff, the list on My Staff, the PIN of the mail, and who uses it (rows 41 to 43)."""

from __future__ import annotations

import re

from mandate.access.v1 import service_pb2 as access
from playwright.sync_api import Browser, Page, expect

from chassis import nature
from tests.e2e.pages import looking, walk
from tests.e2e.pages.access_walk import done, link, open_once_it_says, press
from tests.e2e.pages.looking import Looker
from tests.e2e.pages.neighbours import Neighbours, Place
from tests.e2e.pages.walk import Text
from tests.scenario import INVITATION, SEU, Person, Story

WRONG = "ABCD EFGH"


def pin_for(story: Story, email: str, subject: str = INVITATION) -> str:
    """The PIN that was really sent."""
    found = re.search(r"PIN: *([A-Z2-9]{8})\b", story.mail(email, subject).text)
    assert found
    return found[1]


def invite(page: Page, base: str, at: Place, who: Person) -> None:
    """Staff End User with PECOS at the group, and with nothing at the practice."""
    page.goto(f"{base}/staff")
    page.click("main .m-head a:has-text('Add Staff')")
    fill(page, who)
    for employer in (at.clinic, at.practice):
        row = page.locator("main tbody tr", has_text=employer.name)
        row.locator("input[name=employer]").check(force=True)
        row.locator("select").select_option(label="Staff End User")
    page.locator("main tbody tr", has_text=at.clinic.name).locator("input[name=pecos]").check(force=True)
    press(page, "Submit")
    done(page, "The invitation is sent.")


def tick_columns(page: Page, *, scripts: bool) -> None:
    """IA-ADDS-03: a box in the head ticks its column; without scripts there is none."""
    if not scripts:
        expect(page.locator("#all-pecos")).not_to_be_visible()
        return
    for ticked in (True, False):
        page.set_checked("#all-pecos", ticked, force=True)
        assert page.locator("input[name=pecos]:checked").count() == (2 if ticked else 0)


def invite_quickly(story: Story, at: Place, who: Person) -> None:
    """The same as `invite`, by gRPC and to the group alone."""
    request = access.InviteStaffRequest(
        command_id=str(nature.new_id()),
        first_name=who.first_name,
        last_name=who.last_name,
        email=who.email,
        confirm_email=who.email,
        offers=[access.Offer(employer_id=at.clinic.provider_id, role=SEU)],
    )
    sent = story.ask(story.access.InviteStaff, request, at.official, "access").receipt
    listed = access.ListInvitationsRequest(employer_id=at.clinic.provider_id, at_least=[sent])
    story.ask(story.access.ListInvitations, listed, at.official, "access")


def fill(page: Page, who: Person) -> None:
    page.fill("#first-name", who.first_name)
    page.fill("#last-name", who.last_name)
    page.fill("#email", who.email)
    page.fill("#confirm-email", who.email)


def enter_pin(page: Page, base: str, email: str, pin: str) -> None:
    page.goto(f"{base}/signin")
    link(page, "Enter your PIN")
    page.fill("#email", email)
    page.fill("#pin", pin)
    press(page, "Submit")


def has_exactly_what_was_offered(page: Page, base: str, at: Place) -> None:
    """IA-PROF-05: PECOS at the group, nothing at the practice."""
    page.goto(f"{base}/profile/employers")
    for employer, said in ((at.clinic, "YES NO"), (at.practice, "NO NO")):
        row = page.locator("main tbody", has_text=employer.name).first
        expect(row).to_contain_text("Staff End User")
        expect(row).to_contain_text("Approved")
        words = re.sub(r"[^A-Z ]", " ", re.sub(r"PECOS|NPPES", "", " ".join(row.inner_text().split()))).split()
        assert " ".join(word for word in words if word in {"YES", "NO"}) == said


def inviting(page: Page, base: str, look: Looker, neighbours: Neighbours) -> None:
    """Ana Rivera invites, withdraws, sends again; Kim Sato, who has an account, accepts after signing in."""
    story, at, kim = neighbours.story, neighbours.place(), neighbours.registered("Kim", "Sato")
    walk.enter(page, base, at.official)
    page.goto(f"{base}/staff/invite")
    look(page, "invite")
    press(page, "Submit")
    look(page, "invite-errors")
    tick_columns(page, scripts=look.axe)
    invite(page, base, at, kim)
    look(page, "invitation")
    pin = pin_for(story, kim.email)
    lost = neighbours.someone("Lost", "Letter")
    invite_quickly(story, at, lost)
    for _ in range(5):
        wrong = access.EnterPinRequest(command_id=str(nature.new_id()), email=lost.email, pin=WRONG)
        assert story.refused(story.access.EnterPin, wrong, None, "") == ["PIN_REFUSED"]
    back = neighbours.someone("Taken", "Back")
    invite_quickly(story, at, back)
    page.goto(f"{base}/staff")
    look(page, "staff-invitations")
    page.locator("main tr", has_text=back.email).locator("a:has-text('Withdraw')").click()
    look(page, "invitation-withdraw")
    press(page, "Withdraw")
    done(page, "The invitation is withdrawn.")
    expect(page.locator("main")).not_to_contain_text(back.email)
    page.goto(f"{base}/pin")
    link(page, "Ask for a new PIN")
    look(page, "pin-new")
    page.fill("#email", lost.email)
    press(page, "Ask for a new PIN")
    look(page, "pin-asked")
    open_once_it_says(page, f"{base}/staff", "A new PIN is asked for.", neighbours)
    row = page.locator("main tr", has_text=lost.email)
    expect(row).to_contain_text("A new PIN is asked for.")
    row.locator("a:has-text('Send again')").click()
    look(page, "invitation-again")
    press(page, "Send again")
    done(page, "The invitation is sent.")
    link(page, "Send again")
    link(page, "Invite with changes")
    expect(page.locator("#last-name")).to_have_value("Letter")
    browser = page.context.browser
    assert browser
    _accept(looking.visit(browser, look, scripts=look.axe), base, look, at, kim, pin)
    open_once_it_says(page, f"{base}/staff", "Sato, Kim", neighbours)
    expect(page.locator("main")).not_to_contain_text(kim.email)


def _accept(page: Page, base: str, look: Looker, at: Place, kim: Person, pin: str) -> None:
    page.goto(f"{base}/pin")
    look(page, "pin")
    enter_pin(page, base, kim.email, WRONG)
    look(page, "pin-errors")
    assert page.input_value("#pin") == ""
    enter_pin(page, base, kim.email, f"{pin[:4].lower()}-{pin[4:]}")
    look(page, "pin-entered")
    walk.enter(page, base, kim)
    look(page, "home-invited")
    press(page, "Accept")
    done(page, "The invitation is accepted.")
    has_exactly_what_was_offered(page, base, at)


def newcomer(chromium: Browser, base: str, neighbours: Neighbours, text: Text) -> None:
    """Uma Prior enters the PIN, creates an account with it, and works for the employers."""
    look = Looker(1280, axe=False)
    at, uma = neighbours.place(), neighbours.someone("Uma", "Prior")
    official = looking.visit(chromium, look)
    walk.enter(official, base, at.official)
    invite(official, base, at, uma)
    page = looking.visit(chromium, look)
    enter_pin(page, base, uma.email, pin_for(neighbours.story, uma.email))
    press(page, "Create Account Now")
    assert page.input_value("#email") == page.input_value("#confirm-email") == uma.email
    assert not re.search(f"{uma.email}|PIN", page.url)
    walk.register(page, base, uma, neighbours.story, text, lambda *_: None)
    expect(page.locator("main")).to_contain_text("The invitation is accepted.")
    open_once_it_says(page, f"{base}/profile/employers", at.clinic.name, neighbours)
    has_exactly_what_was_offered(page, base, at)
    assert look.wrong == []
