"""The portal of a real platform, a browser, and whoever lives there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser

from chassis.ports import free_port
from cli.demo import desk, eventually
from cli.platform import Platform
from cli.run import portal_settings, serve_portal
from services.portal.web.challenge import Challenges
from tests.e2e.pages import walk
from tests.e2e.pages.enrolling_neighbours import Practices
from tests.e2e.pages.neighbours import Neighbours
from tests.scenario import Story


@pytest.fixture(scope="module")
def portal(embedded_platform: Platform) -> Iterator[str]:
    port = free_port()
    web = serve_portal(embedded_platform, port)
    yield f"http://127.0.0.1:{port}"
    web.stop()


@pytest.fixture(scope="module")
def browser_of_all() -> Iterator[Browser]:
    with walk.browser() as running:
        yield running


@pytest.fixture
def chromium(browser_of_all: Browser) -> Iterator[Browser]:
    yield browser_of_all
    for context in browser_of_all.contexts:  # sixty pages that nobody looks at any more are work, too
        context.close()


@pytest.fixture(scope="module")
def challenge_text(embedded_platform: Platform) -> Callable[[str], str | None]:
    settings = portal_settings(embedded_platform)
    return Challenges(settings.key, timedelta(minutes=settings.challenge_minutes)).text


@pytest.fixture(scope="module")
def neighbours(embedded_platform: Platform) -> Neighbours:
    eus, mac = desk(embedded_platform.password), desk(embedded_platform.password, "MAC")
    story = Story(embedded_platform.channel, embedded_platform.inbox, eventually, eus=eus, mac=mac)
    story.sign_in(eus)  # once: a person gets five codes an hour
    return Neighbours(story)


@pytest.fixture(scope="module")
def practices(neighbours: Neighbours) -> Practices:
    return Practices(neighbours)
