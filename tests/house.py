"""A house for tests: services with real logs on one database, the embedded bus between them, no threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import psycopg
from google.protobuf.message import Message

from chassis import log, nature
from chassis.application import Application
from chassis.bus import Publisher, Subscriber
from chassis.cause import Cause, Receipt
from chassis.database import PooledDatabase
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber, EmbeddedTopicAdmin
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.followers import Follower, read_page
from chassis.messages import Catalogue, Origin, wrap
from chassis.migrate import migrate, migrate_bus, open_database
from chassis.service import Service, followers, settle
from cli.retelling import forget

CATALOGUE = Catalogue()


@dataclass
class Room:
    """One service of the house."""

    service: Service
    app: Any
    database: PooledDatabase
    followers: dict[str, list[Follower]]

    def execute(self, command: Any, actor: UUID, *, roles: Sequence[str] = (), **arguments: Any) -> Receipt:
        """A command in the name of a person who has given a second factor just now."""
        cause = Cause.of(actor, roles=frozenset(roles), mfa_at=nature.now())
        receipt: Receipt = self.app.execute(command, cause, **arguments)
        return receipt

    def events(self, *kinds: type) -> list[Any]:
        """The log's events, of some kinds or all."""
        with self.app.session() as session:
            found: list[Any] = []
            after = 0
            while True:
                page = read_page(self.app, session, after=after)
                found += page.events
                if not page.recorded:
                    return [event for event in found if not kinds or isinstance(event, kinds)]
                after = page.recorded[-1].position

    def follower(self, name: str) -> Any:
        """One of the followers, by its name."""
        return next(one for role in self.followers.values() for one in role if one.name == name)

    def end(self) -> int:
        """The position of the last event."""
        with self.app.session() as session:
            return log.end(session)


@dataclass
class House:
    """All services of one test."""

    rooms: dict[str, Room]
    bus: PooledDatabase
    publisher: Publisher
    subscriber: Subscriber
    admin: EmbeddedTopicAdmin

    def __getattr__(self, name: str) -> Room:
        try:
            return self.rooms[name]
        except KeyError:
            raise AttributeError(name) from None

    def tell(self, message: Message, *, key: UUID | None = None, version: int = 1, position: int = 1) -> None:
        """Let everybody who listens hear a message that its owner, who is not in this house, would send."""
        name = message.DESCRIPTOR.name
        origin = Origin(
            service=CATALOGUE.topics[name].origin,
            edition=1,
            position=position,
            stream=key or uuid4(),
            version=version,
            at=nature.now(),
            correlation_id=nature.new_id(),
            causation_id=str(uuid4()),
            leaf_hash=bytes(32),
        )
        self.publisher.publish([wrap(message, origin, form=1 if name.endswith("State") else 0)])
        self.settle()

    def settle(self) -> None:
        """Step everything until nobody has work."""
        settle([room.followers for room in self.rooms.values()])


def on_another_bus(house: House, publisher: Publisher, subscriber: Subscriber) -> House:
    """The same services with new followers on another bus, as after `mandate bus move`: drained, switched, forgotten.

    Offsets and what was last written where belong to the bus that was; what was heard is in the logs.
    """
    rooms = {}
    for name, room in house.rooms.items():
        with room.app.session() as session, session.transaction():
            forget(session)
        rooms[name] = Room(
            room.service, room.app, room.database, followers(room.service, room.app, publisher, subscriber)
        )
    return House(rooms, house.bus, publisher, subscriber, house.admin)


def new_database(postgres: EmbeddedPostgres, *, template: str = "template1") -> str:
    """An empty database (or a copy of one), and its name."""
    name = f"t_{uuid4().hex[:16]}"
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return name


def drop_database(postgres: EmbeddedPostgres, name: str) -> None:
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def build(postgres: EmbeddedPostgres, services: Sequence[Service]) -> str:
    """A database with the schemas of these services and of the bus, to be copied for each test."""
    name = new_database(postgres)
    dsn = postgres.dsn(name)
    migrate_bus(dsn)
    for service in services:
        migrate(service.application, dsn, extra=service.scripts)
    bus = open_database(dsn, "bus", size=2)
    EmbeddedTopicAdmin(bus).ensure(tuple(CATALOGUE.topics.values()))
    bus.close()
    return name


@contextmanager
def living(postgres: EmbeddedPostgres, template: str, services: Sequence[Service]) -> Iterator[House]:
    """A house on a fresh copy of the template."""
    name = new_database(postgres, template=template)
    dsn = postgres.dsn(name)
    bus = open_database(dsn, "bus", size=4)
    publisher, subscriber = EmbeddedPublisher(bus), EmbeddedSubscriber(bus)
    rooms: dict[str, Room] = {}
    for service in services:
        database = open_database(dsn, service.name, size=4)
        app: Application = service.application(database, CATALOGUE)
        rooms[service.name] = Room(service, app, database, followers(service, app, publisher, subscriber))
    try:
        yield House(rooms, bus, publisher, subscriber, EmbeddedTopicAdmin(bus))
    finally:
        for room in rooms.values():
            room.database.close()
        bus.close()
        drop_database(postgres, name)
