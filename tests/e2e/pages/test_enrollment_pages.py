"""The pages of enrollment and of the contractor, in a browser: step 8 as people walk it, and what step 9 does."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.e2e.pages import enrolling_walk
from tests.e2e.pages.enrolling_neighbours import Practices
from tests.e2e.pages.looking import IN_EACH_WAY, Looker, visit

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("enrollment-pages"), pytest.mark.timeout(1200)]


@IN_EACH_WAY
def test_step_8_is_walked_from_an_empty_page_to_the_report(
    chromium: Browser, portal: str, practices: Practices, width: int, scripts: bool
) -> None:
    """PE-ENR-01, PE-REA-01 to -11, PE-X-03 to -08, D-42, D-44, D-50."""
    look = Looker(width, axe=scripts)
    enrolling_walk.whole(visit(chromium, look, scripts=scripts), portal, look, practices)
    assert look.wrong == []
