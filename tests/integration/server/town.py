"""Registry, access and connections, each behind a server of its own, put together as their processes do it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import grpc
from mandate.access.v1 import service_pb2 as access
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.connections.v1 import service_pb2 as connections
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub

from chassis import nature
from chassis.client import channel
from chassis.keys import Keyring
from chassis.main import apis_of
from chassis.runtime import Wakeup
from chassis.server import serve
from chassis.service import Parts
from chassis.settings import SERVICES
from chassis.vault import Vault
from chassis.waiting import Waiter
from services.registry.adapters.generated_month import CAST
from services.registry.domain import provider_ids
from tests.house import House, Room
from tests.scenario import NAMED

OFFICIAL, HELP = uuid4(), uuid4()
PRACTICE = provider_ids.of_npi(CAST.individuals[0].npi)
GROUP, OTHER_GROUP = (provider_ids.of_employer(one.employer) for one in CAST.groups)
STUBS: dict[str, Any] = {"access": AccessServiceStub, "connections": ConnectionsServiceStub}


@dataclass
class Town:
    """Who asks, and where."""

    house: House
    keys: Keyring
    addresses: dict[str, str] = field(default_factory=dict)
    servers: dict[str, grpc.Server] = field(default_factory=dict)

    def start(self, room: Room, vault: Vault, *, known_as: str = "") -> None:
        """Open a server for a service; `known_as` where there is one already."""
        name = room.service.name
        parts = Parts(room.app, Waiter(room.app, Wakeup()), self.keys, vault, channel=lambda to: self._to(to, name))
        room.service.api_followers(parts)
        verifier = self.keys.verifier(name, SERVICES)
        server, port = serve(apis_of(room.service, parts), verifier, address="127.0.0.1:0")
        self.addresses[known_as or name], self.servers[known_as or name] = f"127.0.0.1:{port}", server

    def _to(self, service: str, caller: str) -> grpc.Channel:
        return channel(self.addresses[service], audience=service, signer=self.keys.signer(caller))

    def ask(self, service: str, method: str, request: Any, who: UUID | None = OFFICIAL, *, at: str = "") -> Any:
        """Ask in a person's name, or in the portal's; `at` another server of the service."""
        if who is None:
            token = self.keys.signer("portal").service_token(service)
        else:
            signer = self.keys.signer("identity")
            token, _ = signer.user_token(who, audience=service, roles=(), mfa_at=nature.now(), session="s")
        with grpc.insecure_channel(self.addresses[at or service]) as to:
            call = getattr(STUBS[service](to), method)
            return call(request, timeout=20, metadata=(("authorization", f"Bearer {token}"),))

    def ask_for_role(self, employer_id: UUID, **more: str) -> Any:
        about = {"command_id": str(nature.new_id()), "employer_id": str(employer_id), "role": "STAFF_END_USER"} | more
        return self.ask("access", "RequestRole", access.RequestRoleRequest(official=NAMED, **about))

    def ask_for_connection(self, side: str, **sides: UUID) -> Any:
        about = {"command_id": str(nature.new_id()), "function": "PECOS", "side": side}
        request = connections.RequestConnectionRequest(**about, **{name: str(id_) for name, id_ in sides.items()})
        return self.ask("connections", "RequestConnection", request)

    def ends(self) -> tuple[int, int]:
        return self.house.access.end(), self.house.connections.end()
