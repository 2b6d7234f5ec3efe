"""The shop: a service of the chassis's own, on a fresh database for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis import log, main, nature
from chassis.cause import Cause
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.log import Entry
from chassis.ports import free_port
from chassis.settings import Settings
from chassis.vault import migrate_vault
from tests.house import House, Room, build, living
from tests.integration.chassis import picky
from tests.integration.chassis.shop import SERVICE
from tests.notary import Notary, notary_of


@pytest.fixture(scope="session")
def shop_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, [SERVICE])


@pytest.fixture
def shop_house(postgres: EmbeddedPostgres, shop_template: str) -> Iterator[House]:
    with living(postgres, shop_template, [SERVICE]) as house:
        yield house


@pytest.fixture
def shop(shop_house: House) -> Room:
    return shop_house.shop


@pytest.fixture
def notary(shop_house: House) -> Iterator[Notary]:
    with notary_of(shop_house) as notary:
        yield notary


@pytest.fixture
def dislikes() -> Iterator[dict[str, Exception]]:
    """What the picky policy cannot answer."""
    yield picky.DISLIKED
    picky.DISLIKED.clear()


class Clock:
    """Stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = nature.REAL.now()

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    made = Clock()
    before = nature.use(nature.Nature(now=lambda: made.now, random_bytes=nature.REAL.random_bytes))
    yield made
    nature.use(before)


@pytest.fixture
def write() -> Callable[..., int]:
    """Put a row into a log as it stands there, whatever it is; return its position."""

    def row(room: Room, topic: str, state: bytes, *, stream: UUID | None = None, version: int = 1) -> int:
        entry = Entry(stream or uuid4(), version, topic, state)
        with room.app.session() as session:
            [position] = log.append(session, room.app.name, [entry], Cause.of(uuid4()))
        return position

    return row


@pytest.fixture
def rows() -> Callable[..., list[Any]]:
    """What a statement finds in a room's schema."""

    def ask(room: Room, statement: str, *values: Any) -> list[Any]:
        with room.app.session() as session:
            return list(session.run(statement, values))

    return ask


@pytest.fixture
def process(shop_house: House, tmp_path: Path) -> Iterator[main.Process]:
    migrate_vault(shop_house.bus.dsn)
    settings = Settings(database_url=shop_house.bus.dsn, keys=tmp_path / "keys", management_port=free_port(), pool=2)
    built = main.build(SERVICE, settings, make_keys=True)
    with built.closing:
        yield built
