"""`mandate events`: what is on the topics, what is parked, and trying it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from mandate.identity.v1.state_pb2 import AccountState
from typer.testing import CliRunner

from chassis import fields, progress
from chassis.bus import Message
from cli import records
from cli.__main__ import app
from tests.house import CATALOGUE, House
from tests.integration.cli.terminal import Terminal, Village

Publish = Callable[..., UUID]
NONSENSE = Message("ConnectionState", "\x1b[2J", b"\xff\x00", {"ce_type": "x.Nonsense"})


def test_every_declared_topic_is_listed() -> None:
    said = CliRunner().invoke(app, ["events", "topics", "--json"])
    rows = {row["topic"]: row for row in json.loads(said.output)}
    assert set(rows) == set(CATALOGUE.topics)
    assert rows["ConnectionApproved"] == {
        "topic": "ConnectionApproved",
        "kind": "event",
        "partitions": 3,
        "retention": "30 days",
        "origin": "connections",
    }
    assert rows["AccountState"]["kind"] == "state"


def test_tail_shows_the_last_records_decoded(mandate: Terminal, village: Village) -> None:
    lines = mandate.says("events", "tail", "AssociationState", "--json").splitlines()
    found = [json.loads(line) for line in lines]
    assert len(found) == 6
    assert found == sorted(found, key=lambda one: str(one["appended_at"]))
    assert found[-1]["value"]["status"] == "APPROVED"
    assert found[-1]["headers"]["ce_type"] == "mandate.access.v1.AssociationState"
    last = mandate.says("events", "tail", "AssociationState", "--json", "--count", "2").splitlines()
    assert last == lines[-2:]
    first = mandate.says("events", "tail", "AssociationState", "--json", "--from-start", "--count", "2").splitlines()
    assert set(first) < set(lines)
    assert len(first) == 2


def test_pretty_shows_headers_as_a_subscriber_sees_them(mandate: Terminal, village: Village) -> None:
    said = mandate.says("events", "tail", "ConnectionApproved", "--pretty")
    assert "topic ConnectionApproved  partition" in said
    assert "  ce_source=/mandate/connections\n" in said
    assert f"provider_id={village.practice}\n" in said


def test_nothing_that_a_stranger_wrote_reaches_the_terminal_as_a_command(mandate: Terminal, house: House) -> None:
    house.publisher.publish([NONSENSE])
    for form in ("--pretty", "--from-start"):
        said = mandate.says("events", "tail", "ConnectionState", form)
        assert "\x1b[2J" not in said
        assert "unreadable" in said
        assert "ff00" in said
    found = json.loads(mandate.says("events", "tail", "ConnectionState", "--json"))
    assert (found["value"], found["bytes"]) == (None, "ff00")


def test_following_goes_on_with_what_comes(house: House, publish_account: Publish) -> None:
    """The generator that --follow prints, for a command that never ends cannot be waited for."""
    before = publish_account(uuid4())
    found = records.reading(house.subscriber, "AccountState", last=5, follow=True)
    assert next(found).key == str(before)
    later = [publish_account(uuid4(), position=n) for n in (2, 3)]
    assert [one.key for one in islice(found, 2)] == [str(one) for one in later]


def test_following_ends_with_its_count(mandate: Terminal, village: Village) -> None:
    said = mandate.says("events", "tail", "AccountState", "--json", "--from-start", "--count", "3", "--follow")
    assert len(said.splitlines()) == 3


def test_a_mistyped_topic_gets_a_guess(mandate: Terminal) -> None:
    assert "is it ConnectionApproved?" in mandate.refuses("events", "tail", "ConectionAproved")
    assert "leave one of them out" in mandate.refuses("events", "tail", "AccountState", "--json", "--pretty")


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    for left in ("", "1\n\n\n5432\n", "999999999\n\n\n5432\n", "x\n"):
        (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(left)
        said = Terminal(tmp_path).refuses("events", "parked")
        assert said == (
            f"nothing runs below {tmp_path}: start it with `mandate run --state {tmp_path}`, or name another --state"
        )


@pytest.fixture
def parked(house: House, publish_account: Publish, monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """One event that access can answer by now, one that it never can, and a message that nobody can read."""
    good = publish_account(uuid4())
    bad = publish_account(uuid4(), "no-id-at-all", position=2)
    house.publisher.publish([NONSENSE])
    with monkeypatch.context() as older:  # a release that took every id for one
        older.setattr(fields, "check", lambda _message: None)
        house.settle()
    with psycopg.connect(house.bus.dsn, options="-c search_path=access", autocommit=True) as owner:
        owner.execute(
            "INSERT INTO parked SELECT 'open_own_record', position, stream, 'it was so then', recorded_at FROM history"
            " WHERE state->>'key' = %s",
            (str(good),),
        )
    return [good, bad]


def test_what_is_parked_is_listed_with_cause_and_bytes(mandate: Terminal, parked: list[UUID]) -> None:
    rows = mandate.finds("events", "parked")
    assert [(row["service"], row["kind"]) for row in rows] == [
        ("access", "event"),
        ("access", "event"),
        ("access", "message"),
    ]
    [bad, good], message = sorted(rows[:2], key=lambda row: str(row["cause"])), rows[2]
    assert good["cause"] == "it was so then"
    assert bad["cause"].startswith("ValueError: ")
    assert json.loads(bytes.fromhex(bad["bytes"]))["key"] == str(parked[1])
    assert (message["bytes"], message["headers"]) == ("ff00", {"ce_type": "x.Nonsense"})
    said = mandate.says("events", "parked", "access")
    assert "it was so then" in said
    assert "\x1b[2J" not in said
    assert "nothing is parked" in mandate.says("events", "parked", "connections")


def test_redrive_says_what_went_through_and_what_stays(mandate: Terminal, parked: list[UUID]) -> None:
    outcome = mandate.finds("events", "redrive", "access", "--policy", "open_own_record", code=3)
    assert [row["cause"] for row in outcome["went_through"]] == ["it was so then"]
    [stays] = outcome["stays_parked"]
    assert stays["cause"].startswith("ValueError: badly formed")
    said = mandate.says("events", "redrive", "access", code=3)
    assert "0 went through, 2 stay parked" in said
    assert len(mandate.finds("events", "parked")) == 2


def test_redrive_wakes_no_policy_of_a_log_that_was_put_back(
    mandate: Terminal, house: House, parked: list[UUID]
) -> None:
    with house.access.app.session() as session:
        house.publisher.publish([progress.message(session, "access", 1, house.access.end() + 1)])
    assert "run `mandate restore access` first" in mandate.refuses("events", "redrive", "access")
    assert len(mandate.finds("events", "parked")) == 3


def test_redrive_hears_a_message_that_can_be_read_by_now(mandate: Terminal, house: House, village: Village) -> None:
    with psycopg.connect(house.bus.dsn, autocommit=True) as owner:  # as if an older release had not known it
        owner.execute(
            "WITH one AS (SELECT r.*, t.id FROM bus.records AS r JOIN bus.topics AS t ON t.name = r.topic"
            " WHERE r.topic = 'ConnectionState' ORDER BY r.appended_at DESC LIMIT 1)"
            ' INSERT INTO access.parked_messages SELECT topic, id, partition, "offset", key, headers, value,'
            " 'not known', appended_at FROM one"
        )
    outcome = mandate.finds("events", "redrive", "access")
    assert [row["what"] for row in outcome["went_through"]] == ["ConnectionState"]
    assert mandate.finds("events", "parked") == []


def test_a_message_with_an_id_that_is_none_is_listed_and_heard_once_it_is_mended(
    mandate: Terminal, house: House, publish_account: Publish
) -> None:
    account = publish_account(uuid4(), "no-id-at-all")
    house.settle()
    [row] = mandate.finds("events", "parked")
    assert (row["service"], row["kind"], row["key"]) == ("access", "message", str(account))
    assert row["cause"] == "provider_ids is no UUID: 'no-id-at-all'"
    assert b"no-id-at-all" in bytes.fromhex(row["bytes"])
    assert "0 went through, 1 stay parked" in mandate.says("events", "redrive", "access", code=3)
    mended = AccountState(account_id=str(account), active=True, provider_ids=[str(uuid4())]).SerializeToString()
    with psycopg.connect(house.bus.dsn, options="-c search_path=access", autocommit=True) as owner:
        owner.execute("UPDATE parked_messages SET value = %s", (mended,))
    outcome = mandate.finds("events", "redrive", "access")
    assert [row["what"] for row in outcome["went_through"]] == ["AccountState"]
    assert mandate.finds("events", "parked") == []


def test_a_mistyped_service_or_policy_is_told(mandate: Terminal) -> None:
    assert "choose one of access, connections" in mandate.refuses("events", "parked", "acces")
    assert "choose one of open_own_record" in mandate.refuses("events", "redrive", "access", "--policy", "approve")


def test_invented_messages_are_told_on_topics_of_their_own(mandate: Terminal, house: House) -> None:
    before = house.subscriber.ends(["ConnectionState"])
    outcome = mandate.finds("events", "simulate", "mass-revoke", "--people", "3", "--prefix", "trial.")
    assert [one["may_act"] for one in outcome["expected"]] == [False] * 3
    assert all(one["account_id"].startswith("51510000-") for one in outcome["expected"])
    ends = house.subscriber.ends(["trial.ConnectionState", "trial.ConnectionEnded", "trial.Progress"])
    count = {topic: sum(place.offset for (name, _), place in ends.items() if name == topic) for topic, _ in ends}
    assert count == {"trial.ConnectionState": 9, "trial.ConnectionEnded": 3, "trial.Progress": 3}
    assert house.subscriber.ends(["ConnectionState"]) == before
    said = mandate.says("events", "simulate", "connection-approved")
    assert "on topics that begin with simulated." in said
    assert "may act" in said
    assert "choose one of connection-approved" in mandate.refuses("events", "simulate", "panic")
