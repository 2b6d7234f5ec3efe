"""A house of the services for each test of this folder."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from chassis import logs
from chassis.embedded.postgres import EmbeddedPostgres
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from tests.house import House, build, living

SERVICES = (ACCESS, CONNECTIONS)


@pytest.fixture(scope="session")
def house_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, SERVICES)


@pytest.fixture
def house(postgres: EmbeddedPostgres, house_template: str) -> Iterator[House]:
    with living(postgres, house_template, SERVICES) as living_house:
        yield living_house


@pytest.fixture
def every_level() -> Iterator[None]:
    """Logs as a service's process has them: a platform that this process ran before may have left warnings alone."""
    was = structlog.get_config()
    logs.configure()
    yield
    structlog.configure(**was)
