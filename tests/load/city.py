"""What load is put on: the platform as `make up` runs it, employers with officials and staff, and who asks for them."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1.service_pb2_grpc import AccessServiceStub
from mandate.connections.v1.service_pb2_grpc import ConnectionsServiceStub

from chassis import nature
from chassis.cause import Cause
from chassis.client import OPTIONS
from chassis.database import PooledDatabase, Session
from chassis.keys import Keyring
from chassis.messages import Catalogue
from chassis.ports import free_port
from chassis.tokens import Signer
from cli.demo import eventually
from cli.installation import find
from cli.up import Part, down, parts_of, up
from services.access.application import AccessApplication
from services.access.domain.association import Association
from tests.bench.history import CLERK
from tests.fire.crowd import employers_of

DEADLINE_S = 20.0
EMPLOYERS = 20
STAFF = 10
"""Of each employer."""


@dataclass(frozen=True)
class Employer:
    """One employer, its official, and its staff by their associations."""

    id: UUID
    official: UUID
    staff: tuple[UUID, ...]


class City:
    """The platform and its people."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self._people: Signer = Keyring(state / "up" / "keys").signer("identity")
        self._channels = [
            grpc.insecure_channel(self.part(f"{name}.api").url, options=OPTIONS) for name in ("access", "connections")
        ]
        self.access: Any = AccessServiceStub(self._channels[0])  # type: ignore[no-untyped-call]
        self.connections: Any = ConnectionsServiceStub(self._channels[1])  # type: ignore[no-untyped-call]
        self.employers: list[Employer] = []

    def part(self, name: str) -> Part:
        return next(one for one in parts_of(self.state / "up") if one.name == name)

    @contextmanager
    def database(self, service: str) -> Iterator[PooledDatabase]:
        """As the service itself has it."""
        url = dict(self.part(f"{service}.worker").environment)["MANDATE_DATABASE_URL"]
        opened = PooledDatabase(url, service, size=2).open()
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def looking(self, service: str) -> Iterator[Session]:
        with find(self.state).looking(service) as session:
            yield session

    def ask(self, method: Any, request: Any, who: UUID) -> Any:
        """Call an RPC in the name of a person who has given a second factor just now."""
        audience = "connections" if method in vars(self.connections).values() else "access"
        token, _ = self._people.user_token(who, audience=audience, roles=(), mfa_at=nature.now(), session="load")
        return method(request, timeout=DEADLINE_S, metadata=(("authorization", f"Bearer {token}"),))

    def settle(self, employers: int, staff: int) -> None:
        """Let employers be there, and wait until connections knows their officials."""
        with self.database("access") as database:
            app = AccessApplication(database, Catalogue())
            for id_ in islice(employers_of(self.state), employers):
                official = nature.new_id()
                roles = [
                    (official, "AUTHORIZED_OFFICIAL"),
                    *((nature.new_id(), "STAFF_END_USER") for _ in range(staff)),
                ]
                members = [approved(person, id_, role) for person, role in roles]
                app.execute(lambda app, cause, members=members: app.commit(*members, cause=cause), Cause.of(CLERK))
                self.employers.append(Employer(id_, official, tuple(one.id for one in members[1:])))
        last = self.employers[-1]
        eventually(lambda: self._knows(last), "what connections has heard of the last employer", wait_s=120)

    def _knows(self, employer: Employer) -> bool:
        with self.looking("connections") as session:
            return session.one("SELECT 1 FROM managers_v1 WHERE account_id = %s", (employer.official,)) is not None

    def close(self) -> None:
        for channel in self._channels:
            channel.close()


def approved(person: UUID, employer: UUID, role: str) -> Association:
    request_id = nature.new_id()
    made = Association(
        id=Association.id_for(person, employer),
        account_id=person,
        employer_id=employer,
        role=role,
        role_request_id=request_id,
    )
    made.approve(role_request_id=request_id, approved_by=CLERK)
    return made


@contextmanager
def city(*, employers: int = EMPLOYERS, staff: int = STAFF) -> Iterator[City]:
    """Start everything in a folder of its own, and remove it at the end."""
    state = Path(tempfile.mkdtemp(prefix="mandate-load-"))
    state.chmod(0o755)
    try:
        up(state, port=free_port())
        made = City(state)
        if employers:
            made.settle(employers, staff)
        yield made
        made.close()
    finally:
        down(state)
        shutil.rmtree(state, ignore_errors=True)
