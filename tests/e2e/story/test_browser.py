"""People at the portal of a real platform: registration, sign-in, an employer, a decision; in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from chassis.embedded.postgres import free_port
from cli.demo import eventually
from cli.platform import SEEDED, Platform
from cli.run import portal_settings, serve_portal
from services.portal.web.challenge import Challenges
from tests.e2e.pages import walk
from tests.scenario import Person, people

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with walk.browser() as running:
        yield running


@pytest.fixture(scope="module")
def portal(embedded_platform: Platform) -> Iterator[str]:
    port = free_port()
    web = serve_portal(embedded_platform, port)
    yield f"http://127.0.0.1:{port}"
    web.stop()


class Visitor:
    """A person at a browser of their own, who reads their mail."""

    def __init__(self, chromium: Browser, platform: Platform, base: str) -> None:
        self.page: Page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.page.set_default_timeout(15_000)
        self.base, self._inbox = base, platform.inbox
        settings = portal_settings(platform)
        self._challenges = Challenges(settings.key, timedelta(minutes=settings.challenge_minutes))

    def go(self, path: str) -> None:
        """Open a page."""
        self.page.goto(f"{self.base}{path}")

    def submit(self, words: str = "Continue") -> None:
        """Send the form."""
        self.page.click(f"main button:has-text('{words}')")

    def fill(self, **boxes: str) -> None:
        """Fill boxes in, by their ids with _ for -."""
        for name, value in boxes.items():
            self.page.fill(f"#{name.replace('_', '-')}", value)

    def code(self, email: str, *, after: int) -> str:
        """The newest code in the mail."""

        def look() -> str | None:
            codes = [one for one in self._inbox.messages(email)[after:] if one.subject == "Your verification code"]
            found = re.search(r"\b[0-9]{6}\b", codes[-1].text) if codes else None
            return found[0] if found else None

        return str(eventually(look, f"a code to {email}"))

    def mails(self, email: str) -> int:
        """How many mails have come."""
        return len(self._inbox.messages(email))

    def sign_in(self, user_id: str, password: str, email: str) -> None:
        """Rows 1 and 2 of the screen map."""
        before = self.mails(email)
        self.go("/signin")
        self.fill(user_id=user_id, password=password)
        self.submit("Sign In")
        self.page.wait_for_url(f"{self.base}/signin/verify")
        self.fill(code=self.code(email, after=before))
        self.submit()
        self.page.wait_for_url(f"{self.base}/home")

    def register(self, who: Person) -> None:
        """Rows 7 to 12."""
        before = self.mails(who.email)
        self.go("/register")
        self.fill(email=who.email, confirm_email=who.email)
        self.fill(answer=walk.challenge_text(self.page, self._challenges.text))
        self.submit()
        self.page.wait_for_url(f"{self.base}/register/code")
        self.fill(code=self.code(who.email, after=before))
        self.submit()
        self.page.wait_for_url(f"{self.base}/register/security")
        self.fill(user_id=who.user_id, password=who.password, confirm_password=who.password)
        for n in range(1, 6):
            self.page.select_option(f"#question-{n}", index=n)
            self.page.fill(f"#answer-{n}", f"answer {n}")
        self.submit()
        self.page.wait_for_url(f"{self.base}/register/info")
        born = who.born_on
        self.fill(first_name=who.first_name, last_name=who.last_name, ssn=who.ssn)
        self.fill(dob_month=str(born.month), dob_day=str(born.day), dob_year=str(born.year))
        self.fill(business_phone="(207) 555-0142", personal_phone="207.555.0177")
        self.fill(line1="12 Harbor Road", city="Harbor Point", state="me", postal_code="03904")
        self.submit()
        self.page.wait_for_url(f"{self.base}/register/mfa")
        before = self.mails(who.email)
        self.page.check("#method-email" if self.page.locator("#method-email").count() else "#method", force=True)
        self.submit()
        self.page.wait_for_url(f"{self.base}/register/mfa/verify")
        self.fill(code=self.code(who.email, after=before))
        self.submit()
        self.page.wait_for_url(re.compile("/register/review"))
        self.page.click("text=Confirm and create my account")
        self.page.wait_for_url(f"{self.base}/register/done")


def person() -> Person:
    """A fifth person, whom the told story does not know."""
    who = people()["official"]
    who.first_name, who.last_name = "Dora", "Ekman"
    who.user_id, who.email, who.ssn = "dekma60", "dora@harbor.example", "874537740"
    return who


def test_a_person_registers_signs_out_and_signs_in(chromium: Browser, embedded_platform: Platform, portal: str) -> None:
    """IA-REG-01 to IA-DONE-01, IA-SIGN-01, IA-SIGN-05, X-04, with the codes of mails that were really sent."""
    visitor, who = Visitor(chromium, embedded_platform, portal), person()
    visitor.register(who)
    expect(visitor.page.locator("main")).to_contain_text("Congratulations, your account has been successfully created.")
    visitor.page.click("text=Sign Out")
    visitor.sign_in(who.user_id, who.password, who.email)
    expect(visitor.page.locator("header").first).to_contain_text(f"Logged in as {who.user_id}")
    assert walk.violations(visitor.page) == []
    visitor.go("/profile")
    expect(visitor.page.locator("main")).to_contain_text("No Employers Exist.")
    expect(visitor.page.locator("main")).to_contain_text(f"***-**-{who.ssn[-4:]}")  # IA-CONF-06


def test_a_wrong_password_and_an_unknown_user_id_get_the_same_answer(
    chromium: Browser, embedded_platform: Platform, portal: str
) -> None:
    """S-02: nobody learns which user ids exist."""
    visitor = Visitor(chromium, embedded_platform, portal)
    answers = []
    for user_id in (SEEDED[1].user_id, "nobody99"):
        visitor.go("/signin")
        visitor.fill(user_id=user_id, password="Wrong#12-x")
        visitor.submit("Sign In")
        visitor.page.wait_for_load_state("load")
        answers.append(visitor.page.locator("[role=alert]").inner_text())
    assert answers[0] == answers[1] != ""


def test_no_link_of_the_portal_leads_nowhere(chromium: Browser, embedded_platform: Platform, portal: str) -> None:
    """Every address of ours that a page names answers: what is not built yet is not offered."""
    visitor = Visitor(chromium, embedded_platform, portal)
    desk = SEEDED[0]
    visitor.sign_in(desk.user_id, embedded_platform.password, desk.email)
    seen: dict[str, str] = {}
    waiting = [(path, "the start") for path in ("/", "/signin", "/register", "/home", "/help")]
    while waiting:
        path, found_on = waiting.pop()
        if path in seen or path.startswith(("/dev", "/static")):
            continue
        answer = visitor.page.request.get(f"{portal}{path}")
        seen[path] = f"{answer.status} ({found_on})"
        if "html" in answer.headers.get("content-type", ""):
            hrefs = re.findall(r'<a [^>]*href="(/[^"#?]*)', answer.text())
            waiting += [(href, path) for href in hrefs if href != "/signout"]
    assert {path: how for path, how in seen.items() if not how.startswith("200")} == {}
    assert len(seen) > 10
