"""One template of the stage for all seeds."""

from __future__ import annotations

import pytest

from chassis.embedded.postgres import EmbeddedPostgres
from tests.house import build
from tests.sim.stage import SERVICES


@pytest.fixture(scope="session")
def stage_template(postgres: EmbeddedPostgres) -> str:
    return build(postgres, SERVICES)
