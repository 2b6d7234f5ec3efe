"""The composition root of connections."""

from __future__ import annotations

from chassis.service import Service
from services.connections.api.servicer import api
from services.connections.application import ConnectionsApplication
from services.connections.publishing import PUBLISHING

SERVICE = Service(
    application=ConnectionsApplication, publishing=PUBLISHING, apis=lambda parts: [api(parts.app, parts.waiter)]
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
