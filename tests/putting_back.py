"""A service's database as it was at a moment, and putting it back to that: what a restore from a backup does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

import psycopg

from chassis.database import Session, identifier
from chassis.migrate import open_database
from chassis.restoring import look, raise_edition
from chassis.service import followers
from tests.house import CATALOGUE, House, Room


@dataclass(frozen=True)
class Backup:
    """The rows of every table of a schema, kept beside it, and how far its sequences were."""

    dsn: str
    schema: str
    kept_in: str
    tables: tuple[str, ...]
    sequences: tuple[tuple[str, int | None], ...]

    def put_back(self) -> None:
        """Make the schema what it was; as the owner, past every trigger."""
        with psycopg.connect(self.dsn) as owner:
            owner.execute("SET session_replication_role = replica")
            for table in self.tables:
                own, kept = (f"{identifier(schema)}.{identifier(table)}" for schema in (self.schema, self.kept_in))
                owner.execute(f"DELETE FROM {own}".encode())
                owner.execute(f"INSERT INTO {own} OVERRIDING SYSTEM VALUE SELECT * FROM {kept}".encode())
            for sequence, last in self.sequences:
                name = f"{identifier(self.schema)}.{identifier(sequence)}"
                owner.execute("SELECT setval(%s::regclass, coalesce(%s, 1), %s)", (name, last, last is not None))


def back_up(dsn: str, schema: str) -> Backup:
    """A backup of one moment."""
    kept_in = f"backup_{uuid4().hex[:12]}"
    with psycopg.connect(dsn) as owner:
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        owner.execute(f"CREATE SCHEMA {identifier(kept_in)}".encode())
        tables = [name for (name,) in owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))]
        for table in tables:
            own, kept = (f"{identifier(one)}.{identifier(table)}" for one in (schema, kept_in))
            owner.execute(f"CREATE TABLE {kept} AS TABLE {own}".encode())
        sequences = owner.execute(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = %s", (schema,)
        ).fetchall()
    return Backup(dsn, schema, kept_in, tuple(tables), tuple((str(name), last) for name, last in sequences))


def dsn_of(house: House) -> str:
    """The owner's address of the house's database."""
    return house.bus.dsn


@contextmanager
def down(house: House, name: str) -> Iterator[None]:
    """One service does not run; afterwards it begins anew, with nothing in its memory."""
    room = house.rooms[name]
    room.database.close()
    try:
        yield
    finally:
        database = open_database(dsn_of(house), name, size=4)
        app = room.service.application(database, CATALOGUE)
        steps = followers(room.service, app, house.publisher, house.subscriber)
        house.rooms[name] = Room(room.service, app, database, steps)


def restore(house: House, name: str) -> int:
    """What `mandate restore` does; the new edition."""
    service = house.rooms[name].service
    with psycopg.connect(dsn_of(house), autocommit=True, options=f"-c search_path={name}") as owner:
        plan = look(Session(owner), house.subscriber, service, CATALOGUE)
    return raise_edition(dsn_of(house), service, plan, by="a test")
