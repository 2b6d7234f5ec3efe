"""`mandate events doctor`: every fault that it knows is made on real parts, and named, with a command that exists."""

from __future__ import annotations

import json
import shlex
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from typer.testing import CliRunner

from chassis import progress
from chassis.bus import Message
from chassis.database import rows_of
from chassis.runtime import Lease
from cli import doctoring
from cli.__main__ import app
from cli.installation import Installation
from cli.up import Part
from services.access.commands import role_requests
from tests.attested import ATTESTATION
from tests.house import CATALOGUE, House
from tests.integration.cli.terminal import Terminal, Village
from tests.notary import Notary
from tools.repository import ROOT

Publish = Callable[..., UUID]
Owner = Callable[..., list[Any]]


@pytest.fixture(autouse=True)
def in_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_DOCTOR_STILL_S", "0.05")
    monkeypatch.setenv("MANDATE_DOCTOR_CLOCK_S", "2")  # a machine that does much at once


@pytest.fixture
def owner(house: House) -> Owner:
    """Run something as nobody but the owner of the database may."""

    def run(statement: str, *values: Any, schema: str = "access") -> list[Any]:
        with psycopg.connect(house.bus.dsn, autocommit=True, options=f"-c search_path={schema}") as connection:
            cursor = connection.execute(statement.encode(), values)
            return rows_of(cursor)

    return run


def named(terminal: Terminal, check: str, *, code: int = 3) -> list[dict[str, str]]:
    """What is found of a check: each with a page that exists, and with a command that can be typed."""
    rows = [row for row in terminal.finds("events", "doctor", code=code) if row["check"] == check]
    for row in rows:
        assert (ROOT / "docs" / "runbooks" / f"{row['page']}.md").exists()
        for command in row["command"].split(" && "):
            name, *words = shlex.split(command)
            if name == "mandate" and words[0] != "restore":
                assert CliRunner().invoke(app, [*words, "--help"]).exit_code == 0, command
    return rows


def test_of_what_is_in_step_nothing_is_wrong(in_step: Terminal) -> None:
    assert in_step.finds("events", "doctor") == []
    assert in_step.says("events", "doctor").strip() == "nothing is wrong"


def test_a_log_that_ends_before_its_progress_is_to_be_restored(in_step: Terminal, house: House) -> None:
    """F-18."""
    with house.access.app.session() as session:
        house.publisher.publish([progress.message(session, "access", 1, house.access.end() + 7)])
    [found] = named(in_step, "log-behind")
    assert (found["severity"], found["command"]) == ("critical", "mandate restore access")
    assert f"its log ends at {house.access.end()} of edition 1" in found["sentence"]


def test_places_beyond_the_end_are_named(in_step: Terminal, owner: Owner) -> None:
    owner("UPDATE offsets SET next = next + 9 WHERE topic = 'AccountState' AND partition = 4")
    [found] = named(in_step, "beyond-end")
    assert "access: it reads AccountState/4 from" in found["sentence"]


def test_a_place_that_retention_has_passed_is_named(in_step: Terminal, house: House, publish_account: Publish) -> None:
    """Before the listener has seen it, and after; and then the origin can tell its states again."""
    event = Message("ConnectionState", str(uuid4()), b"", {})
    [at] = house.publisher.publish([event])
    house.publisher.publish([replace(event)])
    house.admin.truncate("ConnectionState", at.partition, before=at.offset + 1)
    [before] = named(in_step, "below-retention")
    assert f"its place in ConnectionState/{at.partition}" in before["sentence"]
    assert before["command"] == "mandate events retell connections"
    house.settle()
    [after] = named(in_step, "below-retention")
    assert after["sentence"] == before["sentence"]
    said = in_step.says("events", "retell", "connections")
    assert f"access does without what it missed of ConnectionState/{at.partition}" in said
    assert named(in_step, "below-retention") == []


def test_a_topic_made_anew_is_named_for_teller_and_listener_and_mended(
    in_step: Terminal, house: House, village: Village, notary: Notary
) -> None:
    topic = CATALOGUE.topics["AssociationState"]
    house.admin.delete([topic.name])
    house.admin.ensure([topic])
    found = {row["service"]: row for row in named(in_step, "made-anew")}
    assert (found["access"]["severity"], found["connections"]["severity"]) == ("critical", "warning")
    assert found["access"]["command"] == "mandate events retell access"

    before = [room.end() for room in house.rooms.values()]
    outcome = in_step.finds("events", "retell", "access")
    assert outcome["forgotten"] == ["AssociationState"]
    house.settle()  # by the relay that runs
    notary.seal()
    assert named(in_step, "made-anew", code=0) == []
    assert sum(place.offset for place in house.subscriber.ends(["AssociationState"]).values()) == outcome["states"] == 3
    assert [room.end() for room in house.rooms.values()] == before, "somebody took a state for a new one"


def test_a_topic_that_is_not_as_declared_is_named(in_step: Terminal, house: House) -> None:
    house.admin.delete(["RoleRequested", "ConnectionApproved"])
    house.admin.ensure([replace(CATALOGUE.topics["RoleRequested"], partitions=2)])
    [wrong] = named(in_step, "partitions")
    assert "RoleRequested has 2 partitions, the contract says 3" in wrong["sentence"]
    [missing] = named(in_step, "topic")
    assert "no topic ConnectionApproved" in missing["sentence"]


