"""What `run` keeps goes over to what `up` keeps, and to Kafka: drained, switched, forgotten (docs/adr/0010).

Whoever dies on the way begins again: until the one database of `run` is dropped it is the truth, and what was made
of it is thrown away; after that it is in its new databases, and only folders change their place.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg

from chassis import failpoints
from chassis.database import DatabaseUnavailableError, PooledDatabase, Session, identifier
from chassis.embedded import postgres
from chassis.embedded.bus import EmbeddedSubscriber
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.hearing import Ingest
from chassis.messages import Catalogue
from chassis.migrate import open_database, pending
from chassis.progress import LogBehindError, refuse_restored
from cli.alone import MOVED, alone
from cli.installation import DATABASE
from cli.platform import ALL
from cli.retelling import forget
from cli.up import parts_of

FOLDERS = ("keys", "mail", "demo-password", "postgres")
"""What is kept beside the databases; PostgreSQL's own last, for as long as it is here the move is not done."""
Say = Callable[[str], None]


def move(state: Path, say: Say) -> None:
    """Move the installation of `run` below a folder to where `up` looks. The same again finishes what was cut off.

    Ends the program with a line where one of them runs, where `up` has data of its own, or a log was put back.
    """
    state = state.resolve()
    up = state / "up"
    with alone(state):
        _see_free(state, up)
        if not (state / "postgres" / "data" / "PG_VERSION").exists():
            if (state / MOVED).exists():
                say("it has been moved already")
                return
            raise SystemExit(f"there is nothing to move: no `mandate run` has kept anything below {state}")
        (state / MOVED).touch()
        server = postgres.start(state / "postgres")
        try:
            _move_databases(server, say)
        finally:
            server.stop()
        up.mkdir(exist_ok=True)
        up.chmod(0o755)  # PostgreSQL drops to another user where we are root
        for name in FOLDERS:
            if os.path.lexists(state / name):
                (state / name).rename(up / name)
            failpoints.reach(f"move.after_{name}")


def _see_free(state: Path, up: Path) -> None:
    if any(part.alive() for part in parts_of(up)):
        raise SystemExit(f"it is up: `mandate down --state {state}` first")
    for name in ("postgres", "kafka"):
        if os.path.lexists(up / name) and os.path.lexists(state / "postgres"):
            raise SystemExit(
                f"`mandate up` keeps data of its own in {up / name}: take {up} away first, or move it aside"
            )


def _move_databases(server: EmbeddedPostgres, say: Say) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
            return  # it was cut off after that
    dsn = server.dsn(DATABASE)
    _see_ready(dsn)
    say(f"{drain(dsn)} messages that were under way have been heard")
    failpoints.reach("move.after_drain")
    with psycopg.connect(dsn) as owner:
        states = 0
        for service in ALL:
            owner.execute(f"SET LOCAL search_path = {identifier(service.name)}".encode())
            states += forget(Session(owner))
    say(f"{states} states will be told again on Kafka")
    failpoints.reach("move.after_forget")
    _divide(server, say)


def _see_ready(dsn: str) -> None:
    """A log that was put back would be a newcomer on the new bus, where no Progress of it stands: refuse."""
    bus = open_database(dsn, "bus", size=1)
    try:
        for service in ALL:
            database = open_database(dsn, service.name, size=1)
            try:
                with database.session() as session:
                    if missing := pending(session, service.application, extra=service.scripts):
                        raise SystemExit(f"{service.name} lacks {', '.join(missing)}: `mandate run` this release first")
                    refuse_restored(session, EmbeddedSubscriber(bus), service.name)
            finally:
                database.close()
    except LogBehindError as error:
        raise SystemExit(str(error)) from error
    finally:
        bus.close()


def drain(dsn: str) -> int:
    """Let every service hear what is on the bus and is not heard yet; nobody reacts. Return how many rows were new."""
    bus = open_database(dsn, "bus", size=2)
    heard = 0
    try:
        for service in ALL:
            database = open_database(dsn, service.name, size=2)
            try:
                ingest = Ingest(service.application(database, Catalogue()), EmbeddedSubscriber(bus))
                before = _rows(database)
                while ingest.step():
                    pass
                heard += _rows(database) - before
            finally:
                database.close()
    except DatabaseUnavailableError as error:
        raise SystemExit(f"PostgreSQL does not answer ({error}): the same command again goes on") from error
    finally:
        bus.close()
    return heard


def _divide(server: EmbeddedPostgres, say: Say) -> None:
    """Make the database of each service, as `up` has it, of the one of `run`; then drop that."""
    names = [*(service.name for service in ALL), "vault"]
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        _see_space(admin, server.base)
        for name in names:
            admin.execute(f"DROP DATABASE IF EXISTS {identifier(name)} WITH (FORCE)".encode())
            # files, not pages through the WAL: a registry can be large
            source = f"{identifier(name)} TEMPLATE {identifier(DATABASE)} STRATEGY FILE_COPY"
            admin.execute(f"CREATE DATABASE {source}".encode())
            _keep_only(server.dsn(name), name)
            failpoints.reach(f"move.after_database_{name}")
            say(f"database {name}")
        admin.execute(f"DROP DATABASE {identifier(DATABASE)} WITH (FORCE)".encode())
    failpoints.reach("move.after_drop")


def _keep_only(dsn: str, schema: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as owner:
        others = owner.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname NOT IN ('public', 'information_schema', %s)"
            " AND nspname NOT LIKE 'pg\\_%%'",
            (schema,),
        ).fetchall()
        for (other,) in others:
            owner.execute(f"DROP SCHEMA {identifier(other)} CASCADE".encode())


def _see_space(admin: psycopg.Connection[tuple[object, ...]], base: Path) -> None:
    row = admin.execute("SELECT pg_database_size(%s)", (DATABASE,)).fetchone()
    needed, free = 2 * int(str(row[0] if row else 0)), shutil.disk_usage(base).free
    if free < needed:
        raise SystemExit(f"{base} has {free >> 20} MiB free, the move needs {needed >> 20} MiB for a while: make space")


def _rows(database: PooledDatabase) -> int:
    with database.session() as session:
        [(count,)] = session.run("SELECT count(*) FROM log")
    return int(count)
