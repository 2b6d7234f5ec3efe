"""The walk through step 8: rows 45 to 49, 55 to 57 and 61, and what step 9 does to an application (D-50)."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.pages.access_walk import done, link, press
from tests.e2e.pages.enrolling_neighbours import Practice, Practices
from tests.e2e.pages.preparing_walk import preparing
from tests.e2e.pages.walk import Look, enter

COLUMNS = (
    "Relationship,Provider Name/LBN,NPI,Current Enrollment Status,Medicare ID,Effective Date,Reassignment End Date,"
    "Revalidation Due Date"
)


def whole(page: Page, base: str, look: Look, practices: Practices) -> None:
    """From an empty page to the report, and to the refusal after the disconnection."""
    at = practices.next()
    enter(page, base, practices.neighbours.known("Jo", "Nakamura"))
    page.goto(f"{base}/enrollments")
    look(page, "enrollments-none")
    link(page, "Start an application")
    look(page, "start-nobody")
    tracking = preparing(page, base, look, practices, at)
    signing(page, base, look, at, tracking)
    contractor(page, base, look, practices, at, tracking)
    reports(page, base, look, at)
    afterwards(page, base, look, practices, at)


def signing(page: Page, base: str, look: Look, at: Practice, tracking: str) -> None:
    """The right people sign; a stranger has no such page; twice is told."""
    path = f"{base}/applications/{tracking}/sign"
    enter(page, base, at.practitioner)
    page.goto(path)
    look(page, "sign")
    press(page, "Sign")
    look(page, "sign-errors")
    page.check("#agreed", force=True)
    press(page, "Sign")
    done(page, "You have signed.")
    page.goto(path)
    expect(page.locator("main")).to_contain_text("Yours is given already")
    look(page, "sign-again")
    enter(page, base, at.at.official)
    page.goto(path)
    link(page, "Refuse to sign")
    look(page, "sign-decline")
    link(page, "Cancel")
    page.check("#agreed", force=True)
    press(page, "Sign")
    done(page, "You have signed.")
    expect(page.locator("main")).to_contain_text("All signatures are in.")
    page.goto(f"{base}/applications/T0101-2020-1234-567/sign")
    expect(page.locator("main h1")).to_contain_text("This link is for the person who is to sign")
    look(page, "sign-stranger")


def contractor(page: Page, base: str, look: Look, practices: Practices, at: Practice, tracking: str) -> None:
    """Milo Acker takes it up and approves it."""
    enter(page, base, practices.mac)
    page.locator("nav a", has_text="Contractor").click()
    look(page, "mac")
    page.locator(f"main a[href='/mac/{tracking}']").click()
    look(page, "mac-application")
    press(page, "Take up")
    done(page, "The application is in process.")
    look(page, "mac-in-process")
    link(page, "Ask for corrections")
    press(page, "Ask for corrections")
    look(page, "mac-corrections-errors")
    link(page, "Cancel")
    page.locator("main a", has_text="Approve").click()
    press(page, "Approve")
    look(page, "mac-approve-errors")
    page.fill("#ptan", f"PG{at.number}100")
    press(page, "Approve")
    expect(page.locator("#ptan-error")).to_contain_text("Another record has this Medicare ID.")
    page.fill("#ptan", f"PM{at.number}777")
    press(page, "Approve")
    done(page, "The application is approved.")
    look(page, "mac-approved")
    loading(page, base, look, at)


def loading(page: Page, base: str, look: Look, at: Practice) -> None:
    """A second record of the group, from paper; a Social Security Number is typed again after a mistake."""
    page.goto(f"{base}/mac/import")
    look(page, "mac-import")
    values = {
        "npi": at.at.clinic.npis[0].npi, "specialty": "Clinic/Group Practice", "contractor": "Northern Contractor",
        "ptans": f"PG{at.number}100 PH{at.number}100", "effective-month": "3", "effective-day": "1",
        "effective-year": "2024", "official-name": "Ana Rivera", "official-ssn": at.at.official.ssn,
    }  # fmt: skip
    for box, value in values.items():
        page.fill(f"#{box}", value)
    press(page, "Load the record")
    look(page, "mac-import-errors")
    expect(page.locator("#official-capacity-error")).to_have_count(1)
    assert page.input_value("#official-ssn") == "", "P3 is never put back into a page"
    page.select_option("#form", "855B")
    page.select_option("#state", "NY")
    page.select_option("#official-capacity", "AUTHORIZED_OFFICIAL")
    page.fill("#official-ssn", at.at.official.ssn)
    press(page, "Load the record")
    expect(page.locator("#ptans-error")).to_contain_text("Another record has this Medicare ID.")
    page.fill("#ptans", f"PH{at.number}100")
    page.fill("#official-ssn", at.at.official.ssn)
    press(page, "Load the record")
    done(page, "The record is loaded.")
    expect(page.locator("main")).to_contain_text("On a paper form")
    look(page, "mac-imported")


def reports(page: Page, base: str, look: Look, at: Practice) -> None:
    """The group's official finds the reassignment on card, page and file (PE-ENR-01, PE-REA-05 to -09)."""
    enter(page, base, at.at.official)
    page.locator("nav a", has_text="Enrollments").click()
    look(page, "enrollments")
    # the practitioner's record stands here too, and the group's other one: before it or behind it, as their ids are
    own = page.locator("main article", has_text=at.at.clinic.name).filter(has_text="Maine")
    own.locator("summary", has_text="MORE OPTIONS").click()
    look(page, "enrollments-more")
    own.locator("a", has_text="View Medicare ID Report").first.click()
    look(page, "medicare-ids")
    page.goto(f"{base}/enrollments")
    own.locator("a", has_text="VIEW").first.click()
    look(page, "record")
    link(page, "View/Manage Reassignments")
    look(page, "report")
    report = page.url
    expect(page.locator("main")).to_contain_text("Records 1 - 1 of 1")
    press(page, "FILTER")
    expect(page.locator("#reassignment-error")).to_contain_text("Choose one or more of the options")
    look(page, "report-errors")
    expect(page.locator("main tbody tr")).to_have_count(1)
    page.select_option("#reassignment", "ENDED")
    press(page, "FILTER")
    expect(page.locator("main")).to_contain_text("Records 0 - 0 of 0")
    look(page, "report-none")
    link(page, "RESET")
    with page.expect_download() as waiting:
        link(page, "DOWNLOAD REPORT")
    assert re.fullmatch(r"reassignment-report-\d{8}-\d{6}-E[DS]T\.csv", waiting.value.suggested_filename)
    head, line, rest = waiting.value.path().read_bytes().decode("utf-8").split("\r\n")
    assert (head, rest) == (f"\ufeff{COLUMNS}", "")
    name = f'"{at.practitioner.last_name}, {at.practitioner.first_name}"'
    assert line.startswith(f"Receiving Benefits from,{name},2"), line
    assert f",APPROVED,PM{at.number}777," in line
    assert ",N/A," in line
    page.goto(f"{report}/pending")
    look(page, "pending-none")
    page.goto(f"{report}/manage")
    look(page, "manage")
    page.goto(f"{base}/enrollments?lang=es")
    look(page, "enrollments-es")
    page.goto(f"{report}?lang=es")
    look(page, "report-es")
    page.goto(f"{report}?lang=en")


