"""The portal over the double, for looking at it: `python -m tests.e2e.pages.serve 8081 [idle seconds]`."""

from __future__ import annotations

import asyncio
import sys

import grpc
from granian.constants import Interfaces
from granian.server.embed import Server
from mandate.identity.v1.service_pb2_grpc import IdentityServiceStub
from pydantic import SecretStr

from services.portal.web.app import create_app
from services.portal.web.clients import Clients
from services.portal.web.settings import PortalSettings
from tests.e2e.pages.identity_double import IdentityDouble, serve

SECRET = "not a secret at all, only for looking at pages"


def main(port: int, idle_seconds: float) -> None:
    server, address = serve(IdentityDouble(idle_seconds))
    settings = PortalSettings(secret=SecretStr(SECRET), secure_cookies=False)
    stub = IdentityServiceStub(grpc.insecure_channel(address))  # type: ignore[no-untyped-call]
    app = create_app(settings, Clients(identity=stub))
    asyncio.run(Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI).serve())
    server.stop(None)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 900)
