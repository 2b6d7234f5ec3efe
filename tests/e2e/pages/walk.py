"""The walk through the first pages, in a browser: every page once, and each form once with mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from services.portal.web.cookies import Cookie
from tests.scenario import Person, Story

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = next(
    filter(None, map(which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))),
    "chromium",
)
"""What `tools/need.sh chromium` sees to; the first opens a page for a third of the others' work."""
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

SEEN_MS = 30_000
"""Within which a page shows what it is to show: what a machine stays below that plays six such tests at once."""

Look = Callable[[Page, str], None]
"""Called at each stop with its name."""

Text = Callable[[str], str | None]
"""The digits of a challenge's picture."""

SMS = "1{number}@sms.mandate.example"
"""Where the gateway takes short messages to a number."""
AUDITED = 60
"""Streams and events that are followed: there is one of each thing that was ever done."""
DIGITS = {ord(sign): None for sign in "()-. "}


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    expect.set_options(timeout=SEEN_MS)
    with sync_playwright() as owner:
        chromium = owner.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


def violations(page: Page) -> list[str]:
    """What axe finds, one line each. axe comes in by the debugger, so the page's CSP stands."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, preload: false, rules: {'target-size': {enabled: true}},"
        " resultTypes: ['violations']}).then(found => found.violations)",  # of all that is right one node is enough
        TAGS,
    )
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


class Post:
    """The mailbox of an address, or of a number: each code is read once."""

    def __init__(self, story: Story, address: str) -> None:
        self._story, self._address, self._seen = story, address, 0
        self._skip()

    def _skip(self) -> None:
        self._seen = len(self._story.inbox.messages(to=self._address))

    def code(self) -> str:
        """The code that has come, or comes now."""
        found = self._story.code_for(self._address, after=self._seen)
        self._skip()
        return found


def register(page: Page, base: str, who: Person, story: Story, text: Text, look: Look) -> None:
    """Rows 7 to 12, each form first with mistakes."""
    post = Post(story, who.email)
    page.goto(f"{base}/register")
    look(page, "register")
    page.fill("#email", "nobody")
    page.click("main button[type=submit]:has-text('Continue')")
    look(page, "register-errors")
    ask_for_registration(page, base, who, text)
    look(page, "register-code")
    page.fill("#code", "000000")
    page.click("main button:has-text('Continue')")
    look(page, "register-code-wrong")
    prove_address(page, base, post)
    look(page, "register-security")
    _security(page, base, who, look)
    look(page, "register-info")
    _information(page, base, who, look)
    look(page, "register-mfa")
    page.click("main button:has-text('Continue')")
    look(page, "register-mfa-errors")
    page.check("#method-email" if page.locator("#method-email").count() else "#method", force=True)
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa/verify")
    look(page, "register-mfa-verify")
    page.fill("#code", post.code())
    page.click("main button:has-text('Continue')")
    page.wait_for_url(re.compile("/register/review"))
    look(page, "register-review")
    page.click("text=Add a second method")
    look(page, "register-mfa-second")
    page.check("#method", force=True)
    phone = Post(story, SMS.format(number=page.input_value("#mobile").translate(DIGITS)))
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa/verify")
    page.fill("#code", phone.code())
    page.click("main button:has-text('Continue')")
    page.wait_for_url(re.compile("/register/review"))
    look(page, "register-review-two")
    page.click("text=Confirm and create my account")
    page.wait_for_url(f"{base}/register/done")
    look(page, "register-done")


def ask_for_registration(page: Page, base: str, who: Person, text: Text) -> None:
    """The first form of all; the test has the portal's key, and so the digits of the picture."""
    page.fill("#email", who.email)
    page.fill("#confirm-email", who.email)
    page.fill("#answer", text(page.input_value("input[name=challenge]")) or "")
    page.click("main button[type=submit]:has-text('Continue')")
    page.wait_for_url(f"{base}/register/code")


def prove_address(page: Page, base: str, post: Post) -> None:
    """The code of the mail, with a space in it as people type it."""
    code = post.code()
    page.fill("#code", f"{code[:3]} {code[3:]}")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/security")


