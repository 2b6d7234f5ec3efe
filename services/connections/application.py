"""Connections: its aggregates, its views, its table of policies, and whom it listens to."""

from __future__ import annotations

from mandate.access.v1.events_pb2 import EmployerClosed

from chassis.application import Application, when
from services.connections.domain.closing import Closing
from services.connections.domain.connection import Connection
from services.connections.policies import end_with_employer
from services.connections.projections.closed_employers import CLOSED_EMPLOYERS
from services.connections.projections.connection_list import CONNECTION_LIST
from services.connections.projections.managers import MANAGERS


class ConnectionsApplication(Application):
    """Which surrogate may act for which provider."""

    name = "connections"
    aggregates = (Connection, Closing)
    policies = (
        when(EmployerClosed, end_with_employer.on_heard),
        when(Closing.Begun, end_with_employer.on_closing),
        when(Closing.WentOn, end_with_employer.on_closing),
        when(Connection.Requested, end_with_employer.on_connection),
        when(Connection.RequestedAgain, end_with_employer.on_connection),
        when(Connection.Approved, end_with_employer.on_connection),
    )
    policy_views = (CLOSED_EMPLOYERS, CONNECTION_LIST)
    views = (CONNECTION_LIST, MANAGERS)
    hears = ("AssociationState", "EmployerClosed")