def afterwards(page: Page, base: str, look: Look, practices: Practices, at: Practice) -> None:
    """A change is under way when the practitioner disconnects: the next step is refused, with who could help."""
    enter(page, base, at.staff)
    page.goto(f"{base}/applications/new")
    page.locator("main input[name=what]").first.check(force=True)
    look(page, "start-change")
    press(page, "Start an application")
    done(page, "The application is started.")
    own = page.url.partition("?")[0]
    page.goto(f"{base}/enrollments")
    look(page, "enrollments-unfinished")
    page.goto(f"{own}/practice-location")
    practices.disconnect(at)

    def refused() -> bool:
        return page.request.get(own).status == 403

    practices.story.eventually(refused, "the end of the right to act")
    for box, value in (
        ("street", "1 Elm Street"),
        ("city", "Harbor Point"),
        ("zip", "03904"),
        ("phone", "207-555-0142"),
    ):
        page.fill(f"#{box}", value)
    press(page, "Save")
    page.wait_for_load_state("load")
    look(page, "right-ended")
    expect(page.locator("main")).to_contain_text("The provider can approve a new")
    page.goto(own)
    expect(page.locator("main h1")).to_contain_text("You may not act for this provider")
    enter(page, base, practices.neighbours.known("Jo", "Nakamura"))
    page.goto(own)
    look(page, "application-unknown")
    expect(page.locator("main h1")).to_contain_text("We cannot show this application")
