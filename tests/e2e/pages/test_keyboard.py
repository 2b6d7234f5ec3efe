"""The pages by keyboard alone: at every stop of Tab one sees where one is (WCAG 2.4.7, 2.4.11)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.e2e.pages import walk
from tests.e2e.pages.keyboard import STOP
from tests.e2e.pages.neighbours import Neighbours

pytestmark = [pytest.mark.xdist_group("pages"), pytest.mark.timeout(1200)]

MOST_STOPS = 100


def stops(page: Page) -> Iterator[tuple[bool, str]]:
    """All stops of a page, from its beginning."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            return
        yield stop[1], stop[2]
    raise AssertionError("Tab leads round and round")


@pytest.mark.parametrize("width", [1280, 360])
def test_at_every_stop_one_sees_where_one_is(
    chromium: Browser, portal: str, neighbours: Neighbours, width: int
) -> None:
    page = walk.context(chromium, width).new_page()
    unseen: list[str] = []

    def look(*paths: str) -> None:
        for path in paths:
            page.goto(portal + path)
            seen = list(stops(page))
            assert len(seen) > 5, path
            unseen.extend(f"{path}: {name}" for is_seen, name in seen if not is_seen)

    look("/signin", "/register", "/pin")
    walk.enter(page, portal, neighbours.registered("Kit", "Tabb"))
    look("/home", "/profile", "/employers/find?state=ME", "/connections")
    assert unseen == []
