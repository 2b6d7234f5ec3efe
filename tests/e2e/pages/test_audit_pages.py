"""The pages of auditors, in a browser: whole, accessible, narrow, without scripts, in Spanish."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.pages import audit_walk, walk
from tests.e2e.pages.looking import IN_EACH_WAY, Looker, visit
from tests.e2e.pages.neighbours import Neighbours

pytestmark = [pytest.mark.xdist_group("access-pages"), pytest.mark.timeout(1200)]


@IN_EACH_WAY
def test_pages_of_auditors_are_whole_and_accessible(
    chromium: Browser, portal: str, neighbours: Neighbours, width: int, scripts: bool
) -> None:
    look = Looker(width, axe=scripts)
    audit_walk.auditor(visit(chromium, look, scripts=scripts), portal, look, neighbours)
    audit_walk.explorer(visit(chromium, look, scripts=scripts), portal, look, neighbours)
    assert look.wrong == []


def test_spanish_pages_of_auditors_are_as_whole(chromium: Browser, portal: str, neighbours: Neighbours) -> None:
    look = Looker(360)
    audit_walk.spanish(visit(chromium, look, language="es"), portal, look, neighbours)
    assert look.wrong == []


def test_no_link_of_an_auditor_s_pages_leads_nowhere(chromium: Browser, portal: str, neighbours: Neighbours) -> None:
    page = visit(chromium, Looker(1280))
    walk.enter(page, portal, neighbours.auditor())
    seen = walk.follow(page, portal)
    assert {path: how for path, how in seen.items() if not how.startswith("200")} == {}
    assert {audit_walk.PATH, audit_walk.EVENTS} <= set(seen)
    assert {"streams", "events"} <= {path.split("/")[2] for path in seen if path.startswith("/audit/")}
