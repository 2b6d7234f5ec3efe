"""`mandate audit find|show`: what auditors type, and what they are shown."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import nature
from cli.event import masked
from services.connections.commands import connections
from tests.house import House
from tests.integration.cli.terminal import HELP, Terminal, Village
from tests.notary import Notary


def events(mandate: Terminal, query: str, *words: str) -> list[str]:
    return [
        row["event"] for row in mandate.finds("audit", "find", "--limit", "1000", *words, f" {query}")
    ]  # a space: `-` begins an option


def test_everything_about_a_provider_over_all_services_in_order_of_causation(
    mandate: Terminal, village: Village
) -> None:
    """From the asking to the ending, with who did it and what it was because of."""
    [asked] = village.house.connections.events()[-2:-1]
    village.house.connections.execute(
        connections.disconnect, village.doctor, connection_id=asked.originator_id, side="PROVIDER"
    )
    village.house.settle()
    rows = mandate.finds("audit", "find", f"subject:{village.practice}", "--limit", "1000")
    found = [(row["service"], row["event"]) for row in rows]
    assert [name for service, name in found if service == "connections" and not name.startswith("heard.")] == [
        "connections.Connection.Requested",
        "connections.Connection.Approved",
        "connections.Connection.Ended",
    ]
    # what says nothing of the provider itself, but belongs to a stream that does
    assert ("access", "access.Association.Approved") in found
    assert [name for _, name in found].count("heard.ConnectionState") == 3
    place = {f"{row['service']}@{row['position']}": number for number, row in enumerate(rows)}
    for number, row in enumerate(rows):
        assert place.get(row["causation"] or "", -1) < number
        assert row["actor"] is not None
    [ended] = [row for row in rows if row["event"] == "connections.Connection.Ended"]
    assert (ended["actor"], ended["on_behalf_of"]) == (str(village.doctor), None)
    told = [row for row in rows if row["causation"] == f"connections@{ended['position']}"]
    assert [(row["service"], row["event"]) for row in told] == [("access", "heard.ConnectionState")]
    # the staff member's own association at the group has nothing to do with it
    assert not any(str(village.staff) == row["actor"] for row in rows)


def test_each_key_finds_what_it_says(mandate: Terminal, village: Village) -> None:
    everything = events(mandate, "")
    assert len(everything) == village.house.access.end() + village.house.connections.end()
    assert events(mandate, f"actor:{HELP} type:access.Association.*") == ["access.Association.Approved"] * 3
    assert set(events(mandate, "actor:access.ingest")) == {"heard.AccountState", "heard.ConnectionState"}
    assert events(mandate, "type:*.Connection.approved") == ["connections.Connection.Approved"]
    assert events(mandate, "type:connections.Connection.Approved -type:connections.*") == []
    assert len(events(mandate, "-type:heard.*")) + len(events(mandate, "type:heard.*")) == len(everything)
    assert events(mandate, f"correlation:{village.command} -type:heard.*") == ["connections.Connection.Requested"]
    assert events(mandate, "fn:pecos -type:heard.*") == [
        "connections.Connection.Requested",
        "connections.Connection.Approved",
    ]
    assert events(mandate, "fn:NPPES") == []
    assert len(events(mandate, "pos:access@2..4")) == 3
    assert len(events(mandate, "pos:1")) == 2
    assert len(events(mandate, "pos:connections@1", "--service", "access")) == 0
    assert "connections.Connection.Approved" in events(mandate, "connection.approved")
    assert len(events(mandate, f"employer:{village.group} type:access.RoleRequest.Approved")) == 2
    with village.house.connections.app.session() as session:
        [(tracking,)] = session.run(
            "SELECT state ->> 'tracking_id' FROM history WHERE topic = 'connections.Connection.Requested'"
        )
    assert set(events(mandate, f"tracking:{tracking.lower()}")) == {
        "connections.Connection.Requested",
        "connections.Connection.Approved",
        "heard.ConnectionState",
    }


def test_times_are_ranges(mandate: Terminal, village: Village) -> None:
    everything = len(events(mandate, ""))
    now = nature.now()
    before, after = ((now + timedelta(minutes=by)).isoformat() for by in (-30, 30))
    assert len(events(mandate, f"created:{before}..{after}")) == everything
    assert events(mandate, f"created:..{before}") == events(mandate, f"created:{after}..") == []
    assert len(events(mandate, f"-created:{after}..")) == everything


@pytest.mark.parametrize(
    "hostile",
    [
        "'; DROP TABLE access.log; --",
        "%' OR '1' = '1",
        "100%",
        "\\",
        "_",
        "%(q0)s",
        "type:%s",
        "fn:'\"",
        "fn:\\u0000",
        "actor:'; SELECT 1; --",
        "type:" + "*" * 200,
        "🙈",
    ],
)
def test_hostile_words_are_words(mandate: Terminal, village: Village, hostile: str) -> None:
    result = mandate("audit", "find", "--json", hostile)
    assert result.exit_code in (0, 1), result.output
    assert result.exit_code == 0 or ("\n" not in result.output.strip() and result.output.strip())
    assert village.house.access.end() > 0


def test_a_query_that_cannot_be_read_ends_with_a_line(mandate: Terminal, village: Village) -> None:
    assert "is it actor:" in mandate.refuses("audit", "find", "aktor:x")
    assert "is no id or name of an actor" in mandate.refuses("audit", "find", "actor:nobody")
    assert "there is no service 'registry' here" in mandate.refuses("audit", "find", "npi:2000000002")
    assert "is it actor:" in mandate.refuses("audit", "export", "aktor:x", "--out", str(mandate.state / "out"))
    assert not (mandate.state / "out").exists()
    assert "no such event" in mandate.says("audit", "find", f"correlation:{uuid4()}")


def test_one_event_is_shown_with_all_that_it_says(mandate: Terminal, village: Village, notary: Notary) -> None:
    notary.seal()
    [row] = mandate.finds("audit", "find", "type:connections.Connection.Requested")
    where = f"connections@{row['position']}"
    found = mandate.finds("audit", "show", where)
    assert found["says"]["provider_id"] == str(village.practice)
    assert found["says"]["function"] == "PECOS"
    assert (found["actor"], found["leaf"]) == (str(village.official), row["position"] - 1)
    assert found["sealed_by"] == village.house.connections.end()
    lines = [line.split() for line in mandate.says("audit", "show", where).splitlines()]
    assert ["says.provider_id", str(village.practice)] in lines
    [heard] = mandate.finds("audit", "find", "type:heard.ConnectionState", "--limit", "1")
    shown = mandate.finds("audit", "show", f"access@{heard['position']}")
    assert shown["says"]["message"]["provider_id"] == str(village.practice)
    assert shown["says"]["headers"]["origin"] == "connections"
    assert "there is no event access@9999: the log ends at access@" in mandate.refuses("audit", "show", "access@9999")
    assert "there is no event access@0" in mandate.refuses("audit", "show", "access@0")
    assert "is no event" in mandate.refuses("audit", "show", "somewhere")


def test_what_is_sealed_or_secret_is_masked() -> None:
    sealed = "v1.1.k3VqYxM9c2VhbGVkLXZhbHVl"
    said = {"name": sealed, "many": [sealed, "PECOS"], "at": "ifarrow@provider.example", "hash": "a" * 64, "raw": b"x"}
    assert masked(said) == {
        "name": "[sealed]",
        "many": ["[sealed]", "PECOS"],
        "at": "[masked]",
        "hash": "[sealed]",
        "raw": "[sealed]",
    }
    assert masked({"id": UUID(int=1), "n": 1, "none": None}) == {"id": UUID(int=1), "n": 1, "none": None}


def test_looking_is_all_that_find_and_show_do(mandate: Terminal, village: Village, house: House) -> None:
    end = house.access.end()
    mandate.says("audit", "find", "fn:PECOS")
    mandate.says("audit", "show", "access@1")
    assert house.access.end() == end