def _security(page: Page, base: str, who: Person, look: Look) -> None:
    page.fill("#user-id", "sam20261")
    page.fill("#password", "1aaa")
    for n in range(1, 5):
        page.select_option(f"#question-{n}", index=min(n, 3))
        page.fill(f"#answer-{n}", f"Answer {n}")
    page.click("main button:has-text('Continue')")
    look(page, "register-security-errors")
    page.fill("#user-id", who.user_id)
    page.fill("#password", who.password)
    page.fill("#confirm-password", who.password)
    for n in range(1, 6):
        page.select_option(f"#question-{n}", index=n)
        page.fill(f"#answer-{n}", f"Answer {n}")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/info")


def _information(page: Page, base: str, who: Person, look: Look) -> None:
    page.fill("#first-name", who.first_name)
    page.fill("#dob-month", "13")
    page.click("main button:has-text('Continue')")
    look(page, "register-info-errors")
    born = who.born_on
    values = {
        "last-name": who.last_name, "dob-month": str(born.month), "dob-day": str(born.day),
        "dob-year": str(born.year), "ssn": f"{who.ssn[:3]}-{who.ssn[3:5]}-{who.ssn[5:]}",
        "business-phone": "(585) 555-0142", "personal-phone": "585.555.0177", "line1": "12 Harbor Road",
        "city": "Rochester", "state": "ny", "postal-code": "14604",
    }  # fmt: skip
    for box, value in values.items():
        page.fill(f"#{box}", value)
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa")


def sign_in(page: Page, base: str, who: Person, story: Story, look: Look) -> None:
    """Rows 1, 2, 14, 17, and out again."""
    post = Post(story, who.email)
    page.goto(f"{base}/signin")
    look(page, "signin")
    page.fill("#user-id", who.user_id)
    page.fill("#password", "wrong")
    page.click("main button:has-text('Sign In')")
    look(page, "signin-errors")
    page.fill("#password", who.password)
    page.click("main button:has-text('Sign In')")
    page.wait_for_url(f"{base}/signin/verify")
    look(page, "signin-verify")
    page.fill("#code", "-".join(post.code()))
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/home")
    expect(page.locator("header").first).to_contain_text(f"Logged in as {who.user_id}")
    look(page, "home")
    page.click("nav >> text=My Profile")
    expect(page.locator("main")).to_contain_text("No Employers Exist.")
    expect(page.locator("main")).to_contain_text(f"***-**-{who.ssn[-4:]}")  # IA-CONF-06
    look(page, "profile")
    page.click("header >> text=Sign Out")
    page.wait_for_url(re.compile("/signin"))
    look(page, "signed-out")


def enter(page: Page, base: str, who: Person) -> None:
    """Begin at Home with a session that began elsewhere; `sign_in` is how people come in."""
    page.context.add_cookies([{"name": f"mandate-{Cookie.SESSION}", "value": who.session, "url": base}])
    page.goto(f"{base}/home")


def helping(page: Page, base: str, look: Look) -> None:
    """Rows 13, 52, 54, 59."""
    for path in ("", "/mfa", "/roles", "/faq", "/quick-reference", "/documents", "/accessibility"):
        page.goto(f"{base}/help{path}")
        look(page, f"help{path.replace('/', '-')}")
    page.goto(f"{base}/nowhere")
    look(page, "not-found")


def follow(page: Page, base: str) -> dict[str, str]:
    """Every address of ours that a page names, from the first pages on, and how it answers the reader."""
    seen: dict[str, str] = {}
    waiting = [(path, "the start") for path in ("/", "/signin", "/register", "/home", "/help")]
    while waiting:
        path, found_on = waiting.pop()
        if path in seen or path.startswith(("/dev", "/static")):
            continue
        if path.startswith("/audit/") and sum(one.startswith("/audit/") for one in seen) > AUDITED:
            continue  # each event leads to others, down to the first
        answer = page.request.get(f"{base}{path}")
        seen[path] = f"{answer.status} ({found_on})"
        if "html" in answer.headers.get("content-type", ""):
            hrefs = re.findall(r'<a [^>]*href="(/[^"#?]*)', answer.text())
            waiting += [(href, path) for href in hrefs if href != "/signout"]
    return seen


def context(chromium: Browser, width: int, *, scripts: bool = True, language: str = "en") -> BrowserContext:
    """A fresh visitor."""
    return chromium.new_context(
        viewport={"width": width, "height": 800},
        locale=f"{language}-US",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
