"""A town for each of these files: what is tried changes nothing there, and what would comes last."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import living_platform
from tests.e2e.strangers.town import Town, settled


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with living_platform() as started:
        yield settled(started)
