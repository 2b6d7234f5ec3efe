"""The portal for looking at it: `python -m tests.e2e.pages.serve 8081 [idle seconds] [real]`.

Over the stand-in for identity alone, or with `real` over access, connections and registry as they are.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import grpc
from granian.constants import Interfaces
from granian.server.embed import Server
from mandate.identity.v1.service_pb2_grpc import IdentityServiceStub
from pydantic import SecretStr

from services.portal.web.app import create_app
from services.portal.web.clients import Clients
from services.portal.web.settings import PortalSettings
from tests.e2e.pages import real
from tests.e2e.pages.identity_double import IdentityDouble, serve

SECRET = "not a secret at all, only for looking at pages"


@contextmanager
def alone(idle_seconds: float) -> Iterator[Clients]:
    server, address = serve(IdentityDouble(idle_seconds))
    yield Clients(identity=IdentityServiceStub(grpc.insecure_channel(address)))  # type: ignore[no-untyped-call]
    server.stop(None)


@contextmanager
def whole(idle_seconds: float) -> Iterator[Clients]:
    with real.house(idle_seconds) as house:
        yield house.clients


def main(port: int, idle_seconds: float, *, services: bool) -> None:
    settings = PortalSettings(secret=SecretStr(SECRET), secure_cookies=False)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that everything below is closed, the database too
    with (whole if services else alone)(idle_seconds) as clients:
        app = create_app(settings, clients)
        asyncio.run(Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI).serve())


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 900, services=sys.argv[3:] == ["real"])
