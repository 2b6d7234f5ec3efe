"""Every page, everybody, things of others: a refusal looks like not found, and nothing is written (A-09)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import httpx
import pytest

from chassis.vocabulary import tracking
from cli.run import portal_settings
from services.portal.web import csrf
from services.portal.web.app import AREAS, create_app
from services.portal.web.pages import Page as Built
from services.portal.web.serving import clients
from services.portal.web.settings import PortalSettings
from tests.e2e.strangers import pages
from tests.e2e.strangers.pages import DESKS, OPEN, PAGES, Forms, Page
from tests.e2e.strangers.town import OUTSIDE, PERSONS, Town, new_id, others
from tests.e2e.strangers.watching import Watched
from tests.scenario import CP_575
from tests.unit.portal.conftest import visitor

pytestmark = [pytest.mark.xdist_group("strangers"), pytest.mark.timeout(1200)]
BUILT = [page for area in AREAS for page in area]
PORTAL = "http://127.0.0.1:8000"
CHANGING = re.compile(r'name="command_id" value="[^"]*"|data-(?:ends|now)="[^"]*"')
"""What differs from one look to the next, beside the number to quote: ids of commands, when the session ends."""
GONE = {"/signout"}
"""Would end the session that all others are tried with."""


@dataclass
class Browsers:
    """Everybody before the portal."""

    town: Town
    settings: PortalSettings
    of: dict[str, httpx.Client]

    def open(self, asker: str, page: Built, things: Mapping[str, str]) -> httpx.Response:
        """Look at it."""
        return self.of[asker].get(pages.address(page.path, things, PAGES[page.path].query))

    def send(self, asker: str, page: Built, things: Mapping[str, str], form: Mapping[str, str]) -> httpx.Response:
        """Send its form, with a token of one's own."""
        bound = self.town.people[asker].session
        fields = {name.format(**things): value.format(**things) for name, value in form.items()}
        fields |= {csrf.FIELD: csrf.token(self.settings, bound), "command_id": new_id()}
        files = {"file": ("mine.pdf", CP_575, "application/pdf")} if page.upload else None
        return self.of[asker].post(pages.address(page.path, things), data=fields, files=files)


@pytest.fixture(scope="module")
def browsers(town: Town) -> Iterator[Browsers]:
    """Nobody, and everybody else signed in."""
    settings = portal_settings(town.platform)
    app = create_app(settings, clients(town.platform.channel))
    with ExitStack() as closing:
        made = {one: closing.enter_context(visitor(app, PORTAL)) for one in ("nobody", *PERSONS)}
        for name in PERSONS:
            made[name].cookies.set(f"{settings.cookie_name}-session", town.people[name].session)
        yield Browsers(town, settings, made)


def heard(answer: httpx.Response, *things: Mapping[str, str]) -> str:
    """An answer as it is read, with what is there and what is not under the name of its kind."""
    text = f"{answer.status_code} {answer.headers.get('location', '')} {answer.text}"
    for name, thing in (item for some in things for item in some.items()):
        for written in (thing, tracking.grouped(thing)):
            text = text.replace(written, f"<{name}>")
    if quoted := answer.headers.get("x-correlation-id", ""):
        text = text.replace(quoted, "").replace(tracking.grouped(quoted), "")
    return CHANGING.sub("", text)


def told(
    look: Callable[[Mapping[str, str]], httpx.Response],
    what: str,
    mine: Mapping[str, str],
    theirs: Mapping[str, str],
    *,
    is_own: bool,
) -> Iterator[str]:
    """What is wrong with the answer about a thing of others. What differs by chance does not differ twice."""
    for _ in range(2):
        real, other = look(mine), look(theirs)
        if heard(real, mine, theirs) == heard(other, mine, theirs):
            break
    else:
        yield f"{real.request.method} {what}: {real.status_code}, but {other.status_code} for what is not there"
    if (real.status_code == httpx.codes.OK and not is_own) or "done=" in real.headers.get("location", ""):
        yield f"{real.request.method} {what}: {real.status_code}"
    if "We could not read this form" in real.text:
        yield f"{real.request.method} {what}: a form that the page does not know"


