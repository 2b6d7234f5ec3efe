"""Access with everything beside its log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access_office import Office, opened
from tests.house import House


@pytest.fixture
def office(house: House) -> Iterator[Office]:
    with opened(house) as office:
        yield office
