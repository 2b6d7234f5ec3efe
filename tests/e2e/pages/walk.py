"""The walk through the first pages, in a browser: every page once, and each form once with mistakes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[3]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

Look = Callable[[Page, str], None]
"""Called at each stop with its name."""


@contextmanager
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as owner:
        chromium = owner.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield chromium
        chromium.close()


def violations(page: Page) -> list[str]:
    """What axe finds, one line each. axe comes in by the debugger, so the page's CSP stands."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: tags, preload: false, rules: {'target-size': {enabled: true}}})",
        TAGS,
    )["violations"]
    return [f"{rule['id']}: {node['html'][:120]}" for rule in found for node in rule["nodes"]]


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than its window."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


def challenge_text(page: Page, text: Callable[[str], str | None]) -> str:
    """The digits of the picture on the page; the test has the portal's key."""
    return text(page.input_value("input[name=challenge]")) or ""


def register(page: Page, base: str, text: Callable[[str], str | None], look: Look) -> None:
    """Rows 7 to 12, each form first with mistakes."""
    page.goto(f"{base}/register")
    look(page, "register")
    page.fill("#email", "nobody")
    page.click("main button[type=submit]:has-text('Continue')")
    look(page, "register-errors")
    page.fill("#email", "sam.elliott@example.com")
    page.fill("#confirm-email", "sam.elliott@example.com")
    page.fill("#answer", challenge_text(page, text))
    page.click("main button[type=submit]:has-text('Continue')")
    page.wait_for_url(f"{base}/register/code")
    look(page, "register-code")
    page.fill("#code", "000000")
    page.click("main button:has-text('Continue')")
    look(page, "register-code-wrong")
    page.fill("#code", "123 456")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/security")
    look(page, "register-security")
    _security(page, base, look)
    look(page, "register-info")
    _information(page, base, look)
    look(page, "register-mfa")
    page.click("main button:has-text('Continue')")
    look(page, "register-mfa-errors")
    page.check("#method-email" if page.locator("#method-email").count() else "#method", force=True)
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa/verify")
    look(page, "register-mfa-verify")
    page.fill("#code", "123456")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(re.compile("/register/review"))
    look(page, "register-review")
    page.click("text=Add a second method")
    look(page, "register-mfa-second")
    page.check("#method", force=True)
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa/verify")
    page.fill("#code", "123456")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(re.compile("/register/review"))
    look(page, "register-review-two")
    page.click("text=Confirm and create my account")
    page.wait_for_url(f"{base}/register/done")
    look(page, "register-done")


def _security(page: Page, base: str, look: Look) -> None:
    page.fill("#user-id", "sam20261")
    page.fill("#password", "1aaa")
    for n in range(1, 5):
        page.select_option(f"#question-{n}", index=min(n, 3))
        page.fill(f"#answer-{n}", f"Answer {n}")
    page.click("main button:has-text('Continue')")
    look(page, "register-security-errors")
    page.fill("#user-id", "SamElliot")
    page.fill("#password", "Ab1-cdef")
    page.fill("#confirm-password", "Ab1-cdef")
    for n in range(1, 6):
        page.select_option(f"#question-{n}", index=n)
        page.fill(f"#answer-{n}", f"Answer {n}")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/info")


def _information(page: Page, base: str, look: Look) -> None:
    page.fill("#first-name", "Sam")
    page.fill("#dob-month", "13")
    page.click("main button:has-text('Continue')")
    look(page, "register-info-errors")
    values = {
        "last-name": "Elliott", "dob-month": "4", "dob-day": "17", "dob-year": "1980", "ssn": "123-45-6789",
        "business-phone": "(585) 555-0142", "personal-phone": "585.555.0177", "line1": "12 Harbor Road",
        "city": "Rochester", "state": "ny", "postal-code": "14604",
    }  # fmt: skip
    for box, value in values.items():
        page.fill(f"#{box}", value)
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/register/mfa")


def sign_in(page: Page, base: str, look: Look) -> None:
    """Rows 1, 2, 14, 17, and out again."""
    page.goto(f"{base}/signin")
    look(page, "signin")
    page.fill("#user-id", "arivera1")
    page.fill("#password", "wrong")
    page.click("main button:has-text('Sign In')")
    look(page, "signin-errors")
    page.fill("#password", "Ab1-cdef")
    page.click("main button:has-text('Sign In')")
    page.wait_for_url(f"{base}/signin/verify")
    look(page, "signin-verify")
    page.fill("#code", "1-2-3-4-5-6")
    page.click("main button:has-text('Continue')")
    page.wait_for_url(f"{base}/home")
    look(page, "home")
    page.click("nav >> text=My Profile")
    look(page, "profile")
    page.click("header >> text=Sign Out")
    page.wait_for_url(re.compile("/signin"))
    look(page, "signed-out")


def enter(page: Page, base: str, user_id: str) -> None:
    """Sign in without looking."""
    page.goto(f"{base}/signin")
    page.fill("#user-id", user_id)
    page.fill("#password", "Ab1-cdef")
    page.click("main form[action='/signin'] button[type=submit]")
    page.wait_for_url(f"{base}/signin/verify")
    page.fill("#code", "123456")
    page.click("main form[action='/signin/verify'] button[type=submit]")
    page.wait_for_url(f"{base}/home")


def helping(page: Page, base: str, look: Look) -> None:
    """Rows 13, 52, 54, 59."""
    for path in ("", "/mfa", "/roles", "/faq", "/quick-reference", "/documents", "/accessibility"):
        page.goto(f"{base}/help{path}")
        look(page, f"help{path.replace('/', '-')}")
    page.goto(f"{base}/nowhere")
    look(page, "not-found")


def context(chromium: Browser, width: int, *, scripts: bool = True, language: str = "en") -> BrowserContext:
    """A fresh visitor."""
    return chromium.new_context(
        viewport={"width": width, "height": 800},
        locale=f"{language}-US",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
