"""Getting access by the keyboard alone: mails, history and lists agree after each step, and axe is clean."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from cli.platform import Platform
from tests.e2e.pages.ledgers import places_of
from tests.e2e.pages.looking import Looker
from tests.e2e.pages.neighbours import Neighbours
from tests.e2e.pages.reviewers_cast import Cast
from tests.e2e.pages.reviewers_walk import STEPS
from tests.e2e.pages.walk import Text

# one installation for both, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("reviewers-walk"), pytest.mark.timeout(1200)]


@pytest.mark.parametrize(("width", "language"), [(1280, "en"), (360, "es")])
def test_by_the_keyboard_alone_everything_agrees_after_each_step(
    chromium: Browser,
    portal: str,
    embedded_platform: Platform,
    neighbours: Neighbours,
    challenge_text: Text,
    width: int,
    language: str,
) -> None:
    """IA-CONF-02, IA-PIN-01, IA-MOD-01, D-08, D-28; M-01, M-02, M-09 to M-12, M-14, M-15, M-20.

    No PIN can be read in a log, a topic, the database or a file.
    """
    look = Looker(width)
    cast = Cast(chromium, portal, embedded_platform, neighbours, challenge_text, look, language)
    for step in STEPS:
        step(cast)
    cast.mails.holds()  # nothing has come late, or twice
    assert look.wrong == []
    assert len(cast.pins) == len(set(cast.pins)) == 2
    assert places_of(embedded_platform, cast.pins) == []
    assert [stop for player in cast.players for stop in player.keys.unseen] == []
