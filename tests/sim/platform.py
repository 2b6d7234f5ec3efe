"""The api processes of the simulation: they answer in the turns of who asks, and what they remember dies with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from mandate.common.v1 import receipt_pb2

from chassis.application import Application
from chassis.database import DatabaseUnavailableError
from chassis.keys import Keyring
from chassis.main import apis_of
from chassis.server import Code, Detail, RefusedError, handler
from chassis.service import Parts, Service
from chassis.settings import SERVICES
from chassis.sim import Simulation
from chassis.sim_sessions import SimDatabase
from chassis.tokens import Signer
from chassis.vault import Vault
from chassis.views import View
from chassis.waiting import Folded, Waiter
from tests.house import CATALOGUE
from tests.sim.bells import Bells, Dozing
from tests.sim.post import Trouble
from tests.sim.wire import Call, Refusal, Wire, answer

LOOKS = 500
"""Of somebody who waits for a receipt, before he is told that it is not here yet."""
AWAY = 0.03
"""How often a service does not answer another that asks for a mail's sake; registry's silence changes the story."""


class TurnWaiter(Waiter):
    """Waits in turns."""

    def __init__(self, app: Application, sim: Simulation) -> None:
        super().__init__(app, None)  # type: ignore[arg-type] # nobody rings
        self._sim = sim

    def wait(
        self,
        receipts: Sequence[receipt_pb2.Receipt],
        views: Sequence[View | Folded],
        *,
        timeout_s: float = 0,
    ) -> None:
        """Look, each time with turns for everybody: whoever waits needs few himself."""
        if not receipts or self._there(receipts, views):
            return
        actor = self._sim.running
        assert actor is not None
        try:
            for _ in range(LOOKS):
                actor.idle = True
                if self._there(receipts, views):
                    return
        finally:
            actor.idle = False
        raise RefusedError(Code.UNAVAILABLE, Detail("VIEW_BEHIND", "not yet here; try again"))


@dataclass
class Process:
    """One api process; not ready before its memory has caught up."""

    handlers: Sequence[grpc.GenericRpcHandler[Any, Any]]
    memory: Sequence[Dozing]
    is_ready: bool


class Platform:
    """Where the services answer."""

    def __init__(
        self,
        sim: Simulation,
        database: Callable[[str], SimDatabase],
        keys: Keyring,
        services: Sequence[Service],
        bells: Bells,
        trouble: Trouble,
    ) -> None:
        self.sim, self._database, self.keys, self._bells = sim, database, keys, bells
        self._trouble = trouble
        self._services = {service.name: service for service in services}
        self._processes: dict[str, Process] = {}
        for service in services:
            if self._start(service).memory:
                sim.add(f"{service.name}.api", self._memory_of(service))

    def parts(self, service: Service, app: Application) -> Parts:
        """What a composition root builds from, here."""
        return Parts(
            app=app,
            waiter=TurnWaiter(app, self.sim),
            keys=self.keys,
            vault=Vault(self._database("vault"), self.keys.secret("vault.key")),
            channel=lambda other: self._between(service.name, other),
        )

    def answer(self, service: str, call: Call, signer: Signer) -> bytes:
        """Let a service answer; a call without a token carries the signer's. Raises `Refusal`."""
        if not self._processes[service].is_ready:
            raise Refusal(Code.UNAVAILABLE, f"{service} is starting", ())
        if not any(key == "authorization" for key, _ in call.metadata):
            token = ("authorization", f"Bearer {signer.service_token(service)}")
            call = call._replace(metadata=(*call.metadata, token))
        return answer(self._processes[service].handlers, call)

    def restart(self, service: str) -> None:
        """The api process of a service died; the next one begins with nothing."""
        self._start(self._services[service])

    def _start(self, service: Service) -> Process:
        app = service.application(self._database(service.name), CATALOGUE)
        app.on_append = self._bells.ring_for(service.name)
        parts = self.parts(service, app)
        memory = [Dozing(one, self._bells, service.name) for one in service.api_followers(parts)]
        verifier = self.keys.verifier(service.name, SERVICES)
        made = Process([handler(api, verifier) for api in apis_of(service, parts)], memory, is_ready=not memory)
        self._processes[service.name] = made
        return made

    def _memory_of(self, service: Service) -> Callable[[], Iterator[bool]]:
        def life() -> Iterator[bool]:
            self._start(service)
            while True:
                process = self._processes[service.name]
                try:
                    worked = sum(follower.step() for follower in process.memory) > 0
                except DatabaseUnavailableError:
                    worked = True
                process.is_ready |= not worked
                yield worked

        return life

    def _between(self, own: str, other: str) -> Wire:
        if other not in self._services:
            raise KeyError(other)
        signer = self.keys.signer(own)

        def carry(call: Call) -> bytes:
            if own == "notifier" and self._trouble.strikes(AWAY):
                raise Refusal(Code.UNAVAILABLE, f"{other} is away", ())
            return self.answer(other, call, signer)

        return Wire(carry)
