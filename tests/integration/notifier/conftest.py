"""The notifier in a house of its own, with a real mail server that keeps what it is given, and a clock by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis import nature
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.inbox import Inbox
from chassis.nature import REAL, Nature
from tests.house import build, living
from tests.integration.notifier.bureau import SERVICES, Bureau, Clock


@pytest.fixture(scope="session")
def notifier_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, SERVICES)


@pytest.fixture
def clock() -> Iterator[Clock]:
    by_hand = Clock()
    real = nature.use(Nature(now=lambda: by_hand.at, random_bytes=REAL.random_bytes))
    try:
        yield by_hand
    finally:
        nature.use(real)


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as open_inbox:
        yield open_inbox


@pytest.fixture
def bureau(postgres: EmbeddedPostgres, notifier_template: str, inbox: Inbox, clock: Clock) -> Iterator[Bureau]:
    with living(postgres, notifier_template, SERVICES) as house:
        yield Bureau(house, inbox, clock)