def forms(browsers: Browsers, page: Built, sample: Page, things: Mapping[str, str]) -> dict[str, str]:
    """The form as the first sees it for whom it is, and what the sample adds."""
    found: dict[str, str] = {}
    for asker in (one for one in PERSONS if page.get and one in sample.may and not found):
        found = Forms(browsers.open(asker, page, things).text, pages.address(page.path, things)).fields
    named = {thing: f"{{{name}}}" for name, thing in things.items()}
    return {name: named.get(value, value) for name, value in found.items()} | dict(sample.form)


def test_every_page_has_a_sample() -> None:
    """Whoever adds a page about somebody's things says for whom it is."""
    needed = {page.path for page in BUILT if pages.needs_sample(page)}
    assert needed - set(PAGES) == set(), "tests/e2e/strangers/pages.py lacks these"
    assert set(PAGES) - needed == set(), "there is no such page any more"


def test_a_page_about_things_of_others_is_not_there(town: Town, browsers: Browsers) -> None:
    """A-09: looked at or sent, about a thing of others or one that is nowhere, both answers are the same."""
    wrong: list[str] = []
    watched = Watched(town.platform)
    for page in (one for one in BUILT if one.path in PAGES and one.path not in GONE and one.access not in DESKS):
        sample, mine = PAGES[page.path], pages.things_of(town, page.path)
        theirs = others(mine, town.quiet)
        form = forms(browsers, page, sample, mine) if page.post else {}
        for asker in (one for one in PERSONS if not sample.sees(one)):
            tries: list[Callable[[Mapping[str, str]], httpx.Response]] = []
            if page.get and asker not in sample.own:
                tries.append(partial(browsers.open, asker, page))
            if page.post:
                tries.append(partial(browsers.send, asker, page, form=form))
            for look in tries:
                wrong += told(look, f"{page.path} by {asker}", mine, theirs, is_own=asker in sample.own)
        wrong += watched.written(page.path)
    assert wrong == [], "\n".join(wrong)


def test_nobody_who_is_not_signed_in_gets_in(town: Town, browsers: Browsers) -> None:
    """And who is not at a desk finds none; a form is not even read."""
    for page in (one for one in BUILT if one.access not in OPEN):
        things = pages.things_of(town, page.path)
        at = pages.address(page.path, things)
        if page.get:
            assert browsers.of["nobody"].get(at).headers["location"].startswith("/signin?"), page.path
        if page.post:
            assert browsers.of["nobody"].post(at, data={}).status_code in {303, 403, 415}, page.path
        for asker in (one for one in PERSONS if one != DESKS.get(page.access, one)):
            if page.get:
                assert browsers.of[asker].get(at).status_code == httpx.codes.NOT_FOUND, (page.path, asker)
            if page.post:
                assert browsers.send(asker, page, things, {}).status_code == httpx.codes.NOT_FOUND, (page.path, asker)


def test_nobody_outside_reads_of_a_thing_on_a_page_of_their_own(town: Town, browsers: Browsers) -> None:
    """Pages without anything in their address, as those see them who have nothing to do with the clinic."""
    for page in (one for one in BUILT if one.get and not pages.PARAMETER.search(one.path)):
        for asker in OUTSIDE:
            seen = browsers.of[asker].get(page.path).text
            assert [what for text, what in town.canaries.items() if text in seen] == [], (page.path, asker)


def test_the_first_for_whom_a_page_is_sees_it(town: Town, browsers: Browsers) -> None:
    """So the samples mean something; nothing is sent."""
    for page in (one for one in BUILT if one.get and one.path in PAGES):
        for asker in [one for one in PERSONS if one in PAGES[page.path].may][:1]:
            answer = browsers.open(asker, page, pages.things_of(town, page.path))
            assert answer.status_code in {200, 303}, (page.path, asker)
