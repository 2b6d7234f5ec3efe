"""The walk through the papers of a role request (row 30): what is refused, handed in, seen, taken back."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.pages.access_walk import done, link, press, save
from tests.e2e.pages.neighbours import HARBOR, Neighbours
from tests.e2e.pages.walk import Look, enter
from tests.scenario import AM, CP_575

MEBIBYTE = 1024 * 1024


def hand_in(page: Page, name: str, content: bytes) -> None:
    """Choose a file of the disk, as a person does, and upload it."""
    with tempfile.TemporaryDirectory() as folder:
        (file := Path(folder) / name).write_bytes(content)
        page.set_input_files("#file", file)
        press(page, "Upload")
        page.wait_for_load_state("load")


def wrong(page: Page, name: str, content: bytes, says: str) -> None:
    """Hand in what is refused: the words stand above and beside, and the type is still chosen."""
    hand_in(page, name, content)
    for place in ("[role=alert]", "#file-error"):
        expect(page.locator(f"main {place}")).to_contain_text(says)
    expect(page.locator("#document-type-2")).to_be_checked()


def paper(page: Page, base: str, look: Look, code: str) -> None:
    """Save the paper to sign, and check it as whoever holds it does; `code` stands on it."""
    page_id = page.locator("main .m-track").first.inner_text()
    assert save(page, "Access Manager Certification").read_bytes().startswith(b"%PDF-")
    page.goto(f"{base}/verify")
    look(page, "verify")
    page.fill("#tracking-id", page_id)
    page.fill("#check-code", "0000-0000-0000")
    press(page, "Check")
    look(page, "verify-errors")
    page.fill("#check-code", code)
    press(page, "Check")
    done(page, f"This paper was made here for the request {page_id}")
    look(page, "verify-known")


def comment(page: Page, look: Look) -> None:
    """Say something about a document, and take it back."""
    link(page, "Add a comment")
    press(page, "Add a comment")
    look(page, "papers-comment-errors")
    page.fill("#text", "Both pages are on one sheet")
    press(page, "Add a comment")
    done(page, "The comment is added.")
    look(page, "papers-comments")
    press(page, "Delete comment")
    done(page, "The comment is deleted.")


def requester(page: Page, base: str, look: Look, neighbours: Neighbours) -> None:
    """Olga Paperman asks to be Access Manager and hands in what that needs."""
    who = neighbours.registered("Olga", "Paperman")
    request_id = neighbours.ask_role(who, HARBOR, AM)
    request = f"/requests/{request_id}"
    enter(page, base, who)
    page.goto(base + request)
    expect(page.locator("main")).to_contain_text(
        "0 of the total required 2 documents for completion have been uploaded."
    )
    look(page, "papers-none")
    paper(page, base, look, neighbours.check_code(who, request_id))
    page.goto(base + request)
    link(page, "Add a Document")
    look(page, "papers-add")
    page.check("#document-type-2", force=True)
    wrong(page, "cp575.pdf", b"MZ" + bytes(1000), "Choose a PDF, GIF or JPEG")
    look(page, "papers-kind-errors")
    wrong(page, "large.pdf", CP_575 + bytes(10 * MEBIBYTE), "at most 10 MB")
    wrong(page, "larger.pdf", bytes(20 * MEBIBYTE), "at most 10 MB")
    look(page, "papers-large-errors")
    hand_in(page, "CP 575 of Harbor Point, signed and scanned «2026».pdf", CP_575)
    page.wait_for_url(re.compile("done=document_added"))
    done(page, "The document is added.")
    expect(page.locator("main")).to_contain_text("1 of the total required 2 documents")
    look(page, "papers-one")
    link(page, "Add a Document")
    page.check("#document-type", force=True)
    hand_in(page, "certification.pdf", CP_575 + b"\n%" + b"x" * (9 * MEBIBYTE))
    done(page, "The document is added.")
    expect(page.locator("main")).to_contain_text("2 of the total required 2 documents")
    look(page, "papers-complete")
    assert save(page, "View").read_bytes() == CP_575
    comment(page, look)
    page.goto(base + request)
    link(page, "Delete")
    look(page, "papers-delete")
    press(page, "Delete")
    done(page, "The document is deleted.")
    expect(page.locator("main")).to_contain_text("1 of the total required 2 documents")
    page.goto(f"{page.url}&lang=es")
    look(page, "papers-es")
    page.goto(f"{base}{request}/documents")
    look(page, "papers-add-es")
