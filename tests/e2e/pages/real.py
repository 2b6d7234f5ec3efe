"""Access, connections and registry as they are, on a PostgreSQL of their own; identity alone is a stand-in.

Everybody's password is in `identity_double`. Ana Rivera (arivera1) is Authorized Official of the clinic and of
the record of Rosalind Merriweld; Theo Quill (tquill88) of the other group; Nora Newhere has nothing yet.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import psycopg
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub
from mandate.identity.v1.people_service_pb2_grpc import PeopleServiceStub
from mandate.identity.v1.service_pb2_grpc import IdentityServiceStub
from mandate.registry.v1.service_pb2_grpc import RegistryServiceStub

from chassis import progress
from chassis.cause import Cause
from chassis.client import channel
from chassis.embedded import postgres
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber
from chassis.keys import Keyring
from chassis.main import Process, build, create, workers
from chassis.migrate import open_database
from chassis.runtime import Wakeup, Worker, running, wait_until
from chassis.server import serve
from chassis.settings import SERVICES, Settings
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import role_requests, staff
from services.access.domain.association import Association
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.connections.commands import connections
from services.connections.projections.managers import manages
from services.portal.web.clients import Clients
from services.registry.__main__ import SERVICE as REGISTRY
from services.registry.adapters.generated_month import CAST as PROVIDERS
from services.registry.adapters.generated_month import write_month
from services.registry.adapters.nppes import Reader
from services.registry.commands.load_month import load_month
from services.registry.domain.provider_ids import of_employer, of_npi
from tests.e2e.pages import identity_double
from tests.e2e.pages.identity_double import CAST, IdentityDouble

ALL = (REGISTRY, ACCESS, CONNECTIONS)
CLINIC, SECOND = of_employer(PROVIDERS.clinic.employer), of_employer(PROVIDERS.second_group.employer)
MERRIWELD, CASTELLANE, DUNMARROW = (of_npi(person.npi) for person in PROVIDERS.individuals)
OFFICIAL, MANAGER, STAFF = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def account(user_id: str) -> UUID:
    return UUID(CAST[user_id].account_id)


@dataclass
class House:
    clients: Clients
    processes: dict[str, Process]

    def _do(self, service: str, command: Any, user_id: str, **arguments: Any) -> UUID:
        roles = frozenset({"EUS"}) if user_id == "eusdesk1" else frozenset[str]()
        cause = Cause.of(account(user_id), roles=roles)
        found: UUID = self.processes[service].app.execute(command, cause, **arguments).id
        return found

    def ask_role(self, user_id: str, employer_id: UUID, role: str) -> UUID:
        return self._do(
            "access", role_requests.request_role, user_id, employer_id=employer_id, role=role, attestation="seed"
        )

    def give_role(self, user_id: str, employer_id: UUID, role: str, *functions: str) -> None:
        request_id = self.ask_role(user_id, employer_id, role)
        self._do("access", role_requests.approve, "eusdesk1", role_request_id=request_id)
        association_id = Association.id_for(account(user_id), employer_id)
        for function in functions:
            self._do("access", staff.grant_function, "eusdesk1", association_id=association_id, function=function)

    def end(self, user_id: str, employer_id: UUID) -> None:
        association_id = Association.id_for(account(user_id), employer_id)
        self._do("access", staff.disassociate, "eusdesk1", association_id=association_id)

    def connect(self, user_id: str, provider_id: UUID, surrogate_id: UUID, function: str, side: str) -> UUID:
        return self._do(
            "connections", connections.request, user_id,
            provider_id=provider_id, surrogate_id=surrogate_id, function=function, side=side,
        )  # fmt: skip

    def decide(self, user_id: str, connection_id: UUID, side: str) -> None:
        self._do("connections", connections.approve, user_id, connection_id=connection_id, side=side)


@contextmanager
def house(idle_seconds: float = 900) -> Iterator[House]:
    base = Path(tempfile.mkdtemp(prefix="mandate-pages-"))
    base.chmod(0o755)  # PostgreSQL drops to another user where we are root
    with ExitStack() as closing:
        closing.callback(shutil.rmtree, base, ignore_errors=True)
        database = postgres.start(base / "postgres")
        closing.callback(database.stop)
        keys = Keyring(base / "keys", make=True)
        settings = Settings(database_url=database.dsn(), keys=base / "keys", poll_s=0.5, pool=4)
        for service in ALL:
            create(service, settings)
        _load(database.dsn(), base, keys)
        bus = open_database(database.dsn(), "bus", size=4)
        closing.callback(bus.close)
        publisher, subscriber, bell = EmbeddedPublisher(bus), EmbeddedSubscriber(bus), Wakeup()
        made, addresses, threads = House(Clients(identity=None), {}), {}, list[Worker]()
        for service in ALL:
            process = build(service, settings, wakeup=bell, make_keys=True)
            closing.callback(process.closing.close)
            made.processes[service.name] = process
            threads += workers(process, publisher, subscriber, leased=False, one_thread=True)
            verifier = keys.verifier(service.name, SERVICES)
            server, port = serve(service.apis(process.parts), verifier, address="127.0.0.1:0")
            closing.callback(server.stop, 1)
            addresses[service.name] = f"127.0.0.1:{port}"
        closing.enter_context(running(threads))
        double, address = identity_double.serve(IdentityDouble(idle_seconds, keys.signer("identity")))
        closing.callback(double.stop, None)
        mine = keys.signer("portal")

        def to(service: str) -> grpc.Channel:
            return channel(addresses.get(service, address), audience=service, signer=mine)

        made.clients = Clients(
            identity=IdentityServiceStub(to("identity")),  # type: ignore[no-untyped-call]
            people=PeopleServiceStub(to("identity")),  # type: ignore[no-untyped-call]
            access=AccessServiceStub(to("access")),  # type: ignore[no-untyped-call]
            connections=ConnectionsServiceStub(to("connections")),  # type: ignore[no-untyped-call]
            registry=RegistryServiceStub(to("registry")),  # type: ignore[no-untyped-call]
        )
        furnish(made)
        yield made


def furnish(house: House) -> None:
    """Who works where, who asks for what."""
    house.give_role("arivera1", CLINIC, OFFICIAL)
    house.give_role("arivera1", MERRIWELD, OFFICIAL)
    house.give_role("tquill88", SECOND, OFFICIAL)
    house.give_role("jnakamura", CLINIC, MANAGER)
    house.give_role("dmarsh22", CLINIC, STAFF, "PECOS")
    house.give_role("pnovak31", CLINIC, STAFF, "PECOS")
    house.give_role("pnovak31", MERRIWELD, STAFF, "NPPES")
    house.give_role("tokafor7", CLINIC, STAFF, "NPPES")
    house.end("tokafor7", CLINIC)
    house.ask_role("tokafor7", SECOND, MANAGER)
    house.ask_role("tquill88", CLINIC, MANAGER)
    house.ask_role("dmarsh22", MERRIWELD, STAFF)
    _wait_until_connections_know(house)
    house.connect("tquill88", CLINIC, SECOND, "PECOS", "SURROGATE")
    house.connect("tquill88", CLINIC, SECOND, "NPPES", "SURROGATE")
    house.connect("tquill88", MERRIWELD, SECOND, "PECOS", "SURROGATE")
    house.connect("tquill88", SECOND, CLINIC, "NPPES", "PROVIDER")


def _wait_until_connections_know(house: House) -> None:
    app = house.processes["connections"].app

    def heard() -> bool:
        with app.session() as session:
            try:
                progress.require_fresh(session, "access")
            except progress.ViewStaleError:
                return False
            return manages(session, account_id=account("tquill88"), employer_id=SECOND)

    if not wait_until(heard, Wakeup(), timeout_s=30):
        raise RuntimeError("connections heard nothing of access")


def _load(dsn: str, base: Path, keys: Keyring) -> None:
    month = write_month(base / "month", seed=3, others=300, ssn_key=keys.secret("ssn.key"))
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = registry")
        load_month(
            connection,
            read=Reader,
            data=month.data,
            other_names=month.other_names,
            locations=month.locations,
            supplement=month.supplement,
        )
