"""The stage of the simulation: all services on one fresh database, two copies of every worker, some clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.database import DatabaseUnavailableError, options
from chassis.domain import DomainError
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.migrate import role_of
from chassis.service import Service, followers
from chassis.sim import SimDatabase, SimPublisher, SimSubscriber, Simulation
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from tests.house import CATALOGUE, drop_database, new_database
from tests.sim.witness import SERVICE as WITNESS

SERVICES = (ACCESS, CONNECTIONS, WITNESS)
COPIES = 2


@dataclass
class Asked:
    """One command as its client saw it."""

    service: str
    command_id: UUID
    receipt: Receipt | None = None
    refused: bool = False


@dataclass
class Stage:
    """What a run is made of; `history` is what the clients saw."""

    sim: Simulation
    dsn: str
    apps: dict[str, Any] = field(default_factory=dict)
    history: list[Asked] = field(default_factory=list)
    unanswered: dict[tuple[Any, ...], Asked] = field(default_factory=dict)

    def connect(self, schema: str) -> psycopg.Connection[Any]:
        return psycopg.connect(
            self.dsn, autocommit=True, options=options(schema, role_of(schema)), cursor_factory=psycopg.Cursor
        )

    def client(self, name: str, script: Callable[[], Iterator[bool]]) -> None:
        """An actor that asks; its script outlives its crashes only as far as it remembers."""
        self.sim.add(name, script)

    def ask(self, service: str, command: Any, actor: UUID, *, roles: tuple[str, ...] = (), **arguments: Any) -> Asked:
        """Ask once, and note the answer; a refusal is an answer too.

        A client that dies before it sees the answer asks with the same id when it is back, as a form does.
        """
        form = (service, command.__name__, actor, *arguments.values())
        asked = self.unanswered.get(form)
        if asked is None:
            asked = self.unanswered[form] = Asked(service, nature.new_id())
            self.history.append(asked)
        cause = Cause.of(actor, asked.command_id, roles=frozenset(roles))
        self.ask_again(asked, command, cause, **arguments)
        del self.unanswered[form]
        return asked

    def ask_again(self, asked: Asked, command: Any, cause: Cause, **arguments: Any) -> Asked:
        """The same command with the same id."""
        for _ in range(20):
            try:
                asked.receipt = self.apps[asked.service].execute(command, cause, **arguments)
            except DomainError:
                asked.refused = True
            except DatabaseUnavailableError:
                continue
            break
        return asked


@contextmanager
def staged(postgres: EmbeddedPostgres, template: str, seed: int, **settings: Any) -> Iterator[Stage]:
    """A stage for one seed; afterwards the world has its own time and chance again."""
    name = new_database(postgres, template=template)
    sim = Simulation(seed, **settings)
    stage = Stage(sim=sim, dsn=postgres.dsn(name))
    real = nature.use(sim.nature())
    try:
        bus = SimDatabase(sim, "bus", lambda: stage.connect("bus"))
        for service in SERVICES:
            stage.apps[service.name] = service.application(_database(stage, service), CATALOGUE)
            for copy in range(COPIES):
                sim.add(f"{service.name}.worker{copy}", _worker(stage, service, bus))
        yield stage
    finally:
        nature.use(real)
        sim.close()
        drop_database(postgres, name)


def _database(stage: Stage, service: Service) -> SimDatabase:
    return SimDatabase(stage.sim, service.name, lambda: stage.connect(service.name))


def _worker(stage: Stage, service: Service, bus: SimDatabase) -> Callable[[], Iterator[bool]]:
    def life() -> Iterator[bool]:
        """A process: what it remembers dies with it."""
        app: Application = service.application(_database(stage, service), CATALOGUE)
        publisher = SimPublisher(stage.sim, EmbeddedPublisher(bus))
        subscriber = SimSubscriber(stage.sim, EmbeddedSubscriber(bus))
        driven = [one for role in followers(service, app, publisher, subscriber).values() for one in role]
        while True:
            worked = False
            for follower in driven:
                try:
                    worked |= follower.step()
                except DatabaseUnavailableError:
                    continue
            yield worked

    return life
