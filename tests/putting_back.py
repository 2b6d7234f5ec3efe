"""A service's database as it was at a moment, and putting it back to that: what a restore from a backup does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch
from uuid import uuid4

import psycopg
import structlog

from chassis.database import Session, identifier
from chassis.keys import Keyring
from chassis.main import main
from chassis.migrate import open_database
from chassis.restoring import look, raise_edition
from chassis.runtime import Stop
from chassis.service import followers
from cli.platform import make_keys
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


def start(house: House, name: str, role: str, folder: Path, **more: str) -> None:
    """Begin a process of a service as its container does, in this one; keys are made in the folder."""
    make_keys(Keyring(folder, make=True))
    settings = {"DATABASE_URL": dsn_of(house), "KEYS": str(folder), "ADDRESSES": "{}"} | more
    environment = {f"MANDATE_{one}": value for one, value in settings.items()}
    logging = structlog.get_config()
    try:
        with patch.dict("os.environ", environment), patch.object(Stop, "on_signals", lambda self: self):
            main(house.rooms[name].service, [role])
    finally:
        structlog.configure(**logging)
