"""Commands as a working day has them: ask for a role, approve, grant and withdraw a function, connect, agree."""

from __future__ import annotations

import itertools
from collections import deque
from random import Random
from uuid import UUID

from mandate.access.v1 import service_pb2 as access
from mandate.connections.v1 import service_pb2 as connections

from chassis import nature
from tests.load.city import City, Employer
from tests.scenario import NAMED

FUNCTIONS = ("PECOS", "NPPES", "HITECH")


class Mixture:
    """`send(number)` is one command; what an earlier one has made a later one goes on with."""

    def __init__(self, city: City, seed: int = 1) -> None:
        self._city, self._by = city, Random(seed)
        self._asked: deque[tuple[Employer, UUID]] = deque()
        self._connecting: deque[tuple[Employer, str]] = deque()
        members = [(one, member) for one in city.employers for member in one.staff]
        self._members = itertools.cycle(members)
        self._pairs = itertools.cycle(itertools.permutations(city.employers, 2))
        self.taken: deque[UUID] = deque()
        """The ids of the commands that were answered with OK."""

    def send(self, number: int) -> None:
        command_id = nature.new_id()
        match number % 6:
            case 1 if self._asked:
                self._approve(command_id)
            case 2 | 3 as kind:
                self._function(command_id, granted=kind == 2)
            case 4:
                self._connect(command_id)
            case 5 if self._connecting:
                self._agree(command_id)
            case _:
                self._request(command_id)
        self.taken.append(command_id)

    def _request(self, command_id: UUID) -> None:
        employer = self._by.choice(self._city.employers)
        wanted = access.RequestRoleRequest(
            command_id=str(command_id), employer_id=str(employer.id), role="STAFF_END_USER", official=NAMED
        )
        self._city.ask(self._city.access.RequestRole, wanted, nature.new_id())
        self._asked.append((employer, command_id))

    def _approve(self, command_id: UUID) -> None:
        employer, request_id = self._asked.popleft()
        wanted = access.ApproveRoleRequestRequest(command_id=str(command_id), role_request_id=str(request_id))
        self._city.ask(self._city.access.ApproveRoleRequest, wanted, employer.official)

    def _function(self, command_id: UUID, *, granted: bool) -> None:
        employer, member = next(self._members)
        about = {"command_id": str(command_id), "association_id": str(member), "function": FUNCTIONS[0]}
        if granted:
            self._city.ask(self._city.access.GrantFunction, access.GrantFunctionRequest(**about), employer.official)
        else:
            wanted = access.WithdrawFunctionRequest(**about)
            self._city.ask(self._city.access.WithdrawFunction, wanted, employer.official)

    def _connect(self, command_id: UUID) -> None:
        provider, surrogate = next(self._pairs)
        wanted = connections.RequestConnectionRequest(
            command_id=str(command_id),
            provider_id=str(provider.id),
            surrogate_id=str(surrogate.id),
            function=FUNCTIONS[0],
            side="SURROGATE",
        )
        said = self._city.ask(self._city.connections.RequestConnection, wanted, surrogate.official)
        self._connecting.append((provider, said.receipt.id))

    def _agree(self, command_id: UUID) -> None:
        provider, connection_id = self._connecting.popleft()
        wanted = connections.ApproveConnectionRequest(
            command_id=str(command_id), connection_id=connection_id, side="PROVIDER"
        )
        self._city.ask(self._city.connections.ApproveConnection, wanted, provider.official)


def lost(city: City, taken: list[UUID]) -> int:
    """How many commands that were answered with OK no log knows: neither by events nor as one that changed nothing."""
    known: set[UUID] = set()
    for service in ("access", "connections"):
        with city.looking(service) as session:
            known |= {one for (one,) in session.run("SELECT DISTINCT command_id FROM history")}
            known |= {one for (one,) in session.run("SELECT command_id FROM answered")}
    return len(set(taken) - known)
