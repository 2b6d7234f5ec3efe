"""`mandate audit`: all logs as one history, and who may act."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from chassis import nature
from chassis.history import Event, merge
from tests.house import House
from tests.integration.cli.terminal import HELP, Terminal, Village


def test_causes_stand_before_what_they_caused(mandate: Terminal, village: Village) -> None:
    rows = mandate.finds("audit", "log", "--limit", "1000")
    place = {f"{row['service']}@{row['position']}": number for number, row in enumerate(rows)}
    assert len(rows) == village.house.access.end() + village.house.connections.end()
    for number, row in enumerate(rows):
        assert place.get(row["causation"] or "", -1) < number
    for service in ("access", "connections"):
        own = [row["position"] for row in rows if row["service"] == service]
        assert own == sorted(own)


def event(service: str, position: int, seconds: float, *, heard_leaf: str | None = None) -> Event:
    at = nature.now() + timedelta(seconds=seconds)
    topic = "heard.Something" if heard_leaf else "own.Something"
    ids = [uuid4() for _ in range(3)]
    return Event(
        service, position, ids[0], 1, topic, at, ids[1], None, ids[2], ids[2], None, f"{service}{position}", None, None,
        heard_leaf,
    )  # fmt: skip


def test_causation_wins_over_clocks() -> None:
    """A clock that is an hour behind would show the reaction before its reason."""
    slow = [event("access", 1, -3600, heard_leaf="identity2"), event("access", 2, -3600)]
    right = [event("identity", 1, 0), event("identity", 2, 1), event("identity", 3, 2)]
    found = [one.where for one in merge([slow, right])]
    assert found == ["identity@1", "identity@2", "access@1", "access@2", "identity@3"]


def test_what_was_heard_of_an_event_of_the_next_page_waits_for_it() -> None:
    """A page has read a log up to somewhere; another log's clock is an hour behind."""
    early = replace(event("access", 1, -3600, heard_leaf="identity3"), heard_from="identity@3")
    read = [event("identity", 1, 0), event("identity", 2, 1)]
    found = [one.where for one in merge([[early], read], unread={"identity": 2})]
    assert found == ["identity@1", "identity@2", "access@1"]
    known = [one.where for one in merge([[early], read], unread={"identity": 3})]
    assert known == ["access@1", "identity@1", "identity@2"], "of what was read before, nothing is waited for"


def test_what_cannot_be_ordered_by_causes_is_ordered_by_time() -> None:
    one, other = event("a", 1, 1, heard_leaf="b1"), event("b", 1, 0, heard_leaf="a1")
    assert [event.where for event in merge([[one], [other]])] == ["b@1", "a@1"]


def test_filters(mandate: Terminal, village: Village) -> None:
    def found(*words: str) -> list[str]:
        return [row["event"] for row in mandate.finds("audit", "log", *words)]

    decided, papers = ["access.RoleRequest.Approved", "access.Association.Approved"], ["access.Document.Accepted"] * 3
    assert found("--actor", str(HELP)) == [*decided, *papers, *decided, *papers, *decided]
    assert set(found("--actor", "access.ingest")) == {"heard.AccountState", "heard.ConnectionState"}
    assert found("--service", "connections", "--actor", str(village.doctor)) == ["connections.Connection.Approved"]
    everything = found("--correlation", str(village.command))
    assert everything == ["connections.Connection.Requested", "heard.ConnectionState"]
    stream = mandate.finds("audit", "log", "--correlation", str(village.command))[0]["stream"]
    assert found("--stream", stream) == ["connections.Connection.Requested", "connections.Connection.Approved"]
    assert len(found("--limit", "3")) == 3


def test_a_line_an_event_with_readable_system_actors(mandate: Terminal, village: Village) -> None:
    lines = mandate.says("audit", "log", "--correlation", str(village.command)).splitlines()
    assert len(lines) == 2
    assert f"connections.Connection.Requested          {village.official}" in lines[0]
    assert "heard.ConnectionState" in lines[1]
    assert "  access.ingest  " in lines[1]
    assert "told by connections@" in lines[1]
    assert "no such event" in mandate.says("audit", "log", "--stream", str(uuid4()))


def test_who_can_shows_the_chain(mandate: Terminal, village: Village) -> None:
    found = mandate.finds("audit", "who-can", str(village.practice), "pecos")
    chains = {UUID(one["account_id"]): (one["role"], one["employer_id"], one["tracking_id"]) for one in found["people"]}
    [approved] = village.house.connections.events()[-1:]
    assert approved is not None
    tracking = chains[village.official][2]
    assert tracking.startswith("C")
    assert chains == {
        village.doctor: ("AUTHORIZED_OFFICIAL", str(village.practice), None),
        village.official: ("ACCESS_MANAGER", str(village.group), tracking),
    }
    assert found["position"] == village.house.access.end()
    said = mandate.says("audit", "who-can", str(village.practice), "PECOS")
    assert f"ACCESS_MANAGER at {village.group}" in said
    assert f"connected in PECOS by {tracking}" in said
    assert "nobody may act" in mandate.says("audit", "who-can", str(uuid4()), "NPPES")


def test_looking_changes_nothing(mandate: Terminal, village: Village, house: House) -> None:
    def everything() -> list[object]:
        with house.access.app.session() as session:
            return [
                session.run(f"SELECT * FROM {table} ORDER BY 1")
                for table in ("log", "positions", "offsets", "answered")
            ]

    before = everything()
    for words in (("audit", "log"), ("audit", "who-can", str(village.practice), "PECOS"), ("events", "parked")):
        mandate.says(*words)
    assert everything() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("who-can", "somebody", "PECOS"), "is no provider's id"),
        (("who-can", str(UUID(int=1)), "EHR"), "choose PECOS or NPPES"),
        (("who-can", "npi:2000000002", "PECOS"), "there is no service 'registry' here"),
        (("log", "--stream", "x"), "is no id of a stream"),
        (("log", "--actor", "access/approve"), "is no id or name of an actor"),
        (("log", "--service", "portal"), "choose one of access, connections"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(mandate: Terminal, words: tuple[str, ...], said: str) -> None:
    assert said in mandate.refuses("audit", *words)
