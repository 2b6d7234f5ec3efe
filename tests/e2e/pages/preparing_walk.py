"""The first half of step 8: an application from start to submission, and what its preparer sees then (rows 55, 56)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages.access_walk import done, link, press, save
from tests.e2e.pages.enrolling_neighbours import Practice, Practices
from tests.e2e.pages.papers_walk import hand_in
from tests.e2e.pages.walk import Look, enter
from tests.scenario import CP_575


def preparing(page: Page, base: str, look: Look, practices: Practices, at: Practice) -> str:
    """Cleo Vargas starts, fills in, attaches, submits; the Tracking ID."""
    story = practices.story
    enter(page, base, at.staff)

    def may_start() -> bool:
        page.goto(f"{base}/applications/new")
        return page.locator("main input[name=what]").count() > 0

    story.eventually(may_start, "the right to act for the practitioner")
    page.locator("main input[name=what]").first.check(force=True)
    look(page, "start")
    press(page, "Start an application")
    done(page, "The application is started.")
    look(page, "application-draft")
    tracking = page.url.rpartition("/")[2].partition("?")[0]
    own = f"{base}/applications/{tracking}"
    topics(page, look)
    group(page, look, at)
    documents(page, look)
    link(page, "Review and submit")
    look(page, "review")
    press(page, "Submit")
    look(page, "review-errors")
    official = at.at.official
    page.fill("#name-1", f"{at.practitioner.first_name} {at.practitioner.last_name}")
    page.fill("#email-1", at.practitioner.email)
    page.fill("#name-2", f"{official.first_name} {official.last_name}")
    page.fill("#email-2", "not an address")
    press(page, "Submit")
    expect(page.locator("#email-2-error")).to_contain_text("Enter an e-mail address like name@example.com")
    assert page.input_value("#name-1").endswith(at.practitioner.last_name), "what was typed is kept"
    page.fill("#email-2", "wrong@harbor.example")
    press(page, "Submit")
    done(page, "The application is submitted.")
    awaiting(page, base, look, at, own)
    return tracking


def awaiting(page: Page, base: str, look: Look, at: Practice, own: str) -> None:
    """What the preparer sees and may do while signatures are awaited (PE-REA-02, PE-REA-10, PE-REA-11)."""
    look(page, "signatures")
    page.locator("main tr", has_text="wrong@harbor.example").get_by_text("Send the e-mail again").click()
    look(page, "signature-again")
    page.fill("#email", at.at.official.email)
    press(page, "Send the e-mail again")
    done(page, "The e-mail is sent again.")
    expect(page.locator("main table")).to_contain_text(at.at.official.email)
    link(page, "File a statement instead")
    look(page, "statement-none")
    link(page, "Add a Document")
    expect(page.locator("main input[type=radio]")).to_have_count(1)  # what else could be added is in the draft
    hand_in(page, "Statement signed on paper.pdf", CP_575)
    done(page, "The document is added.")
    page.goto(f"{own}/signatures")
    link(page, "File a statement instead")
    press(page, "File a statement instead")
    look(page, "statement-errors")
    page.goto(own)
    look(page, "application-pending")
    link(page, "CORRECT & RE-SUBMIT")
    look(page, "application-reopen")
    page.goto(f"{base}/enrollments")
    link(page, "Pending Reassignments Applications")
    expect(page.locator("main tbody")).to_contain_text("PENDING E-SIGNATURES")
    look(page, "pending")
    link(page, "MANAGE SIGNATURES")
    page.goto(f"{own}/sign")
    expect(page.locator("main")).to_contain_text("Whoever prepares an application for others never signs it.")
    look(page, "sign-preparer")


def topics(page: Page, look: Look) -> None:
    """Each first with mistakes."""
    link(page, "Identifying information")
    press(page, "Save")
    look(page, "topic-errors")
    page.select_option("#state", "ME")
    page.fill("#specialty", "Family Practice")
    press(page, "Save")
    done(page, "What you entered is saved.")
    link(page, "Practice location")
    look(page, "topic-location")
    for box, value in (("street", "1 Elm Street"), ("city", "Harbor Point"), ("zip", "39"), ("phone", "55")):
        page.fill(f"#{box}", value)
    page.select_option("#state", "ME")
    for box, value in (("month", "13"), ("day", "1"), ("year", "2021")):
        page.fill(f"#first-service-date-{box}", value)
    press(page, "Save")
    look(page, "topic-location-errors")
    for box in ("zip", "phone", "first-service-date-month"):
        expect(page.locator(f"#{box}-error")).to_have_count(1)
    assert page.input_value("#street") == "1 Elm Street"
    page.fill("#zip", "03904")
    page.fill("#phone", "207-555-0142")
    page.fill("#first-service-date-month", "3")
    press(page, "Save")
    done(page, "What you entered is saved.")
    link(page, "Final adverse legal actions")
    page.check("#any-2", force=True)
    look(page, "topic-actions")
    press(page, "Save")
    done(page, "What you entered is saved.")


def group(page: Page, look: Look, at: Practice) -> None:
    """A group that is not enrolled is refused, and the one that is, is taken (PE-X-06)."""
    link(page, "Reassignment of benefits")
    look(page, "receiving")
    page.fill("#organization-name", "Juniper Ridge*")
    press(page, "Search")
    press(page, "Save")
    look(page, "receiving-errors")
    page.locator("main input[type=radio]").first.check(force=True)
    press(page, "Save")
    expect(page.locator("main [role=alert]")).to_contain_text("Choose a group with an approved enrollment.")
    page.fill("#organization-name", at.at.clinic.name)
    press(page, "Search")
    page.locator("main tr", has_text=at.at.clinic.npis[0].npi).locator("input[type=radio]").check(force=True)
    press(page, "Save")
    done(page, "What you entered is saved.")


def documents(page: Page, look: Look) -> None:
    """Not a PDF, too large, then right; taken back and added again."""
    link(page, "Add a Document")
    look(page, "document-add")
    page.check("#document-type", force=True)
    hand_in(page, "scan.gif", b"GIF89a" + bytes(1000))
    expect(page.locator("#file-error")).to_contain_text("Choose a PDF or TIFF.")
    look(page, "document-kind-errors")
    hand_in(page, "large.pdf", CP_575 + bytes(10 * 1024 * 1024))
    expect(page.locator("#file-error")).to_contain_text("at most 10 MB")
    hand_in(page, "License of 2026.pdf", CP_575)
    done(page, "The document is added.")
    link(page, "Delete")
    look(page, "document-delete")
    press(page, "Delete")
    done(page, "The document is deleted.")
    link(page, "Add a Document")
    page.check("#document-type", force=True)
    hand_in(page, "License of 2026.pdf", CP_575)
    done(page, "The document is added.")
    assert save(page, "View").read_bytes() == CP_575
    look(page, "application-complete")
