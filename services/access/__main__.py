"""The composition root of access."""

from __future__ import annotations

from chassis.service import Service
from services.access.api.servicer import api
from services.access.application import AccessApplication
from services.access.publishing import PUBLISHING

SERVICE = Service(
    application=AccessApplication, publishing=PUBLISHING, apis=lambda parts: [api(parts.app, parts.waiter)]
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
