"""One scenery for all seeds of a story."""

from __future__ import annotations

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from tests.sim.scenery import Scenery, few, whole


@pytest.fixture(scope="session")
def two_services(postgres: EmbeddedPostgres) -> Scenery:
    return few(postgres)


@pytest.fixture(scope="session")
def all_services(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Scenery:
    return whole(postgres, tmp_path_factory.mktemp("keys"))
