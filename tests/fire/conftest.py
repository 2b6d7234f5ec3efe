"""The platform as `make up` runs it, for whoever breaks it."""

from __future__ import annotations

from tests.bus.conftest import jars, read_all
from tests.faults.conftest import up_state

__all__ = ["jars", "read_all", "up_state"]
