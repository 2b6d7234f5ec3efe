"""The walk through the pages with which people get access: rows 14-16, 22-28, 29, 31-36, 38-40, 44, 60."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path

from mandate.registry.v1.service_pb2 import Provider
from playwright.sync_api import Page, expect

from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.walk import Look, enter
from tests.scenario import CP_575

EINS = count(204_471_000)
"""Of employers that are added: each walk has its own."""


def link(page: Page, text: str) -> None:
    page.locator(f"main a:has-text({text!r})").first.click()


def press(page: Page, text: str) -> None:
    page.locator(f"main button:has-text({text!r})").first.click()


def open_row(page: Page, employer: Provider) -> None:
    page.locator("main .m-open", has_text=employer.name).click()


def done(page: Page, text: str) -> None:
    expect(page.locator("main [role=status]").first).to_contain_text(text)


def open_once_it_says(page: Page, address: str, text: str, neighbours: Neighbours) -> None:
    """Open a page that shows what somebody else has just done: no receipt leads from them to this browser."""

    def said() -> bool:
        page.goto(address)
        return text in page.locator("main").inner_text()

    neighbours.story.eventually(said, f"{text!r} on {address}")


def save(page: Page, text: str) -> Path:
    """Follow a link to a file, and have it."""
    with page.expect_download() as waiting:
        link(page, text)
    return Path(waiting.value.path())


def newcomer(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Nora Newhere asks for a role, takes it back, asks for another."""
    nora = neighbours.registered("Nora", "Newhere")
    enter(page, base, nora)
    look(page, "home-nobody")
    page.goto(f"{base}/connections")
    look(page, "connections-none")
    page.goto(f"{base}/profile/employers")
    look(page, "employers-none")
    link(page, "Add an Employer")
    page.fill("#first-name", "Ann")
    press(page, "Search")
    look(page, "find-errors")
    page.fill("#first-name", "")
    page.select_option("#state", "ME")
    press(page, "Search")
    look(page, "find-results")
    page.fill("#organization-name", "harbor*")
    press(page, "Search")
    link(page, "Select")
    look(page, "role")
    press(page, "Continue")
    look(page, "role-errors")
    page.check("#role", force=True)
    press(page, "Continue")
    look(page, "attest")
    press(page, "Submit")
    look(page, "attest-errors")
    page.check("#agreed", force=True)
    press(page, "Submit")
    page.wait_for_url(re.compile("/requests/"))
    look(page, "confirmation-official")
    link(page, "Cancel request")
    look(page, "request-cancel")
    press(page, "Cancel request")
    done(page, "Your request is cancelled.")
    expect(page.locator("main tbody")).to_contain_text("Cancelled")
    page.locator("main .m-open").first.click()
    look(page, "employers-open")
    _ask_again(page, look)
    look(page, "confirmation-manager")
    link(page, "Done")
    expect(page.locator("main tbody")).to_contain_text("Pending Approval")
    look(page, "employers-pending")
    assert page.goto(f"{base}/staff").status == 404  # type: ignore[union-attr]
    assert page.goto(f"{base}/eus").status == 404  # type: ignore[union-attr]
    neighbours.have_asked(nora, 27)
    _turn_over(page, base, look)


def _turn_over(page: Page, base: str, look: Look) -> None:
    """More employers than a page shows (IA-PROF-05)."""
    page.goto(f"{base}/profile/employers?show=ended")
    expect(page.locator("main .m-open")).to_have_count(25)
    look(page, "employers-many")
    link(page, "Next")
    look(page, "employers-next")
    link(page, "Previous")
    expect(page.locator("main .m-open")).to_have_count(25)


