"""A reader who has a keyboard and nothing else: Tab, Enter, Space, the arrows and what is typed.

Every stop on the way is looked at: one must see where one is (WCAG 2.4.7, 2.4.11), so `unseen` must stay empty.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 150
MOST_CHOICES = 80
STOP = """(wanted) => {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const there = wanted === here || (wanted?.type === 'radio' && here.type === 'radio' && wanted.name === here.name);
    const box = here.getBoundingClientRect();
    const drawn = [getComputedStyle(here)];
    for (const label of here.labels ?? []) drawn.push(getComputedStyle(label, '::before'));
    const ring = drawn.some(
        style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none');
    const inView = box.width > 0 && box.bottom > 0 && box.top < innerHeight;
    return [there, ring && inView, (here.innerText || here.name || here.id || here.tagName).slice(0, 40),
        here.matches('a.usa-skipnav')];
}"""
"""Of what has the focus: whether it is the wanted one, or of its group; is seen; its words; whether it skips the head.

Null where nothing has it.
"""
AT = "(wanted) => wanted === document.activeElement"


class Keyboard:
    """One person's keys on one page."""

    def __init__(self, page: Page) -> None:
        self.page, self.unseen = page, list[str]()
        page.on("filechooser", lambda _: None)  # from now on, and not only when one is waited for: that may be too late

    # -- going there

    def to(self, wanted: Locator) -> None:
        """Tab until it has the focus, over the skip link where it is in the page's main part."""
        expect(wanted).to_have_count(1)
        element: Any = wanted.element_handle()
        if (stop := element.evaluate(STOP)) and stop[0]:
            return
        is_in_main = element.evaluate("one => !!one.closest('main')")
        for _ in range(MOST_STOPS):
            self.page.keyboard.press("Tab")
            there, is_seen, name, skips = element.evaluate(STOP) or (False, True, "", False)
            if not is_seen:
                self.unseen.append(f"{self.page.url}: {name}")
            if there:
                return
            if is_in_main and skips:
                self.page.keyboard.press("Enter")
        raise AssertionError(f"Tab does not lead to {wanted}")

    # -- doing something there

    def follow(self, wanted: Locator) -> None:
        """Enter on a link or a button that leads to another page, or to this one anew."""
        self.to(wanted)
        with self.page.expect_navigation(wait_until="load"):
            self.page.keyboard.press("Enter")

    def type(self, wanted: Locator, text: str) -> None:
        """Type into a box, over what is there."""
        self.to(wanted)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        expect(wanted).to_have_value(text)

    def tick(self, wanted: Locator) -> None:
        """Space on a box."""
        self.to(wanted)
        before = wanted.is_checked()
        self.page.keyboard.press("Space")
        expect(wanted).to_be_checked(checked=not before)

    def choose(self, wanted: Locator) -> None:
        """Among radio buttons: Tab to the group, then the arrows."""
        self.to(wanted)
        for _ in range(MOST_CHOICES):
            if wanted.is_checked():
                return
            self.page.keyboard.press("Space" if wanted.evaluate(AT) else "ArrowDown")
        raise AssertionError(f"the arrows do not lead to {wanted}")

    def select(self, wanted: Locator, value: str) -> None:
        """In a list of choices: the arrows, from its first on."""
        self.to(wanted)
        self.page.keyboard.press("Home")
        for _ in range(MOST_CHOICES):
            if wanted.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"the arrows do not lead to {value} in {wanted}")

    def attach(self, wanted: Locator, file: Path) -> None:
        """Enter opens the machine's own dialog, in which the file is chosen."""
        self.to(wanted)
        with self.page.expect_file_chooser() as opened:
            self.page.keyboard.press("Enter")
        opened.value.set_files(file)
