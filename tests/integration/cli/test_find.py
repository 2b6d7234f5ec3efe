"""`mandate audit find|show`: what auditors type, and what they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.masking import masked
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


def test_pages_go_back_from_places(mandate: Terminal, village: Village) -> None:
    """What the portal's pages show, line by line: each page says where it lies."""
    everything = [
        f"{row['service']}@{row['position']}" for row in mandate.finds("audit", "find", "", "--limit", "1000")
    ]
    found: list[str] = []
    before = {name: village.house.rooms[name].end() + 1 for name in ("access", "connections")}
    while True:
        text = ",".join(f"{name}@{at}" for name, at in before.items())
        page = mandate.finds("audit", "find", "", "--limit", "7", "--before", text)
        if not page:
            break
        found = [f"{row['service']}@{row['position']}" for row in page] + found
        for row in reversed(page):
            before[row["service"]] = row["position"]
    assert sorted(found) == sorted(everything)
    assert "is no event" in mandate.refuses("audit", "find", "", "--before", "access")


def test_a_state_is_shown_as_of_an_event(mandate: Terminal, village: Village) -> None:
    [asked] = mandate.finds("audit", "find", "type:connections.Connection.Requested")
    stream = f"connections/{asked['stream']}"
    found = mandate.finds("audit", "state", stream)
    assert (found["version"], found["count"], found["event"]) == (2, 2, "connections.Connection.Approved")
    fields = {one["field"]: (one["before"], one["after"], one["changed"]) for one in found["fields"]}
    assert fields["status"] == ("PENDING", "APPROVED", True)
    assert fields["provider_id"] == (str(village.practice), str(village.practice), False)
    first = mandate.finds("audit", "state", stream, "--at", "1")
    assert {one["before"] for one in first["fields"]} == {None}
    assert "event 1 of 2: connections.Connection.Requested" in mandate.says("audit", "state", stream, "--at", "1")
    assert "there is no connections/" in mandate.refuses("audit", "state", f"connections/{uuid4()}")
    assert "is no id of a stream" in mandate.refuses("audit", "state", "connections")
    assert "there is no service" in mandate.refuses("audit", "state", f"portal/{asked['stream']}")


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
    assert masked([{sealed, "PECOS"}, Held(sealed, date(2026, 5, 8)), {UUID(int=1): (b"x",)}]) == [
        ["PECOS", "[sealed]"],
        {"secret": "[sealed]", "on": "2026-05-08"},
        {str(UUID(int=1)): ["[sealed]"]},
    ]
    assert masked(Told(sealed)) == "[sealed]", "what prints itself hides nothing"


@dataclass
class Held:
    """A part of an aggregate's state."""

    secret: str
    on: date


class Told:
    """Something that shows what is in it."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return f"Told({self.secret!r})"


def test_looking_is_all_that_find_and_show_do(mandate: Terminal, village: Village, house: House) -> None:
    end = house.access.end()
    mandate.says("audit", "find", "fn:PECOS")
    mandate.says("audit", "show", "access@1")
    assert house.access.end() == end
