"""PECOS with the services whose word it takes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.enrollment.__main__ import SERVICE as ENROLLMENT
from tests.access_office import opened
from tests.house import House, build, living
from tests.integration.enrollment.pecos import Pecos

SERVICES = (ACCESS, CONNECTIONS, ENROLLMENT)


@pytest.fixture(scope="session")
def pecos_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, SERVICES)


@pytest.fixture
def pecos_house(postgres: EmbeddedPostgres, pecos_template: str) -> Iterator[House]:
    with living(postgres, pecos_template, SERVICES) as living_house:
        yield living_house


@pytest.fixture
def pecos(pecos_house: House) -> Iterator[Pecos]:
    """A doctor, a group that is connected to him and on record, its official, and somebody of its staff."""
    with opened(pecos_house) as office:
        desk = Pecos(office)
        desk.settle()
        desk.know_people()
        desk.bring_together()
        yield desk
