"""`mandate restore` and `mandate mails`: what an operator types after a backup was put back, and is told."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chassis.embedded import postgres
from chassis.embedded.bus import EmbeddedTopicAdmin
from chassis.migrate import migrate, migrate_bus, open_database
from cli.__main__ import app
from cli.alone import alone
from cli.installation import DATABASE, port_of
from cli.platform import ensure_database
from services.access.__main__ import SERVICE as ACCESS
from services.access.commands import staff
from services.access.domain.association import Association
from tests.house import CATALOGUE, House
from tests.integration.cli.terminal import Terminal, Village
from tests.putting_back import back_up, down, dsn_of


@pytest.fixture
def put_back(village: Village) -> House:
    """A village whose access was put back to before a connection's owner had his role, and is down."""
    house = village.house
    backup = back_up(dsn_of(house), "access")
    id_ = Association.id_for(village.staff, village.group)
    house.access.execute(staff.disassociate, village.official, association_id=id_)
    house.settle()
    house.access.database.close()
    backup.put_back()
    return house


def test_it_says_what_it_will_do_does_it_and_has_nothing_to_do_any_more(mandate: Terminal, put_back: House) -> None:
    plan = mandate.finds("restore", "access", "--dry-run")
    assert (plan["is_needed"], plan["edition"], plan["becomes"], plan["raised_to"]) == (True, 1, 2, None)
    assert plan["told"]["position"] > plan["end"]
    assert plan["lost"]["AssociationState"] == 1
    assert "1 of AssociationState: told, and not in the log" in mandate.says("restore", "access", "--dry-run")
    assert mandate.finds("restore", "access", "--dry-run")["edition"] == 1
    said = mandate.says("restore", "access", "--yes", "--by", "ops on duty")
    assert "access goes on as edition 2; next: mandate run" in said
    with down(put_back, "access"):
        pass
    put_back.settle()
    [row] = mandate.finds("audit", "find", " type:chassis.Edition.Raised")
    assert row["event"] == "chassis.Edition.Raised"
    put_back.access.database.close()
    assert "nothing to do" in mandate.says("restore", "access", "--yes")


def test_it_asks_first(mandate: Terminal, put_back: House) -> None:
    said = CliRunner().invoke(app, ["restore", "access", "--state", str(mandate.state)], input="n\n")
    assert said.exit_code == 1
    assert "Raise the edition of access to 2?" in said.output
    assert mandate.finds("restore", "access", "--dry-run")["edition"] == 1
    assert put_back.rooms


def test_it_refuses_while_the_service_runs(mandate: Terminal, put_back: House) -> None:
    with down(put_back, "access"):
        pass
    with put_back.access.app.session():
        said = mandate("restore", "access", "--yes")
    assert said.exit_code == 1
    assert re.search(r"access still runs \(\d as mandate_access from 127\.0\.0\.1\): stop all of it first", said.output)
    put_back.access.database.close()


def test_where_the_bus_was_put_back_too_it_is_done_anyway(mandate: Terminal, village: Village) -> None:
    village.house.access.database.close()
    assert "nothing to do" in mandate.says("restore", "access", "--yes")
    assert mandate.finds("restore", "access", "--yes", "--anyway")["raised_to"] == 2


def test_bad_words_are_refused_with_a_line(mandate: Terminal, tmp_path: Path) -> None:
    assert "--json asks nobody: add --yes, or --dry-run" in mandate.refuses("restore", "access", "--json")
    assert "there is no service 'acess' here" in mandate.refuses("restore", "acess", "--dry-run")
    assert "nothing is kept below" in Terminal(tmp_path / "elsewhere").refuses("restore", "access", "--dry-run")


@pytest.fixture
def stopped() -> Iterator[Path]:
    """What `mandate run` has left: a folder with the data of a PostgreSQL that does not run."""
    state = Path(tempfile.mkdtemp(prefix="mandate-stopped-"))
    state.chmod(0o755)  # PostgreSQL drops to another user where we are root
    server = postgres.start(state / "postgres")
    dsn = ensure_database(server, DATABASE)
    migrate_bus(dsn)
    migrate(ACCESS.application, dsn, extra=ACCESS.scripts)
    bus = open_database(dsn, "bus", size=1)
    EmbeddedTopicAdmin(bus).ensure(tuple(CATALOGUE.topics.values()))
    bus.close()
    server.stop()
    try:
        yield state
    finally:
        shutil.rmtree(state, ignore_errors=True)


def test_where_nothing_runs_the_server_is_started_for_a_moment(stopped: Path) -> None:
    mandate = Terminal(stopped)
    assert mandate.finds("restore", "access", "--yes", "--anyway")["raised_to"] == 2
    assert port_of(stopped / "postgres") is None
    with alone(stopped):
        assert "stop it first" in mandate.refuses("restore", "access", "--dry-run")
    assert "`up` keeps nothing below" in mandate.refuses("restore", "access", "--dry-run", "--up")
