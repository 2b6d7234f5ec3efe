"""The stage of the simulation: all services on one fresh database, two copies of every worker, some clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg

from chassis import nature, relay
from chassis.application import Application
from chassis.cause import Cause, Receipt
from chassis.database import DatabaseUnavailableError, options
from chassis.domain import DomainError
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import Follower, read_page
from chassis.migrate import role_of
from chassis.runtime import TRANSIENT
from chassis.service import Service, abreast, followers
from chassis.sim import Simulation
from chassis.sim_bus import SimPublisher, SimSubscriber
from chassis.sim_sessions import SimDatabase
from services.notifier.adapters.smtp import SmtpPost
from tests.house import CATALOGUE, drop_database, new_database
from tests.sim.bells import OFTEN, POLLS, Bells, Dozing
from tests.sim.platform import Platform
from tests.sim.post import Box, Trouble
from tests.sim.scenery import Scenery

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
    scenery: Scenery
    databases: dict[str, SimDatabase]
    """One for each schema, so that what the dead leave is used again."""
    apps: dict[str, Any] = field(default_factory=dict)
    history: list[Asked] = field(default_factory=list)
    unanswered: dict[tuple[Any, ...], Asked] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    """Services whose workers do not start again just now."""
    box: Box = field(init=False)
    bells: Bells = field(init=False)
    platform: Platform | None = None
    """What the whole telling stands on beside the logs."""

    def __post_init__(self) -> None:
        trouble = Trouble(self.sim)
        self.box, self.bells = Box(self.sim, trouble), Bells(self.sim)
        if self.scenery.keys is not None:
            self.platform = Platform(
                self.sim, self.database, self.scenery.keys, self.scenery.services, self.bells, trouble
            )

    def connect(self, schema: str) -> psycopg.Connection[Any]:
        # the server itself never dies here: nobody waits for its disk
        # no clock but the simulation's: on a busy machine an actor's turn may come later than a server would wait
        patient = "-c idle_in_transaction_session_timeout=0"
        # tables of some dozen rows: a plan for these very values is never worth the planning
        planning = "-c plan_cache_mode=force_generic_plan"
        own = f"{options(schema, role_of(schema))} -c synchronous_commit=off {patient} {planning}"
        return psycopg.connect(self.dsn, autocommit=True, options=own, cursor_factory=psycopg.Cursor)

    def database(self, schema: str) -> SimDatabase:
        """A schema, with a session for each actor."""
        if schema not in self.databases:
            self.databases[schema] = SimDatabase(self.sim, schema, lambda: self.connect(schema))
        return self.databases[schema]

    def events(self, service: str) -> Sequence[Any]:
        """All that stands in a service's log."""
        app = self.apps[service]
        with app.database.session() as session:
            return read_page(app, session, after=0, limit=100_000).events

    def client(self, name: str, script: Callable[[], Iterator[bool]], *, crashes: bool = True) -> None:
        """An actor that asks; its script outlives its crashes only as far as it remembers."""
        self.sim.add(name, script, crashes=crashes)

    def ask(self, service: str, command: Any, actor: UUID, *, roles: tuple[str, ...] = (), **arguments: Any) -> Asked:
        """Ask once, and note the answer; a refusal is an answer too.

        A client that dies before it sees the answer asks with the same id when it is back, as a form does.
        """
        form = (service, command.__name__, actor, *arguments.values())
        asked = self.unanswered.get(form)
        if asked is None:
            asked = self.unanswered[form] = Asked(service, nature.new_id())
            self.history.append(asked)
        cause = Cause.of(actor, asked.command_id, roles=frozenset(roles), mfa_at=nature.now())
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
def staged(postgres: EmbeddedPostgres, scenery: Scenery, seed: int, **settings: Any) -> Iterator[Stage]:
    """A stage for one seed; afterwards the world has its own time and chance again."""
    name = new_database(postgres, template=scenery.database)
    sim = Simulation(seed, **settings)
    databases: dict[str, SimDatabase] = {}
    real = nature.use(sim.nature())
    try:
        with patch.dict("os.environ", scenery.environment), patch.object(relay, "PROGRESS_EVERY", scenery.progress):
            stage = Stage(sim, postgres.dsn(name), scenery, databases)
            with patch.object(SmtpPost, "send", _into(stage.box)):
                for service in scenery.services:
                    stage.apps[service.name] = service.application(stage.database(service.name), CATALOGUE)
                    for copy in range(COPIES if service.application.aggregates else 0):
                        sim.add(f"{service.name}.worker{copy}", _worker(stage, service))
                yield stage
    finally:
        nature.use(real)
        sim.close()
        for database in databases.values():
            database.close()
        drop_database(postgres, name)


def _into(box: Box) -> Callable[..., None]:
    return lambda _self, message, *, sender, to: box.send(message, sender=sender, to=to)


def _worker(stage: Stage, service: Service) -> Callable[[], Iterator[bool]]:
    def life() -> Iterator[bool]:
        """A process: what it remembers dies with it."""
        while service.name in stage.down:
            yield False
        driven = _followers(stage, service)
        while True:
            worked = False
            for follower in driven:
                try:
                    worked |= follower.step()
                except TRANSIENT:  # as the runtime has it: a lock that another copy holds for too long among them
                    continue
            yield worked

    return life


def _followers(stage: Stage, service: Service) -> Sequence[Follower]:
    app: Application = service.application(stage.database(service.name), CATALOGUE)
    app.on_append = stage.bells.ring_for(service.name)
    bus = stage.database("bus")
    publisher = SimPublisher(stage.sim, EmbeddedPublisher(bus))
    publisher.on_publish = stage.bells.ring_bus
    subscriber = SimSubscriber(stage.sim, EmbeddedSubscriber(bus))
    groups = followers(service, app, publisher, subscriber)
    if stage.platform is not None:
        parts = stage.platform.parts(service, app)
        for role, make in service.more_followers.items():
            groups[role] = [*groups.get(role, []), *make(app, parts)]
    bus_bell = stage.bells.hears(service.name, frozenset(app.hears))
    return [
        Dozing(
            follower,
            stage.bells,
            bus_bell if role == "ingest" else service.name,
            polls=OFTEN if role in {"ingest", "timers"} else POLLS,
        )
        for role, group in abreast(app, groups).items()
        for follower in group
    ]
