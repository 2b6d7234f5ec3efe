"""The composition root of connections."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.registry import RegistryLookup
from chassis.server import Api
from chassis.service import Parts, Service
from services.connections.api.servicer import api
from services.connections.application import ConnectionsApplication
from services.connections.publishing import PUBLISHING
from services.connections.timers import DEADLINES


def _apis(process: Parts) -> Sequence[Api]:
    return [api(process.app, process.waiter, RegistryLookup(process.channel("registry")))]


SERVICE = Service(application=ConnectionsApplication, publishing=PUBLISHING, deadlines=DEADLINES, apis=_apis)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
