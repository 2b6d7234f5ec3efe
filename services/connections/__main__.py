"""The composition root of connections."""

from __future__ import annotations

from chassis.service import Service
from services.connections.application import ConnectionsApplication
from services.connections.publishing import PUBLISHING

SERVICE = Service(application=ConnectionsApplication, publishing=PUBLISHING)
