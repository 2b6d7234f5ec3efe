"""The portal's web server on a thread of its own, and the stubs that it calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import grpc
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.audit.v1.service_pb2_grpc import AuditServiceStub
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub
from mandate.enrollment.v1.service_pb2_grpc import EnrollmentServiceStub
from mandate.identity.v1.desk_service_pb2_grpc import DeskServiceStub
from mandate.identity.v1.people_service_pb2_grpc import PeopleServiceStub
from mandate.identity.v1.service_pb2_grpc import IdentityServiceStub
from mandate.registry.v1.service_pb2_grpc import RegistryServiceStub

from chassis.runtime import Background
from services.portal.web.audit_asking import AUDIENCES
from services.portal.web.clients import Clients

STOP_S = 10.0


def clients(channel: Callable[[str], grpc.Channel]) -> Clients:
    """Stubs of every service over channels that carry the portal's own token."""
    identity = channel("identity")
    stubs: dict[str, Any] = {  # what protoc makes has no types
        "identity": IdentityServiceStub(identity),  # type: ignore[no-untyped-call]
        "people": PeopleServiceStub(identity),  # type: ignore[no-untyped-call]
        "desk": DeskServiceStub(identity),  # type: ignore[no-untyped-call]
        "access": AccessServiceStub(channel("access")),  # type: ignore[no-untyped-call]
        "connections": ConnectionsServiceStub(channel("connections")),  # type: ignore[no-untyped-call]
        "enrollment": EnrollmentServiceStub(channel("enrollment")),  # type: ignore[no-untyped-call]
        "registry": RegistryServiceStub(channel("registry")),  # type: ignore[no-untyped-call]
    }
    return Clients(**stubs, audit=dict(_audit(channel)))


def _audit(channel: Callable[[str], grpc.Channel]) -> Iterator[tuple[str, Any]]:
    """What auditors ask, of each service that has an address: without pages for them, nobody asks the notifier."""
    for service in AUDIENCES:
        with suppress(KeyError):
            yield service, AuditServiceStub(channel(service))  # type: ignore[no-untyped-call]


class Web:
    """A web application behind granian, in this process."""

    def __init__(self, app: Any, *, host: str, port: int) -> None:
        self._server = Server(app, address=host, port=port, interface=Interfaces.ASGI, log_level=LogLevels.warning)
        self._loop = asyncio.new_event_loop()
        self._thread = Background("portal", self._serve)

    def start(self) -> Web:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """Finish what is being answered, and stop."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._server.stop)
        self._thread.join(STOP_S)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._server.serve())
        finally:
            self._loop.close()
