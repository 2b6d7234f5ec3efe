"""Looking at pages: what every stop of a walk must be, in which width, with which browser."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.e2e.pages import walk

IN_EACH_WAY = pytest.mark.parametrize(
    ("width", "scripts"), [(1280, True), (360, False), pytest.param(360, True, marks=pytest.mark.long)]
)
"""How a walk is walked: at a desk with axe, which needs scripts; on a phone without. The third is `make test-pages`."""


class Looker:
    """Looks at each stop of a walk and remembers what is wrong."""

    def __init__(self, width: int, *, axe: bool = True) -> None:
        self.width, self.axe = width, axe
        self.wrong: list[str] = []

    def __call__(self, page: Page, name: str) -> None:
        page.wait_for_load_state("load")
        if folder := os.environ.get("MANDATE_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{self.width}.png", full_page=True)
        if self.axe:
            self.wrong += [f"{name}: {line}" for line in walk.violations(page)]
        if self.width < 400:
            page.set_viewport_size({"width": 320, "height": 800})
            self.wrong += [f"{name}: {wide} px too wide"] if (wide := walk.overflow(page)) else []
            page.set_viewport_size({"width": self.width, "height": 800})
        if name.endswith("-errors") and not page.title().startswith("Error:"):
            self.wrong.append(f"{name}: the title is {page.title()!r}")

    def hear(self, said: ConsoleMessage) -> None:
        """A browser that complains of anything but the 4xx that we answer on purpose."""
        if said.type in {"error", "warning"} and "status of 4" not in said.text:
            self.wrong.append(said.text)


def visit(chromium: Browser, look: Looker, *, scripts: bool = True, language: str = "en") -> Page:
    page = walk.context(chromium, look.width, scripts=scripts, language=language).new_page()
    page.set_default_timeout(walk.SEEN_MS)
    page.on("console", look.hear)
    return page
