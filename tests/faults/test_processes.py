"""The story on real processes, Kafka and PostgreSQL, with deaths in the worst places: nothing lost, nothing twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chassis import log
from chassis.audit import leaf_hash
from chassis.database import PooledDatabase
from chassis.hearing import HEARD, headers_of
from chassis.runtime import Background, Wakeup, wait_until
from cli.demo import eventually, play_on_up
from cli.installation import find
from cli.up import Part, parts_of
from tests import downstream
from tests.faults.again import restart, start_kafka_again
from tests.faults.wholeness import check_seals, check_secrets, check_views
from tests.sockets import peers
from tools.deploy import facts

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(1200)]


SERVICES = ("identity", "access", "connections", "enrollment", "notifier")
REST_S = 60.0
HEARS = {
    "access": {"identity", "connections", "enrollment"},
    "connections": {"access"},
    "enrollment": {"identity", "access", "connections"},
}


def part(state: Path, name: str) -> Part:
    return next(one for one in parts_of(state / "up") if one.name == name)


def databases(state: Path) -> dict[str, PooledDatabase]:
    found = {}
    for name in SERVICES:
        environment = dict(part(state, f"{name}.worker").environment)
        found[name] = PooledDatabase(environment["MANDATE_DATABASE_URL"], name, size=2).open()
    return found


def kill(state: Path, name: str) -> None:
    """As a machine that loses its power."""
    one = part(state, name)
    os.kill(one.pid, signal.SIGKILL)
    eventually(lambda: not one.alive(), f"the end of {name}")


def die_at(state: Path, name: str, failpoint: str) -> None:
    """Run a worker that kills itself when it next comes to a place; it is started again by `revive`."""
    kill(state, name)
    restart(state, name, MANDATE_FAILPOINT=f"{failpoint}:kill")


def revive(state: Path, name: str, died: list[str]) -> None:
    """Wait until the worker has died at its failpoint, and start it without one."""
    eventually(lambda: not part(state, name).alive(), f"{name} to reach its failpoint", wait_s=60)
    died.append(name)
    restart(state, name)
    eventually(lambda: part(state, name).ready(), f"{name} to be ready again")


def check(state: Path, *, rest_s: float = REST_S) -> None:
    """I1 to I7 over all logs, once everybody has caught up, which takes so long at most."""
    open_databases = databases(state)
    try:
        rests = wait_until(lambda: not _waiting(open_databases), Wakeup(), timeout_s=rest_s)
        assert rests, _waiting(open_databases)
        for name, database in open_databases.items():
            with database.session() as session:
                _check_log(name, log.read(session, after=0, limit=10_000_000))
                assert session.run("SELECT cause FROM parked") == []
                assert session.run("SELECT cause FROM parked_messages") == []
        _check_hearing(open_databases)
        _check_mails(open_databases["notifier"])
    finally:
        for database in open_databases.values():
            database.close()
    check_views(state)
    check_seals(state)


def _waiting(open_databases: dict[str, PooledDatabase]) -> list[str]:
    """What has still to be followed, heard or sent."""
    found = []
    for name, database in open_databases.items():
        with database.session() as session:
            end = log.end(session)
            rows = session.run("SELECT follower, position FROM positions WHERE position < %s", (end,))
            found += [f"{name}: {follower} at {position} of {end}" for follower, position in rows]
    asked, ends = _mails(open_databases["notifier"])
    mails = [f"notifier: {asked - len(ends)} mails"] if len(ends) < asked else []
    return [*found, *_expected(open_databases), *mails]


def _check_log(name: str, recorded: list[log.Recorded]) -> None:
    last: dict[Any, int] = {}
    for row in recorded:
        own = not row.topic.startswith(HEARD)
        assert not own or row.version == last.get(row.stream, 0) + 1, (name, row.topic, row.version)
        last[row.stream] = row.version
        leaf = leaf_hash(name, row.stream, row.version, row.topic, row.recorded_at, row.packed_cause, row.state)
        assert leaf == row.leaf_hash
    heard = Counter(headers_of(row)["ce_id"] for row in recorded if row.topic.startswith(HEARD))
    assert [ce_id for ce_id, count in heard.items() if count > 1] == []


def _told(database: PooledDatabase, service: str) -> dict[tuple[str, str], int]:
    """(topic, key) -> version of every state that this service has told last."""
    with database.session() as session:
        rows = session.run("SELECT topic, key::text, version FROM told")
    return {(topic, key): version for topic, key, version in rows}


def _expected(open_databases: dict[str, PooledDatabase]) -> list[str]:
    """States that were told and not heard by those who listen."""
    missing = []
    for listener, origins in HEARS.items():
        with open_databases[listener].session() as session:
            heard = {(t, k): v for t, k, v in session.run("SELECT topic, key, version FROM heard")}
        topics = {topic for topic, _ in heard}
        for origin in origins:
            for (topic, key), version in _told(open_databases[origin], origin).items():
                if topic in topics and heard.get((topic, key)) != version:
                    missing.append(f"{listener}: {topic} {key} {version}")
    return missing


def _check_hearing(open_databases: dict[str, PooledDatabase]) -> None:
    assert _expected(open_databases) == []


def _mails(notifier: PooledDatabase) -> tuple[int, dict[Any, list[str]]]:
    """How many were asked for; and the ends of each that came to one."""
    with notifier.session() as session:
        [(asked,)] = session.run("SELECT count(*) FROM log WHERE topic = 'notifier.Notification.Requested'")
        ends = session.run(
            "SELECT stream, array_agg(split_part(topic, '.', 3) ORDER BY position) FROM log"
            " WHERE topic ~ '^notifier.Notification.(Sent|Failed|Superseded|Expired)$' GROUP BY stream"
        )
    return asked, dict(ends)


def _check_mails(notifier: PooledDatabase) -> None:
    """I6: what was asked for came to one end; or was dropped while it was handed over, which cannot be taken back."""
    asked, ends = _mails(notifier)
    assert len(ends) == asked
    twice = [end for end in ends.values() if len(end) > 1]
    assert [end for end in twice if end not in (["Superseded", "Sent"], ["Expired", "Sent"])] == []


def test_the_story_is_told_on_kafka_and_postgresql(up_state: Path) -> None:
    """Every step, with one process a role."""
    told: list[str] = []
    story = play_on_up(up_state, say=lambda step, _: told.append(step))
    assert told == ["1", "2", "3", "4", "5", "6", "7", *["8"] * 5, "9", "9", "10", "10"]
    with find(up_state).bus() as bus:
        downstream.check(bus, story)
    check(up_state)
    check_secrets(up_state, story.people.values(), known=story.group)


def kafka_away(state: Path) -> None:
    """The broker is stopped for 30 seconds, then it is there again, at the same address."""
    kafka = part(state, "kafka")
    os.kill(kafka.pid, signal.SIGTERM)
    eventually(lambda: not kafka.alive(), "the end of the broker")
    wait_until(lambda: False, Wakeup(), timeout_s=30)
    start_kafka_again(state)


DEATHS: dict[str, tuple[str, str]] = {
    "1": ("identity.worker", "relay.after_publish"),
    "2": ("access.worker", "relay.after_publish"),
    "3": ("notifier.worker", "policy.before_append"),
    "4": ("access.worker", "view.before_commit"),
    "6": ("connections.worker", "ingest.before_commit"),
    "7": ("access.worker", "ingest.before_commit"),
}
"""After which step which worker is set up to die where: each comes to its place in the step that follows."""


def test_just_the_connections_of_the_table_are_open(up_state: Path) -> None:
    """What NetworkPolicies are made of, held against what the story has opened: nothing missing, nothing unused.

    The story's people ask the services in the portal's place; whom the portal asks, tests/unit/deploy compares.
    """
    parts = {one.name: one for one in parts_of(up_state / "up")}
    ports = {name: int(one.url.rpartition(":")[2]) for name, one in parts.items() if name.endswith(".api")}
    ports |= {name: int(parts[name].url.rpartition(":")[2]) for name in ("postgres", "kafka")}
    listening = {port: name for name, port in ports.items()}
    ours = [one for name, one in parts.items() if name.endswith((".api", ".worker", "activity"))]
    opened = {(one.name, listening[port]) for one in ours for port in peers(one.pid) if port in listening}
    table = {(who, f"{to}.api") for who, asked in facts.table().calls.items() for to in asked if who != "portal.web"}
    table |= {(f"{name}.{role}", "postgres") for name in facts.SERVICES for role in ("api", "worker")}
    table |= {(who, "kafka") for who in (*(f"{name}.worker" for name in facts.SERVICES), "activity")}
    assert opened == table


def test_deaths_and_an_absent_broker_lose_nothing_and_answer_nothing_twice(up_state: Path) -> None:
    """F-01 (relay produced and not saved; worker handled and not committed) and F-05 (30 s), in the second telling."""
    helpers: list[Background] = []
    died: list[str] = []
    failed: list[BaseException] = []

    def meanwhile(work: Callable[[], None]) -> None:
        def noted() -> None:
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - for the test to say, and not a thread
                failed.append(error)

        helpers.append(Background("fault", noted))
        helpers[-1].start()

    def done() -> None:
        for helper in helpers:
            assert helper.join(60)
        assert failed == []

    def trouble(step: str, _line: str) -> None:
        done()
        if step in DEATHS:
            name, failpoint = DEATHS[step]
            die_at(up_state, name, failpoint)
            meanwhile(partial(revive, up_state, name, died))
        if step == "5":
            meanwhile(lambda: kafka_away(up_state))

    story = play_on_up(up_state, telling=1, wait_s=75, say=trouble)
    done()
    assert died == [name for name, _ in DEATHS.values()]
    check(up_state)
    check_secrets(up_state, story.people.values(), known=story.group)