def adding(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Nils Newfirm adds a billing company that has no NPI; somebody else finds it, and adds it again."""
    ein = str(next(EINS))
    enter(page, base, neighbours.registered("Nils", "Newfirm"))
    page.goto(f"{base}/employers/find?state=WY")
    link(page, "Add Employer Not in List")
    look(page, "new")
    press(page, "Continue")
    look(page, "new-errors")
    _add(page, ein)
    done(page, "The employer is added.")
    look(page, "role-added")
    page.goto(f"{base}/employers/find?organization_name=quay*")
    expect(page.locator("main tbody").first).to_contain_text("Quay Billing LLC")
    look(page, "find-added")
    page.goto(f"{base}/employers/new")
    _add(page, ein)
    done(page, "There is an employer with this EIN already.")
    look(page, "role-joined")
    page.check("#role-2", force=True)
    press(page, "Continue")
    _name(page)
    press(page, "Submit")
    page.wait_for_url(re.compile("/requests/"))
    look(page, "confirmation-added")


def _ask_again(page: Page, look: Look) -> None:
    link(page, "Request a role again")
    page.check("#role-2", force=True)
    press(page, "Continue")
    look(page, "official")
    page.check("#contact-2", force=True)
    press(page, "Submit")
    look(page, "official-errors")
    _name(page)
    page.fill("#contact-email", "nora@work.example")
    page.fill("#confirm-contact-email", "nora@work.example")
    press(page, "Submit")
    page.wait_for_url(re.compile("/requests/"))


def _name(page: Page) -> None:
    """An Authorized Official who has no account."""
    boxes = {"name": "Otto Named", "title": "Chief Executive", "phone": "207-555-0186", "email": "otto@named.example"}
    for box, typed in boxes.items():
        page.fill(f"#official-{box}", typed)
    page.fill("#confirm-official-email", boxes["email"])


def _add(page: Page, ein: str) -> None:
    page.check("#category-2", force=True)
    boxes = {"legal-business-name": "Quay Billing LLC", "line-1": "12 Quay Street", "city": "Portland", "zip": "04101"}
    for box, typed in (boxes | {"ein": ein, "phone": "207-555-0142"}).items():
        page.fill(f"#{box}", typed)
    page.select_option("#state", "ME")
    press(page, "Continue")


def official(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Ana Rivera decides, modifies, lets go."""
    at = neighbours.place()
    neighbours.employ(at)
    enter(page, base, at.official)
    page.goto(f"{base}/staff")
    look(page, "staff")
    page.locator("main .m-open:has-text('Novak')").click()
    look(page, "staff-open")
    page.locator(".m-detail a:has-text('Modify')").first.click()
    look(page, "staff-modify")
    page.select_option("#all-role", "STAFF_END_USER")
    page.check("#all-pecos", force=True)
    press(page, "Set all lines")
    look(page, "staff-modify-all")
    page.locator("main select[name=role]").first.select_option(index=0)
    press(page, "Save")
    look(page, "staff-modify-errors")
    page.locator("main select[name=role]").first.select_option(index=1)
    press(page, "Save")
    done(page, "Roles and business functions are saved.")
    page.goto(f"{base}/staff?last=zz")
    look(page, "staff-none")
    page.goto(f"{base}/staff/requests")
    look(page, "staff-requests")
    link(page, "Reject")
    look(page, "staff-reject")
    press(page, "Reject")
    look(page, "staff-reject-errors")
    page.fill("#reason", "Not known here")
    press(page, "Reject")
    done(page, "The request is rejected.")
    press(page, "Approve")
    done(page, "The request is approved.")
    page.goto(f"{base}/staff")
    page.locator("main .m-open:has-text('Novak')").click()
    page.locator(".m-detail a:has-text('Deactivate')").first.click()
    look(page, "staff-end")
    press(page, "Deactivate")
    done(page, "This person no longer works for the employer.")
    page.goto(f"{base}/staff/inactive")
    expect(page.locator("main table").first).to_contain_text("Novak, Petra")
    look(page, "staff-inactive")
    page.goto(f"{base}/profile/employers")
    page.locator("main .m-open").first.click()
    page.locator("main .m-detail a:has-text('Disassociate')").click()
    look(page, "leave")
    press(page, "Disassociate me")
    look(page, "leave-errors")


def connecting(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:  # noqa: PLR0915 - one walk
    """Ana Rivera approves and rejects connections, asks for one, adds a surrogate, takes back, disconnects."""
    at = neighbours.place()
    neighbours.ask_to_connect(at)
    enter(page, base, at.official)
    look(page, "home-waiting")
    press(page, "Approve All Selected")
    look(page, "home-errors")
    page.locator("#surrogates input[name=connection]").first.check(force=True)
    page.locator("#surrogates button:has-text('Approve All')").click()
    done(page, "What you ticked is approved.")
    page.locator("#surrogates button:has-text('Select All')").click()
    look(page, "home-all-ticked")
    page.locator("#surrogates button:has-text('Reject All')").click()
    look(page, "home-reject")
    press(page, "Reject")
    look(page, "home-reject-errors")
    page.fill("#reason", "Not ours")
    press(page, "Reject")
    done(page, "What you chose is rejected.")
    page.goto(f"{base}/connections")
    look(page, "connections")
    open_row(page, at.clinic)
    look(page, "connections-open")
    link(page, "Find Provider")
    look(page, "find-provider")
    page.fill("#last-name", "castellane")
    press(page, "Search")
    press(page, "Continue")
    look(page, "find-provider-errors")
    page.check("#function", force=True)
    press(page, "Continue")
    look(page, "review-provider")
    again = page.url
    press(page, "Submit")
    done(page, "Your request is sent.")
    expect(page.locator("main")).to_contain_text("Castellane, Tobias")
    look(page, "connections-sent")
    page.goto(again)
    press(page, "Submit")
    look(page, "review-provider-errors")
    page.goto(f"{base}/connections")
    open_row(page, at.practice)
    link(page, "Add Surrogate")
    page.fill("#organization-name", "juniper*")
    press(page, "Search")
    page.check("#function-NPPES", force=True)
    press(page, "Continue")
    look(page, "review-surrogate")
    press(page, "Submit")
    link(page, "Cancel request")
    look(page, "connection-cancel")
    press(page, "Cancel request")
    done(page, "The request is taken back.")
    page.goto(f"{base}/connections")
    open_row(page, at.clinic)
    link(page, "Disconnect")
    look(page, "disconnect")
    press(page, "Disconnect")
    done(page, "The connection has ended.")


def desk(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Ewa Usher of External User Services works off the queue: what has its papers, and what lacks them."""
    neighbours.ask_the_desk()
    enter(page, base, neighbours.story.eus)
    page.goto(f"{base}/eus")
    look(page, "eus")
    expect(page.locator("main")).not_to_contain_text("0 of 2 documents")
    page.fill("#track", "R000-0000-00")
    press(page, "Search")
    look(page, "eus-search-errors")
    page.fill("#track", "")
    page.fill("#last", "zzz")
    press(page, "Search")
    look(page, "eus-search-none")
    page.goto(f"{base}/eus?role=ACCESS_MANAGER")
    expect(page.locator("main table")).to_contain_text("2 of 2 documents")
    page.locator("main td a", has_text="2 of 2 documents").first.click()
    look(page, "eus-request")
    assert save(page, "View").read_bytes() == CP_575
    link(page, "Add a comment")
    page.fill("#text", "Which page shows the EIN?")
    press(page, "Add a comment")
    look(page, "eus-comments")
    page.goto(f"{base}/eus?role=ACCESS_MANAGER")
    page.locator("main td a", has_text="2 of 2 documents").last.click()
    link(page, "Ask for another")
    press(page, "Ask for another")
    look(page, "eus-refuse-errors")
    page.fill("#reason", "The EIN is cut off")
    press(page, "Ask for another")
    done(page, "The person is asked for another document.")
    look(page, "eus-refused")
    page.goto(f"{base}/eus?role=ACCESS_MANAGER")
    link(page, "Reject")
    look(page, "eus-reject")
    page.fill("#reason", "No CP 575")
    press(page, "Reject")
    done(page, "The request is rejected.")
    press(page, "Approve")
    done(page, "The request is approved.")
    page.goto(f"{base}/eus?role=ACCESS_MANAGER")
    link(page, "Also those that lack documents")
    look(page, "eus-lacking")
    page.locator("main tr", has_text="0 of 2 documents").first.locator("button:has-text('Approve')").click()
    look(page, "eus-lacking-errors")
    expect(page.locator("main [role=alert]")).to_contain_text("This request lacks documents.")


def spanish(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """The same pages in Spanish, each once."""
    at = neighbours.place()
    neighbours.employ(at)
    neighbours.ask_to_connect(at)
    enter(page, base, at.official)
    page.goto(f"{base}/connections")
    party = (page.locator("main .m-open").first.get_attribute("href") or "").partition("open=")[2].partition("#")[0]
    page.goto(f"{base}/staff")
    person = page.locator("main a.m-modify").first.get_attribute("href") or ""
    page.goto(base + person)
    end = page.locator("main a[href*='/end/']").first.get_attribute("href") or ""
    delia = neighbours.known("Delia", "Marsh").account_id
    neighbours.accept(at)
    page.goto(f"{base}/staff?open={delia}")
    providers = page.locator("main a[href*='/providers/']").first.get_attribute("href") or ""
    spanish_each(
        page, base, look,
        "/home", "/profile/employers", "/employers/find?state=ME", f"/employers/{party}/request",
        f"/employers/{party}/request/attest", "/staff", "/staff/requests", "/staff/inactive", person, end, providers,
        "/staff/invite", "/pin",
        f"/connections?open={party}", f"/connections/{party}/providers/new?state=ME",
    )  # fmt: skip
    enter(page, base, neighbours.story.eus)
    account = f"/eus/accounts/{delia}"
    spanish_each(page, base, look, "/eus", "/eus/people", account, f"{account}/close", "/eus/accounts")
    page.fill("#typed", "nadie99")
    page.locator("main form button").click()
    look(page, "es-eus-accounts-errors")


def spanish_each(page: Page, base: str, look: Look, *paths: str) -> None:
    for path in paths:
        answer = page.goto(base + path)
        assert answer
        assert answer.ok, path
        assert page.get_attribute("html", "lang") == "es"
        look(page, "es" + re.sub(r"[^a-z]+", "-", path))
