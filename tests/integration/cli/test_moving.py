"""`mandate bus move`: what it refuses, what it leaves behind wherever it is killed, and that it can be typed again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chassis import failpoints, progress
from chassis.embedded import postgres
from chassis.embedded.bus import EmbeddedPublisher
from chassis.hearing import HEARD
from chassis.migrate import open_database
from chassis.runtime import Wakeup, wait_until
from cli.platform import ALL, Platform, platform
from tests.integration.cli.terminal import Terminal

pytestmark = pytest.mark.timeout(1200)

MOVE = ("bus", "move", "embedded", "kafka")
KILLED = ("after_forget", "after_database_access", "after_drop")
SCHEMAS = (*(service.name for service in ALL), "vault")


@pytest.fixture
def run_state() -> Iterator[Path]:
    """What a `mandate run` has left that was stopped."""
    folder = Path(tempfile.mkdtemp(prefix="mandate-moving-"))
    folder.chmod(0o755)
    try:
        with platform(folder) as started:
            assert wait_until(lambda: told(started), Wakeup(), timeout_s=60)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def told(started: Platform) -> bool:
    """Whether identity has told the states of the seeded people."""
    with started.processes["identity"].database.session() as session:
        return session.one("SELECT 1 FROM told") is not None


def contents(base: Path, schemas: tuple[str, ...] = SCHEMAS, *, database: str = "") -> dict[str, list[Any]]:
    """The rows of each log and of the vault's keys, below a PostgreSQL folder that nobody runs just now."""
    server = postgres.start(base)
    found: dict[str, list[Any]] = {}
    try:
        for schema in schemas:
            what = "keys" if schema == "vault" else "log"
            with psycopg.connect(server.dsn(database or schema)) as owner:
                found[schema] = owner.execute(f"SELECT * FROM {schema}.{what} ORDER BY 1, 2".encode()).fetchall()
                names = owner.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information)'")
                if not database:
                    assert {name for (name,) in names} == {schema, "public"}
    finally:
        server.stop()
    return found


def kill_at(state: Path, place: str) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "cli", *MOVE, "--state", str(state)],
        env=os.environ | {"MANDATE_FAILPOINT": f"move.{place}:kill"},
        capture_output=True,
        check=False,
        timeout=120,
    )
    return done.returncode


def test_a_move_that_is_killed_anywhere_is_finished_by_the_same_command(
    run_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mandate = Terminal(run_state)
    before = contents(run_state / "postgres", database="mandate")
    assert all(before[name] for name in ("identity", "vault"))
    for place in KILLED:
        assert kill_at(run_state, place) == -signal.SIGKILL, place
        assert "a move to Kafka was cut off" in mandate.refuses("run")
    with monkeypatch.context() as cut_off:
        cut_off.setattr(failpoints, "_NAME", "move.after_keys")
        assert isinstance(mandate(*MOVE).exception, RuntimeError)

    assert f"start it with `mandate up --state {run_state}`" in mandate.says(*MOVE)
    assert "it has been moved already" in mandate.says(*MOVE)
    said, done = map(json.loads, mandate.says(*MOVE, "--json").splitlines())
    assert said == {"said": "it has been moved already"}
    assert (done["from"], done["to"]) == ("embedded", "kafka")
    assert "has moved to Kafka" in mandate.refuses("run")
    assert {one.name for one in run_state.iterdir()} == {"up", "run.lock", "moved-to-kafka"}
    after = contents(run_state / "up" / "postgres")
    assert {name: rows[: len(before[name])] for name, rows in after.items()} == before
    heard = [row[3] for name, rows in after.items() for row in rows[len(before[name]) :]]
    assert all(topic.startswith(HEARD) for topic in heard), "somebody reacted to what was drained"
    server = postgres.start(run_state / "up" / "postgres")
    try:
        with psycopg.connect(server.dsn("identity"), options="-c search_path=identity") as owner:
            [(states, forms)] = owner.execute("SELECT count(*), sum(form) FROM told").fetchall()
            assert (states > 0, forms) == (True, 0), "its states would not be told again"
            assert owner.execute("SELECT 1 FROM offsets UNION ALL SELECT 1 FROM written").fetchall() == []
        with psycopg.connect(server.dsn()) as admin:
            names = {name for (name,) in admin.execute("SELECT datname FROM pg_database")}
    finally:
        server.stop()
    assert "mandate" not in names, "who is erased later would still stand there"


def test_a_log_that_was_put_back_is_restored_first(run_state: Path) -> None:
    server = postgres.start(run_state / "postgres")
    bus, identity = (open_database(server.dsn("mandate"), name, size=1) for name in ("bus", "identity"))
    try:
        with identity.session() as session:
            EmbeddedPublisher(bus).publish([progress.message(session, "identity", 1, 10_000)])
    finally:
        bus.close()
        identity.close()
        server.stop()
    assert "run `mandate restore identity` first" in Terminal(run_state).refuses(*MOVE)


def test_what_is_not_there_or_would_be_overwritten_is_refused(tmp_path: Path) -> None:
    mandate = Terminal(tmp_path)
    assert "there is nothing to move" in mandate.refuses(*MOVE)
    for own in ("postgres/data", "up/postgres"):
        (tmp_path / own).mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").touch()
    assert f"keeps data of its own in {tmp_path / 'up' / 'postgres'}" in mandate.refuses(*MOVE)
    assert mandate("bus", "move", "kafka", "embedded").exit_code == 1
