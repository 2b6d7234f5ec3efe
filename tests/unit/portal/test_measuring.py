"""Pages are counted under the path they were declared with; nothing that was typed becomes a label (S-18)."""

from __future__ import annotations

import httpx
import pytest

from chassis import metrics
from services.portal.web.app import AREAS
from tests.scraping import Scraped, counted
from tests.unit.portal.conftest import DirectStub


def pages() -> dict[str, float]:
    return Scraped(metrics.exposition()).values("mandate_http_duration_seconds_count", "page")


def test_a_page_is_counted_with_its_status_and_its_time(browser: httpx.Client) -> None:
    answered = counted("mandate_http_requests_total", page="/signin", status="200")
    timed = counted("mandate_http_duration_seconds_count", page="/signin")
    assert browser.get("/signin?next=/home").status_code == 200
    assert (answered(), timed()) == (1, 1)


def test_a_page_that_crashes_is_counted_as_such(browser: httpx.Client, identity: DirectStub) -> None:
    crashed = counted("mandate_http_requests_total", page="/home", status="500")
    browser.cookies.set("__Host-mandate-session", "something")
    identity.answers.CheckSession = None  # type: ignore[assignment]
    assert browser.get("/home").status_code == 500
    assert crashed() == 1


@pytest.mark.parametrize("path", ["/nowhere/jane@example.com", "/static/look.css", "/health"])
def test_what_is_no_page_is_not_counted(browser: httpx.Client, path: str) -> None:
    before = pages()
    browser.get(path)
    assert pages() == before


def test_an_id_in_an_address_is_no_label(ana: httpx.Client) -> None:
    ana.get("/requests/0195aaaa-0000-7000-8000-000000000001")
    assert "/requests/{request:uuid}" in pages()
    assert set(pages()) <= {page.path for area in AREAS for page in area}
