"""The story on embedded parts, with threads, gRPC and mail as `make run` has them."""

from __future__ import annotations

import re
import socket
from urllib.request import urlopen

import psycopg
import pytest

from chassis import metrics
from chassis.ports import free_port
from chassis.runtime import Wakeup, wait_until
from cli.demo import play
from cli.installation import find
from cli.platform import ALL, Platform
from cli.run import serve_portal
from tests import downstream
from tests.e2e.story.words import words
from tests.scenario import Story
from tests.scraping import Scraped
from tools.check_monitoring import own

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(1200)]


OF_NO_PROCESS = {one.name for one in metrics.OF_FILES}
"""What `mandate audit replay` writes."""
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@pytest.fixture(scope="module")
def played(embedded_platform: Platform) -> tuple[list[str], Story]:
    """The steps that were told, and what came of them."""
    told: list[str] = []
    story = play(embedded_platform, say=lambda step, _line: told.append(step))
    return told, story


@pytest.fixture(scope="module")
def answered(embedded_platform: Platform, played: object) -> bytes:
    """`/dev/metrics` after the story, and a page of the portal."""
    port = free_port()
    web = serve_portal(embedded_platform, port)
    try:
        assert wait_until(lambda: listens(port), Wakeup(), timeout_s=30)
        for path in ("/signin", "/dev/metrics"):
            with urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
                text: bytes = answer.read()
        return text
    finally:
        web.stop()


def listens(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def test_the_story_is_told_on_embedded_parts(embedded_platform: Platform, played: tuple[list[str], Story]) -> None:
    """Steps 1 to 10; what must be seen is asserted where it is told."""
    told, story = played
    assert told == ["1", "2", "3", "4", "5", "6", "7", *["8"] * 5, "9", "9", "10", "10"]
    assert story.revoked_in_s < 2  # a promise to people (limits: revocation seen everywhere)
    with find(embedded_platform.state).bus() as bus:
        downstream.check(bus, story)
    with psycopg.connect(embedded_platform.dsn) as database:
        for service in ALL:
            parked = database.execute(f"SELECT cause FROM {service.name}.parked".encode()).fetchall()
            unread = database.execute(f"SELECT cause FROM {service.name}.parked_messages".encode()).fetchall()
            assert (service.name, parked, unread) == (service.name, [], [])


def test_every_metric_of_ours_is_told(answered: bytes) -> None:
    """So every name in an alert or a dashboard is (`tools.check_monitoring`)."""
    assert set(own()) - {one.name for one in Scraped(answered).samples} == OF_NO_PROCESS


def test_the_story_is_seen_in_metrics(answered: bytes) -> None:
    told = Scraped(answered)
    events = told.values("mandate_events_appended_total", "event")
    for event in ("identity.SignIn.Succeeded", "identity.Code.Issued", "notifier.Notification.Sent"):
        assert events[event] > 0
    assert told("mandate_rpc_requests_total", rpc="IdentityService/SignIn", code="OK") > 0
    assert told("mandate_http_requests_total", page="/signin", status="200") == 1
    assert told.values("mandate_messages_published_total", "topic")["AccountState"] > 0
    assert told("mandate_password_profile_info", profile="ia") == 1
    assert max(told.values("mandate_heard_age_seconds", "origin").values()) < 30


def test_labels_are_words_of_our_code_and_contracts(answered: bytes, embedded_platform: Platform) -> None:
    """S-18, S-27: what somebody typed, and who typed it, is in no metric."""
    allowed = words(embedded_platform)
    strange = {
        (one.name, label, value)
        for one in Scraped(answered).samples
        for label, value in one.labels.items()
        if one.name.startswith("mandate_") and not allowed[label](value)
    }
    assert strange == set()
    assert b"@" not in answered
    assert UUID.search(answered) is None
