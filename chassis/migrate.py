"""Migrate: the one who creates. Services start on what it has made, and never make anything themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg

from chassis.application import Application
from chassis.database import PooledDatabase, Session, identifier
from chassis.policies import policies_of
from chassis.views import View

CHASSIS_SQL = files("chassis") / "sql"
LOG_SQL = tuple(
    CHASSIS_SQL / name
    for name in (
        "0001_log.sql",
        "0002_append.sql",
        "0003_told.sql",
        "0004_seals.sql",
        "0005_put_back.sql",
        "0006_reread.sql",
    )
)

SEALED = "leaves, tiles, checkpoints"
"""The tables that the sealer alone writes."""


def role_of(schema: str) -> str:
    """The role that a service runs as: it may read the log and append to it, no more."""
    return f"mandate_{schema}"


def sealer_of(schema: str) -> str:
    """The role of the log's sealer: it may read the log and add to what is sealed, no more."""
    return f"mandate_{schema}_sealer"


def prepare_schema(dsn: str, schema: str, scripts: Sequence[Traversable], then: Callable[[Session], None]) -> None:
    """Make a schema, its role and what the scripts create, in one transaction under one lock; idempotent.

    Several processes may do it at once: they wait for each other.
    """
    role = role_of(schema)
    with psycopg.connect(dsn) as connection:
        session = Session(connection)
        session.run("SELECT pg_advisory_xact_lock(hashtext('mandate.migrate'))")
        _make_role(session, role)
        session.run(f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}")
        session.run(f"SET LOCAL search_path = {identifier(schema)}")
        session.run("CREATE TABLE IF NOT EXISTS migrated (script text PRIMARY KEY, at timestamptz DEFAULT now())")
        for script in scripts:
            if session.one("SELECT 1 FROM migrated WHERE script = %s", (script.name,)) is None:
                connection.execute(script.read_text().encode())
                session.run("INSERT INTO migrated (script) VALUES (%s)", (script.name,))
        then(session)
        _grant(session, schema, role)


def _make_role(session: Session, role: str) -> None:
    if session.one("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)) is not None:
        return
    with suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation), session.connection.transaction():
        # roles belong to the whole server, the lock to this database: another one's migrate may be faster
        session.run(f"CREATE ROLE {identifier(role)} NOLOGIN")


def _grant(session: Session, schema: str, role: str) -> None:
    inside, to = f"ALL TABLES IN SCHEMA {identifier(schema)}", identifier(role)
    session.run(f"GRANT {to} TO CURRENT_USER")
    session.run(f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {to}")
    session.run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {inside} TO {to}")
    session.run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {identifier(schema)} TO {to}")
    session.run(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA {identifier(schema)} TO {to}")
    if session.one("SELECT to_regclass('log')") != (None,):
        session.run(f"REVOKE UPDATE, DELETE, TRUNCATE ON log FROM {to}")
        session.run(f"REVOKE INSERT, UPDATE, DELETE ON history FROM {to}")  # by a view, one writes as its owner
        session.run(f"REVOKE ALL ON edition FROM {to}")
        session.run(f"GRANT SELECT ON edition TO {to}")
        session.run(f"REVOKE INSERT, UPDATE, DELETE ON {SEALED} FROM {to}")


def _grant_sealer(session: Session, schema: str) -> None:
    role = sealer_of(schema)
    _make_role(session, role)
    to = identifier(role)
    session.run(f"GRANT {to} TO CURRENT_USER")
    session.run(f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {to}")
    session.run(f"GRANT SELECT ON log, edition, {SEALED} TO {to}")
    session.run(f"GRANT SELECT ON migrated, positions TO {to}")  # for its probes: is the schema there, how far is who
    session.run(f"GRANT INSERT ON {SEALED} TO {to}")


def migrate(app: type[Application], dsn: str, *, schema: str | None = None, extra: Sequence[Traversable] = ()) -> None:
    """Make or extend one service's schema: log, positions, views, and its own tables (`extra` scripts).

    A new policy begins at the log's end, a new view at its beginning.
    """

    def create(session: Session) -> None:
        for view in _views(app):
            view.create(session)
        for follower in (f"{app.name}.relay", f"{app.name}.timers"):
            session.run("INSERT INTO positions VALUES (%s, 0) ON CONFLICT DO NOTHING", (follower,))
        for policy in policies_of(app):
            session.run(
                "INSERT INTO positions SELECT %s, coalesce(max(position), 0) FROM log ON CONFLICT DO NOTHING",
                (f"policy.{policy}",),
            )
        _grant_sealer(session, schema or app.name)

    prepare_schema(dsn, schema or app.name, [*LOG_SQL, *extra], create)


def pending(session: Session, app: type[Application], *, extra: Sequence[Traversable] = ()) -> list[str]:
    """What this release needs in the session's schema and `migrate` has not made yet: scripts, and who keeps positions.

    What a newer release has made besides is no matter.
    """
    if session.one("SELECT to_regclass('migrated')") == (None,):
        return ["everything"]
    made = {name for (name,) in session.run("SELECT script FROM migrated")}
    made |= {name for (name,) in session.run("SELECT follower FROM positions")}
    wanted = [script.name for script in (*LOG_SQL, *extra)]
    wanted += [view.name for view in _views(app)]
    wanted += [f"policy.{policy}" for policy in policies_of(app)]
    return [name for name in wanted if name not in made]


def migrate_bus(dsn: str, *, schema: str = "bus") -> None:
    """Make or extend the embedded bus's schema."""
    prepare_schema(dsn, schema, [CHASSIS_SQL / "0001_bus.sql"], lambda _session: None)


def open_database(dsn: str, schema: str, *, size: int = 8, role: str = "") -> PooledDatabase:
    """The pool of a service in its schema, as its role (or another)."""
    return PooledDatabase(dsn, schema, size=size, role=role or role_of(schema)).open()


def _views(app: type[Application]) -> list[View]:
    return list(dict.fromkeys((*app.policy_views, *app.views)))
