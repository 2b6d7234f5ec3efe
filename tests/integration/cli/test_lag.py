"""`mandate events lag`: who is behind whom, by how much, since when; and what it says where a part is away."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import pytest
import yaml

from chassis.bus import Message
from chassis.ports import free_port
from cli.installation import Installation
from cli.lag import Limits
from cli.up import Part
from services.access.commands import role_requests
from tests.attested import ATTESTATION
from tests.house import House
from tests.integration.cli.terminal import Terminal
from tools.repository import ROOT


@pytest.fixture
def official(in_step: Terminal, house: House) -> UUID:
    """Somebody who has asked for a role: nobody has looked at it since."""
    who = uuid4()
    house.access.execute(
        role_requests.request_role, who, employer_id=uuid4(), role="AUTHORIZED_OFFICIAL", attestation=ATTESTATION
    )
    return who


Publish = Callable[..., UUID]


def found(terminal: Terminal, kind: str, *, code: int = 0) -> dict[tuple[str, str], dict[str, Any]]:
    rows = terminal.finds("events", "lag", code=code)["rows"]
    return {(row["service"], row["what"]): row for row in rows if row["kind"] == kind}


def test_in_step_is_said_in_the_last_line(in_step: Terminal) -> None:
    said = in_step.says("events", "lag")
    assert said.strip().splitlines()[-1] == "all in step"
    assert in_step.finds("events", "lag")["in_step"] is True
    each = in_step.says("events", "lag", "--all")
    assert "policy.open_own_record" in each
    assert each.strip().endswith("all in step")


def test_what_waits_within_its_limit_is_shown_and_is_no_fault(in_step: Terminal, house: House, official: UUID) -> None:
    outbox = found(in_step, "outbox")["access", "access.relay"]
    assert outbox["count"] > 0
    assert outbox["age_s"] < 60
    assert found(in_step, "follower")["access", "staff_list_v1"]["count"] == outbox["count"]
    said = in_step.says("events", "lag")
    assert "access.relay" in said
    assert said.strip().endswith("all in step")


def test_an_outbox_over_its_limit_is_behind_since_its_oldest_event(
    in_step: Terminal, official: UUID, pass_time: Callable[[float], None]
) -> None:
    pass_time(61)
    outbox = found(in_step, "outbox", code=3)["access", "access.relay"]
    assert outbox["is_behind"] is True
    assert 61 <= outbox["age_s"] < 75
    said = in_step.says("events", "lag", code=3).splitlines()
    [of_outbox] = [one for one in said if one.startswith("behind  access  access.relay")]
    assert f"{outbox['count']} behind, since {outbox['since'][:10]}" in of_outbox
    assert of_outbox.endswith("limit 60 s")
    assert "all in step" not in said


def test_messages_behind_are_counted_by_topic(in_step: Terminal, house: House, publish_account: Publish) -> None:
    before = found(in_step, "topic")
    assert {row["count"] for (service, _), row in before.items() if service in house.rooms} == {0}
    for number in range(3):
        publish_account(uuid4(), position=number + 2)
    assert found(in_step, "topic")["access", "AccountState"]["count"] == 3
    assert "AccountState 3" in in_step.says("events", "lag")


def test_who_is_not_heard_any_more_is_behind_after_the_limit(
    in_step: Terminal, pass_time: Callable[[float], None]
) -> None:
    assert 0 <= found(in_step, "heard")["access", "identity"]["age_s"] < 30
    pass_time(31)
    late = found(in_step, "heard", code=3)
    assert late["access", "identity"]["is_behind"] is True
    assert "identity" in in_step.says("events", "lag", code=3)


def test_who_was_never_heard_is_said_to_be(mandate: Terminal, house: House) -> None:
    row = found(mandate, "heard", code=3)["access", "identity"]
    assert (row["age_s"], row["note"]) == (None, "was never heard")


def test_what_is_parked_is_behind_when_nobody_has_looked_for_a_while(
    in_step: Terminal, house: House, pass_time: Callable[[float], None]
) -> None:
    house.publisher.publish([Message("AccountState", "k", b"\xff", {"ce_type": "x.Nonsense"})])
    house.settle()
    assert found(in_step, "parked")["access", "parked"]["count"] == 1
    pass_time(301)
    late = found(in_step, "parked", code=3)
    assert (late["access", "parked"]["is_behind"], late["connections", "parked"]["count"]) == (True, 0)


@pytest.fixture
def on_up(in_step: Terminal, house: House, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The same as `mandate up` leaves it: with a broker that is down, and the database of one service away."""
    up = in_step.state / "up"
    up.mkdir()
    (up / "postgres").symlink_to((in_step.state / "postgres").resolve())
    gone = [Part(name, 0, "kafka", url=f"127.0.0.1:{free_port()}") for name in ("kafka", "access.worker")]
    (up / "parts.json").write_text(json.dumps([asdict(part) for part in gone]))
    elsewhere = {"connections": house.bus.dsn + "_is_gone"}
    monkeypatch.setattr(Installation, "dsn", lambda _self, schema: elsewhere.get(schema, house.bus.dsn))
    return in_step


def test_what_is_away_is_said_and_the_rest_is_shown(on_up: Terminal) -> None:
    """Broker, process and database: each is a line, and no line of another is missing for it."""
    rows = on_up.finds("events", "lag", code=3)["rows"]
    away = {(row["service"], row["what"]): row["note"] for row in rows if row["kind"] == "part"}
    assert set(away) == {
        ("bus", "the bus"), ("kafka", "kafka"), ("access", "access.worker"), ("connections", "the database"),
    }  # fmt: skip
    assert "mandate logs access.worker" in away["access", "access.worker"]
    assert "Kafka does not answer" in away["bus", "the bus"]
    assert {row["kind"] for row in rows if row["service"] == "access"} == {
        "outbox", "follower", "heard", "parked", "part",
    }  # fmt: skip
    said = on_up.says("events", "lag", code=3)
    assert "behind  bus  the bus" in said


def test_a_run_that_died_is_said_to_be_down(in_step: Terminal) -> None:
    lock = in_step.state / "run.lock"
    lock.touch()
    assert "mandate run  does not run" in in_step.says("events", "lag", code=3)
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert in_step.finds("events", "lag")["in_step"] is True


def test_limits_are_those_of_the_alerts() -> None:
    """One number for whoever is woken and for whoever looks."""
    spec = yaml.safe_load((ROOT / "deploy/components/monitoring/alerts.yaml").read_text())["spec"]
    rules = {rule["alert"]: rule for group in spec["groups"] for rule in group["rules"] if "alert" in rule}
    limits = Limits()
    assert rules["MandateOutboxOld"]["expr"].endswith(f"> {limits.outbox_s:.0f}")
    assert rules["MandateFollowerBehind"]["expr"].endswith(f"> {limits.follower_s:.0f}")
    assert rules["MandateParked"]["for"] == f"{limits.parked_s / 60:.0f}m"
    assert f"> {limits.mails_s:.0f} and" in rules["MandateMailsWait"]["expr"]


def test_a_limit_can_be_set(in_step: Terminal, official: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MANDATE_LAG_OUTBOX_S", "0")
    assert found(in_step, "outbox", code=3)["access", "access.relay"]["is_behind"] is True
