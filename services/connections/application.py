"""Connections: its aggregate, its views, and whom it listens to."""

from __future__ import annotations

from chassis.application import Application
from services.connections.domain.connection import Connection
from services.connections.projections.connection_list import CONNECTION_LIST
from services.connections.projections.managers import MANAGERS


class ConnectionsApplication(Application):
    """Which surrogate may act for which provider."""

    name = "connections"
    aggregates = (Connection,)
    views = (CONNECTION_LIST, MANAGERS)
    hears = ("AssociationState",)
