"""Roles and connections are asked for where the registry knows the other side, by raw gRPC (IA-EMP-01, IA-CONN-05)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import grpc
import pytest
from mandate.access.v1 import service_pb2 as access
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.connections.v1 import service_pb2 as connections
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub

from chassis import nature
from chassis.client import channel
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.keys import Keyring
from chassis.main import apis_of
from chassis.migrate import open_database
from chassis.runtime import Wakeup
from chassis.server import details_of, serve
from chassis.service import Parts
from chassis.settings import SERVICES
from chassis.vault import Vault, migrate_vault
from chassis.waiting import Waiter
from cli.month import load_month_into
from cli.platform import make_keys
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import role_requests
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.registry.__main__ import SERVICE as REGISTRY
from services.registry.adapters.generated_month import CAST
from services.registry.domain import provider_ids
from tests.house import House, Room, build, living
from tests.papers import hand_in
from tests.scenario import NAMED

HERE = (REGISTRY, ACCESS, CONNECTIONS)
OFFICIAL, HELP = uuid4(), uuid4()
PRACTICE = provider_ids.of_npi(CAST.individuals[0].npi)
GROUP, OTHER_GROUP = (provider_ids.of_employer(one.employer) for one in CAST.groups)


@dataclass
class Town:
    """Three services, each behind a server of its own, put together as their processes do it."""

    house: House
    keys: Keyring
    addresses: dict[str, str] = field(default_factory=dict)
    servers: dict[str, grpc.Server] = field(default_factory=dict)

    def start(self, room: Room, vault: Vault) -> None:
        name = room.service.name
        parts = Parts(room.app, Waiter(room.app, Wakeup()), self.keys, vault, channel=lambda to: self._to(to, name))
        room.service.api_followers(parts)
        verifier = self.keys.verifier(name, SERVICES)
        server, port = serve(apis_of(room.service, parts), verifier, address="127.0.0.1:0")
        self.addresses[name], self.servers[name] = f"127.0.0.1:{port}", server

    def _to(self, service: str, caller: str) -> grpc.Channel:
        return channel(self.addresses[service], audience=service, signer=self.keys.signer(caller))

    def ask(self, service: str, method: str, request: Any, who: UUID = OFFICIAL) -> Any:
        stubs: Any = {"access": AccessServiceStub, "connections": ConnectionsServiceStub}
        token, _ = self.keys.signer("identity").user_token(
            who, audience=service, roles=(), mfa_at=nature.now(), session="s"
        )
        with grpc.insecure_channel(self.addresses[service]) as to:
            call = getattr(stubs[service](to), method)
            return call(request, timeout=10, metadata=(("authorization", f"Bearer {token}"),))

    def ask_for_role(self, employer_id: UUID, **more: str) -> Any:
        about = {"command_id": str(nature.new_id()), "employer_id": str(employer_id), "role": "STAFF_END_USER"} | more
        return self.ask("access", "RequestRole", access.RequestRoleRequest(official=NAMED, **about))

    def ask_for_connection(self, side: str, **sides: UUID) -> Any:
        about = {"command_id": str(nature.new_id()), "function": "PECOS", "side": side}
        request = connections.RequestConnectionRequest(**about, **{name: str(id_) for name, id_ in sides.items()})
        return self.ask("connections", "RequestConnection", request)

    def ends(self) -> tuple[int, int]:
        return self.house.access.end(), self.house.connections.end()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    folder: Path = tmp_path_factory.mktemp("keys")
    made = Keyring(folder, make=True)
    make_keys(made)
    return made


@pytest.fixture(scope="module")
def template(postgres: EmbeddedPostgres, keys: Keyring) -> str:
    name = build(postgres, HERE)
    migrate_vault(postgres.dsn(name))
    load_month_into(postgres.dsn(name), keys, others=0)
    return name


@pytest.fixture
def town(postgres: EmbeddedPostgres, template: str, keys: Keyring) -> Iterator[Town]:
    """In which a group has an official."""
    with living(postgres, template, HERE) as house, ExitStack() as closing:
        vault = open_database(house.access.database.dsn, "vault", size=2)
        closing.callback(vault.close)
        made = Town(house, keys)
        for name in ("registry", "access", "connections"):
            made.start(house.rooms[name], Vault(vault, keys.secret("vault.key")))
        closing.callback(lambda: [one.stop(0).wait() for one in made.servers.values()])
        asked = house.access.execute(
            role_requests.request_role, OFFICIAL, employer_id=GROUP, role="AUTHORIZED_OFFICIAL", attestation="v1"
        )
        hand_in(house.access.app, asked.id)
        house.access.execute(role_requests.approve, HELP, roles=["EUS"], role_request_id=asked.id)
        house.settle()
        yield made


def refusal(call: Any) -> tuple[grpc.StatusCode, list[tuple[str, str]]]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), [(detail.code, detail.field) for detail in details_of(caught.value)]


def test_a_role_is_asked_for_at_an_employer_that_the_registry_knows(town: Town) -> None:
    """And what was refused was not answered: the same command is taken where it names somebody."""
    before, same = town.ends(), str(nature.new_id())
    refused = refusal(lambda: town.ask_for_role(uuid4(), command_id=same))
    assert refused == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_EMPLOYER", "employer_id")])
    assert town.ends() == before
    assert town.ask_for_role(OTHER_GROUP, command_id=same).receipt.position == before[0] + 3


def test_a_connection_is_asked_for_where_the_registry_knows_the_other_side(town: Town) -> None:
    before, nobody = town.ends(), uuid4()
    provider = refusal(lambda: town.ask_for_connection("SURROGATE", provider_id=nobody, surrogate_id=GROUP))
    assert provider == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_PROVIDER", "provider_id")])
    surrogate = refusal(lambda: town.ask_for_connection("PROVIDER", provider_id=GROUP, surrogate_id=nobody))
    assert surrogate == (grpc.StatusCode.NOT_FOUND, [("UNKNOWN_SURROGATE", "surrogate_id")])
    side = refusal(lambda: town.ask_for_connection("BOTH", provider_id=GROUP, surrogate_id=nobody))
    assert side == (grpc.StatusCode.INVALID_ARGUMENT, [("UNKNOWN_SIDE", "side")])
    assert town.ends() == before
    assert town.ask_for_connection("SURROGATE", provider_id=PRACTICE, surrogate_id=GROUP).receipt.position
    assert town.ask_for_connection("PROVIDER", provider_id=GROUP, surrogate_id=OTHER_GROUP).receipt.position


def test_while_the_registry_is_away_asking_is_to_be_tried_again(town: Town) -> None:
    """Nothing is changed; and what was answered before is answered again, for the registry has no part in it."""
    same = str(nature.new_id())
    taken = town.ask_for_role(OTHER_GROUP, command_id=same)
    town.servers["registry"].stop(0).wait()
    before = town.ends()
    silent = (grpc.StatusCode.UNAVAILABLE, [("REGISTRY_SILENT", "")])
    assert refusal(lambda: town.ask_for_role(PRACTICE)) == silent
    sides = {"provider_id": PRACTICE, "surrogate_id": GROUP}
    assert refusal(lambda: town.ask_for_connection("SURROGATE", **sides)) == silent
    assert town.ends() == before
    assert town.ask_for_role(OTHER_GROUP, command_id=same) == taken
