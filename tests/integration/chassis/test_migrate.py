"""Migrate alone creates; any number of them may do it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chassis.database import Session
from chassis.embedded.bus import EmbeddedTopicAdmin
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.migrate import migrate, migrate_bus, open_database, pending, prepare_schema, role_of
from tests.house import CATALOGUE, drop_database, new_database
from tests.integration.chassis.shop import SERVICE


def make_all(dsn: str) -> None:
    migrate(SERVICE.application, dsn)
    migrate_bus(dsn)
    bus = open_database(dsn, "bus", size=1)
    EmbeddedTopicAdmin(bus).ensure(tuple(CATALOGUE.topics.values()))
    bus.close()


def test_four_migrate_one_database_at_once_and_again(postgres: EmbeddedPostgres) -> None:
    """Each has a session of its own, which is all that PostgreSQL knows of a process."""
    name = new_database(postgres)
    dsn = postgres.dsn(name)
    for _ in range(2):
        with ThreadPoolExecutor(4) as four:
            list(four.map(make_all, [dsn] * 4))
    with psycopg.connect(dsn) as connection:
        positions = connection.execute("SELECT follower, position FROM shop.positions ORDER BY 1").fetchall()
        scripts = connection.execute("SELECT script FROM shop.migrated").fetchall()
        [topics] = connection.execute("SELECT count(*) FROM bus.topics").fetchall()
    followers = ["asked_v1", "policy.counting", "policy.picky", "roles_v1", "shop.relay", "shop.timers", "tabs_v1"]
    assert positions == [(follower, 0) for follower in followers]
    names = ("0001_log", "0002_append", "0003_told", "0004_seals", "0005_put_back", "0006_reread")
    assert sorted(scripts) == [(f"{name}.sql",) for name in names]
    assert topics == (len(CATALOGUE.topics),)
    drop_database(postgres, name)


def test_four_databases_of_one_server_are_migrated_at_once(postgres: EmbeddedPostgres) -> None:
    """The lock is the database's, but roles are the server's: the second to make one must not fail."""
    schema = f"new_{uuid4().hex[:8]}"
    names = [new_database(postgres) for _ in range(4)]
    with ThreadPoolExecutor(4) as four:
        list(four.map(lambda name: prepare_schema(postgres.dsn(name), schema, [], _nothing), names))
    for name in names:
        drop_database(postgres, name)
    with psycopg.connect(postgres.dsn(), autocommit=True) as admin:
        admin.execute(f"DROP ROLE {role_of(schema)}".encode())


def _nothing(_session: Session) -> None: ...


def test_a_migration_that_fails_leaves_nothing(postgres: EmbeddedPostgres) -> None:
    name = new_database(postgres)

    def fail(session: Session) -> None:
        session.run("CREATE TABLE half (one int)")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        prepare_schema(postgres.dsn(name), "shop", [], fail)
    with psycopg.connect(postgres.dsn(name)) as connection:
        assert connection.execute("SELECT to_regnamespace('shop')").fetchone() == (None,)
    drop_database(postgres, name)


def test_what_migrate_has_not_made_yet_is_named(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    """A process of a newer release waits for its own; one of an older release goes on beside a newer schema."""
    name = new_database(postgres)
    dsn = postgres.dsn(name)
    script = tmp_path / "0001_more.sql"
    script.write_text("CREATE TABLE more (one int)")
    with psycopg.connect(dsn, options="-c search_path=shop", autocommit=True) as connection:
        session = Session(connection)
        assert pending(session, SERVICE.application) == ["everything"]
        migrate(SERVICE.application, dsn)
        assert pending(session, SERVICE.application) == []
        assert pending(session, SERVICE.application, extra=[script]) == ["0001_more.sql"]
        migrate(SERVICE.application, dsn, extra=[script])
        assert pending(session, SERVICE.application) == []
        session.run("DELETE FROM positions WHERE follower IN ('policy.picky', 'tabs_v1')")
        assert pending(session, SERVICE.application) == ["tabs_v1", "policy.picky"]
    drop_database(postgres, name)
