"""The platform as `make up` runs it, for whoever breaks it."""

from __future__ import annotations

from tests.faults.conftest import up_state

__all__ = ["up_state"]
