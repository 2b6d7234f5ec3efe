"""Deadlines of connections: what waits for EHR is rejected when EHR ends (IA-EHR-02)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from chassis.cause import Receipt
from services.connections.commands import connections
from services.connections.domain.connection import Connection

DEADLINES: Mapping[type, Callable[..., Receipt]] = MappingProxyType({Connection.Limited: connections.retire})
"""The command looks at the clock itself."""