def test_parked_keys_are_to_be_redriven(in_step: Terminal, house: House) -> None:
    house.publisher.publish([Message("AccountState", "k", b"\xff", {"ce_type": "x.Nonsense"})])
    house.settle()
    [found] = named(in_step, "parked")
    assert found["command"] == "mandate events redrive access"
    assert "1 messages and 0 events" in found["sentence"]


def test_a_follower_that_stands_still_is_named_and_one_that_moves_is_not(
    in_step: Terminal, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.access.execute(
        role_requests.request_role, uuid4(), employer_id=uuid4(), role="AUTHORIZED_OFFICIAL", attestation=ATTESTATION
    )
    still = {row["sentence"].split(" stands")[0] for row in named(in_step, "still")}
    assert {"access: access.relay", "access: staff_list_v1", "access: sealer"} <= still

    def watch(there: Callable[[], bool], *_: object, **__: object) -> bool:
        house.settle()
        return there()

    monkeypatch.setattr(doctoring, "wait_until", watch)
    assert [row["sentence"] for row in named(in_step, "still")] == [
        f"access: sealer stands at {house.access.end() - 2} of {house.access.end()} and has not moved for 0 s"
    ]


def test_a_lease_whose_holder_is_silent_is_named(
    in_step: Terminal, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease(house.access.database, "relay")
    assert lease.take()
    try:
        assert named(in_step, "lease", code=0) == []
        monkeypatch.setenv("MANDATE_DOCTOR_LEASE_S", "0")
        [found] = named(in_step, "lease")
        assert "the holder of the lease relay" in found["sentence"]
    finally:
        lease.release()


def test_a_role_that_nobody_leads_is_named_where_processes_lead(
    in_step: Terminal, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    up = in_step.state / "up"
    up.mkdir()
    (up / "postgres").symlink_to((in_step.state / "postgres").resolve())
    (up / "parts.json").write_text(json.dumps([asdict(Part("kafka", 0, "kafka", url="127.0.0.1:1"))]))
    monkeypatch.setattr(Installation, "dsn", lambda _self, _schema: house.bus.dsn)
    monkeypatch.setenv("MANDATE_DOCTOR_LEASE_S", "600")
    lease = Lease(house.access.database, "relay")
    assert lease.take()
    assert lease._connection is not None
    lease._connection.execute("SET idle_session_timeout = 0")  # a broker that is away is asked for longer
    try:
        rows = [row for row in named(in_step, "lease") if row["service"] == "access"]
    finally:
        lease.release()
    assert [row["sentence"] for row in rows] == [
        f"access: nobody holds the lease {role}: no worker of it runs"
        for role in ("ingest", "policies", "views", "timers", "sealer")
    ]
    assert any("the bus" in row["sentence"] for row in named(in_step, "behind"))


def test_two_editions_are_named_at_both_ends(in_step: Terminal, house: House, village: Village, owner: Owner) -> None:
    owner("UPDATE edition SET edition = 2")
    found = {row["service"]: row["sentence"] for row in named(in_step, "editions")}
    assert "3 states were told last before edition 2" in found["access"]
    assert "it has heard edition 1 of access, whose log is of edition 2" in found["connections"]
    owner("UPDATE edition SET edition = 1")
    owner("UPDATE progress SET edition = 2 WHERE origin = 'access'", schema="connections")
    [ahead] = named(in_step, "editions")
    assert (ahead["severity"], ahead["command"]) == ("critical", "mandate restore access")


def test_a_clock_that_is_off_is_named(in_step: Terminal, pass_time: Callable[[float], None]) -> None:
    pass_time(10)
    found = named(in_step, "clock")
    assert {row["service"] for row in found} == {"access", "connections"}
    assert all("clock is -1" in row["sentence"] or "clock is -9.9" in row["sentence"] for row in found)


def test_a_view_that_is_being_built_is_a_remark_and_no_fault(in_step: Terminal, house: House, owner: Owner) -> None:
    owner("INSERT INTO positions SELECT 'staff_list_v0', position FROM positions WHERE follower = 'staff_list_v1'")
    owner("UPDATE positions SET position = 0 WHERE follower = 'staff_list_v1'")
    [found] = named(in_step, "building")
    assert (found["severity"], found["page"]) == ("info", "MandateFollowerBehind")
    assert f"staff_list_v1 is being built: 0 of {house.access.end()}" in found["sentence"]


def test_what_migrate_has_not_made_is_named(in_step: Terminal, owner: Owner) -> None:
    owner("DELETE FROM migrated WHERE script = '0003_told.sql'")
    owner("DROP TABLE staff_list_v1")
    [found] = named(in_step, "schema")
    assert "its schema lacks 0003_told.sql, the table staff_list_v1" in found["sentence"]


def test_a_disk_that_is_nearly_full_is_named(in_step: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - what shutil gives
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(1000 << 20, 860 << 20, 140 << 20))
    [found] = named(in_step, "disk")
    assert "the disk of postgres is 86% full, 140 MiB are free" in found["sentence"]


def test_what_is_over_its_limit_is_named_with_the_page_of_its_alert(
    in_step: Terminal, house: House, pass_time: Callable[[float], None]
) -> None:
    house.access.execute(
        role_requests.request_role, uuid4(), employer_id=uuid4(), role="AUTHORIZED_OFFICIAL", attestation=ATTESTATION
    )
    pass_time(61)
    pages = {row["sentence"].split(" ")[1]: row["page"] for row in named(in_step, "behind")}
    assert pages["access.relay"] == "MandateOutboxOld"
    assert pages["sealer"] == "MandateCheckpointOld"
    assert pages["identity"] == "MandateHeardLate"
    assert pages["staff_list_v1"] == "MandateFollowerBehind"
