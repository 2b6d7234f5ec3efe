"""The one way into the log: all or nothing, in order, and never changed again."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from chassis import log, positions
from chassis.audit import leaf_hash
from chassis.cause import Cause
from chassis.database import DatabaseUnavailableError, Session
from chassis.log import Answer, AnsweredError, ConflictError, Entry, Move, MovedError
from tests.house import Room
from tests.integration.chassis.shop import add, open_tab
from tests.integration.chassis.tab import Tab

ONE = UUID(int=1)


def entry(version: int, *, stream: UUID = ONE) -> Entry:
    return Entry(stream, version, "shop.Tab.Closed", b'{"timestamp":"2026-01-01T00:00:00Z"}')


def append(room: Room, *entries: Entry, **more: Any) -> list[int]:
    with room.app.session() as session:
        return log.append(session, "shop", entries, more.pop("cause", Cause.of(uuid4())), **more)


def test_positions_follow_the_order_of_the_entries(shop: Room) -> None:
    streams = [uuid4() for _ in range(200)]
    placed = append(shop, *(entry(1, stream=stream) for stream in streams))
    assert placed == list(range(placed[0], placed[0] + 200))
    with shop.app.session() as session:
        assert [row.stream for row in log.read(session, after=0)] == streams


def test_a_conflict_is_said_and_leaves_nothing(shop: Room) -> None:
    append(shop, entry(1))
    end = shop.end()
    with pytest.raises(ConflictError):
        append(shop, entry(1, stream=uuid4()), entry(1), answer=Answer(ONE, ONE, ONE))
    assert shop.end() == end
    with shop.app.session() as session:
        assert session.run("SELECT * FROM answered") == []


def test_two_copies_of_one_aggregate_are_a_fault_of_the_caller_not_a_conflict(shop: Room) -> None:
    """As a conflict it would be tried again for ever, and never succeed."""
    with pytest.raises(ValueError, match="two copies"):
        append(shop, entry(1), entry(1))
    receipt = shop.execute(open_tab, ONE)

    def careless(app: Any, cause: Cause) -> Any:
        one, other = (app.repository.get(receipt.id) for _ in range(2))
        one.add("this")
        other.add("that")
        return app.commit(one, other, cause=cause)

    with pytest.raises(ValueError, match="two copies"):
        shop.execute(careless, ONE)
    assert shop.events(Tab.Added) == []


def test_a_repeat_is_absorbed_and_what_is_new_is_taken(shop: Room) -> None:
    assert len(append(shop, entry(1), entry(2), absorb=True)) == 2
    assert append(shop, entry(2), entry(1), absorb=True) == []
    assert len(append(shop, entry(2), entry(3), entry(3), absorb=True)) == 1
    assert [event.originator_version for event in shop.events()] == [1, 2, 3]


def test_a_command_is_answered_once(shop: Room) -> None:
    answer = Answer(ONE, uuid4(), uuid4())
    append(shop, entry(1), answer=answer)
    with pytest.raises(AnsweredError):
        append(shop, entry(2), answer=answer)
    with pytest.raises(AnsweredError):
        append(shop, answer=answer)
    assert [event.originator_version for event in shop.events()] == [1]


def test_a_position_moves_with_what_it_stands_for_or_nothing_happens(shop: Room) -> None:
    name = "policy.counting"
    placed = append(shop, entry(1), move=Move(name, 0, 7))
    with shop.app.session() as session:
        assert positions.of(session, name) == 7
    for stale in (Move(name, 0, 8), Move("policy.nobody", 0, 8)):
        with pytest.raises(MovedError):
            append(shop, entry(2), move=stale)
    assert shop.end() == placed[-1]


def test_only_migrate_makes_positions(shop: Room) -> None:
    with shop.app.session() as session, pytest.raises(LookupError, match="run migrate"):
        positions.of(session, "policy.nobody")


CHANGES = [
    "UPDATE log SET topic = 'x'",
    "DELETE FROM log",
    "TRUNCATE log",
    "UPDATE history SET topic = 'x'",
    "DELETE FROM history",
    "UPDATE edition SET edition = 9",
    "DELETE FROM edition",
    "ALTER TABLE log DISABLE TRIGGER ALL",
    "DROP TABLE log",
    "SET session_replication_role = replica",
    "CREATE TABLE more (one int)",
    "SELECT setval(pg_get_serial_sequence('log', 'position'), 1)",
]


def test_the_services_role_reads_and_appends_and_no_more(shop: Room) -> None:
    append(shop, entry(1))
    for change in CHANGES:
        with shop.app.session() as session, pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.run(change)
    assert [event.originator_version for event in shop.events()] == [1]


def test_the_log_refuses_its_owner_too(shop: Room) -> None:
    append(shop, entry(1))
    for change in (*CHANGES[:5], "UPDATE log SET topic = 'x' WHERE false"):
        with psycopg.connect(shop.database.dsn, options="-c search_path=shop") as owner:
            with pytest.raises(psycopg.Error) as refused:
                owner.execute(change.encode())
            assert refused.value.sqlstate == "MD009"
    assert [event.originator_version for event in shop.events()] == [1]


def test_history_says_who_and_why_in_sql(shop: Room) -> None:
    cause = Cause(actor=uuid4(), command_id=uuid4(), correlation_id=uuid4(), on_behalf_of=uuid4(), causation=2**40)
    plain = Cause.of(uuid4())
    append(shop, entry(1), entry(2), cause=[cause, plain])
    with shop.app.session() as session:
        found = session.run(
            "SELECT actor, on_behalf_of, command_id, correlation_id, causation, state->>'timestamp' FROM history"
        )
        kept = log.read(session, after=0)
    assert found == [
        (c.actor, c.on_behalf_of, c.command_id, c.correlation_id, c.causation or None, "2026-01-01T00:00:00Z")
        for c in (cause, plain)
    ]
    assert [row.cause for row in kept] == [cause, plain]
    for row in kept:
        leaf = (row.stream, row.version, row.topic, row.recorded_at, row.packed_cause, row.state)
        assert leaf_hash("shop", *leaf) == row.leaf_hash


def test_every_append_rings_the_bell_of_its_schema_once(shop: Room) -> None:
    with shop.database.connect() as listener:
        listener.execute('LISTEN "shop.log"')
        placed = append(shop, entry(1), entry(2))
        append(shop, entry(2), absorb=True)
        rung = list(listener.notifies(timeout=0.2))
    assert [notify.payload for notify in rung] == [str(placed[-1])]


def test_a_lost_transaction_is_no_error_of_the_command(shop: Room) -> None:
    """PostgreSQL ends a session that sleeps in a transaction; the library counts that among internal errors."""
    with shop.database.connect() as connection:
        session = Session(connection)
        connection.execute("SET idle_in_transaction_session_timeout = 20")
        with pytest.raises(DatabaseUnavailableError):
            _sleep_inside(session, shop.database.dsn)


def test_a_server_that_hangs_up_is_no_error_of_the_command(shop: Room) -> None:
    with shop.database.connect() as connection, psycopg.connect(shop.database.dsn, autocommit=True) as other:
        session = Session(connection)
        log.append(session, "shop", [entry(1)], Cause.of(uuid4()))
        pid = connection.info.backend_pid
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        _until_gone(other, pid)
        with pytest.raises(DatabaseUnavailableError):
            log.append(session, "shop", [entry(2)], Cause.of(uuid4()))


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a transaction"])
def test_after_a_roll_back_a_session_appends_as_before(shop: Room, *, inside: bool) -> None:
    """With a roll-back all prepared statements of the connection go."""
    with shop.database.connect() as connection:
        session = Session(connection)
        log.append(session, "shop", [entry(1)], Cause.of(uuid4()))
        session.run("SELECT 1")
        with pytest.raises(ConflictError), session.transaction():
            log.append(session, "shop", [entry(1)], Cause.of(uuid4()))
        assert session.one("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'call%%'") == (0,)
        with session.transaction() if inside else nullcontext():
            log.append(session, "shop", [entry(2)], Cause.of(uuid4()))
    with shop.app.session() as session:
        assert [row.version for row in log.read(session, after=0)] == [1, 2]


def test_the_next_session_of_a_connection_finds_its_appends_prepared(shop: Room) -> None:
    """Or every command would pay for the plan: the pool gives it a session of its own."""
    with shop.database.connect() as connection:
        for version in (1, 2):
            log.append(Session(connection), "shop", [entry(version)], Cause.of(uuid4()))
        prepared = Session(connection).run(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE name LIKE 'call%%'"
        )
    assert prepared == [(2,)]


def _sleep_inside(session: Session, dsn: str) -> None:
    with session.transaction():
        session.run("SELECT 1")
        with psycopg.connect(dsn, autocommit=True) as other:
            _until_gone(other, session.connection.info.backend_pid)
        session.run("SELECT 1")


def _until_gone(other: psycopg.Connection[Any], pid: int) -> None:
    for _ in range(10_000):
        row = other.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone()
        if row == (0,):
            return
    pytest.fail("the session is still there")


def test_the_session_speaks_utc_whatever_the_server_does(shop: Room) -> None:
    with psycopg.connect(shop.database.dsn, autocommit=True) as admin:
        name = admin.info.dbname
        admin.execute(f"ALTER DATABASE \"{name}\" SET TimeZone = 'Pacific/Auckland'".encode())
    receipt = shop.execute(open_tab, ONE)
    shop.execute(add, ONE, tab_id=receipt.id, what="x")
    with shop.database.connect() as connection:
        rows = log.read(Session(connection), after=0)
    assert {row.recorded_at.isoformat()[-6:] for row in rows} == {"+00:00"}
