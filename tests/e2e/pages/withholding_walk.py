"""The walk of a provider that an Authorized Official withholds from one of the staff, and gives back (D-40)."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.pages import walk
from tests.e2e.pages.access_walk import done, link, press
from tests.e2e.pages.looking import Looker
from tests.e2e.pages.neighbours import JUNIPER, Neighbours
from tests.scenario import SEU


def withholding(page: Page, base: str, look: Looker, neighbours: Neighbours) -> None:
    """Theo Quill's group asks Ana Rivera's to act for it; she accepts, and keeps Delia Marsh from it."""
    at, delia = neighbours.place(), neighbours.known("Delia", "Marsh")
    clinic = at.clinic.provider_id
    association = neighbours.give_role(at.official, delia, clinic, SEU, "PECOS")
    neighbours.connect(neighbours.theo(), JUNIPER, clinic, "PECOS", "PROVIDER")
    neighbours.story.eventually(lambda: neighbours.pending(at.official), "the request that waits for the official")
    walk.enter(page, base, at.official)
    page.goto(f"{base}/staff/{delia.account_id}/providers/{association}")
    look(page, "providers-none")
    page.goto(f"{base}/home")
    page.locator("#providers input[name=connection]").first.check(force=True)
    page.locator("#providers button:has-text('Approve All')").click()
    done(page, "What you ticked is approved.")
    page.goto(f"{base}/staff?open={delia.account_id}")
    look(page, "staff-open-providers")
    link(page, "Providers")
    look(page, "providers")
    for is_withheld in (True, False):
        page.locator("main input[name=withheld]").first.set_checked(is_withheld, force=True)
        press(page, "Save")
        done(page, "Which providers are withheld is saved.")
        link(page, "Providers")
        expect(page.locator("main input[name=withheld]")).to_be_checked(checked=is_withheld)
        look(page, f"providers-{'withheld' if is_withheld else 'back'}")
