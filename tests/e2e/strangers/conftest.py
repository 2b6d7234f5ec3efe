"""One town for both tests: what is tried changes nothing there."""

from __future__ import annotations

import pytest

from cli.platform import Platform
from tests.e2e.strangers.town import Town, settled


@pytest.fixture(scope="module")
def town(embedded_platform: Platform) -> Town:
    return settled(embedded_platform)
