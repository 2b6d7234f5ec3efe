"""`mandate trace`: a command and all that it brought about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg

from tests.integration.cli.terminal import Terminal, Village


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree["children"]:
        yield from nodes(child)


def test_a_command_its_event_its_messages_and_who_heard_them(mandate: Terminal, village: Village) -> None:
    found = mandate.finds("trace", str(village.command))
    command = found["tree"]
    [event] = command["children"]
    assert command["actor"] == str(village.official)
    assert (event["kind"], event["what"]) == ("event", "connections.Connection.Requested")
    messages = {one["what"]: one for one in event["children"]}
    assert set(messages) == {"ConnectionRequested", "ConnectionState"}
    [heard] = messages["ConnectionState"]["children"]
    assert (heard["what"], heard["actor_name"]) == ("heard.ConnectionState", "access.ingest")
    assert messages["ConnectionState"]["ce_id"].startswith("connections/1/")
    assert all(one["after_ms"] >= 0 for one in nodes(command))
    views = {(one["service"], one["view"]): one["shows_it"] for one in found["views"]}
    assert views["access", "staff_list_v1"]
    assert views["connections", "connection_list_v1"]


def test_the_tree_for_people(mandate: Terminal, village: Village) -> None:
    said = mandate.says("trace", str(village.command))
    assert f"command {village.command}" in said
    assert "connections.Connection.Requested" in said
    assert "connections connection_list_v1@" in said
    assert "ms" in said


def test_what_the_bus_no_longer_has_hides_no_reaction(mandate: Terminal, village: Village) -> None:
    with psycopg.connect(village.house.bus.dsn, autocommit=True) as owner:
        owner.execute("DELETE FROM bus.records WHERE topic = 'ConnectionState'")
    [event] = mandate.finds("trace", str(village.command))["tree"]["children"]
    assert [one["what"] for one in event["children"]] == ["ConnectionRequested", "heard.ConnectionState"]


def test_a_forgotten_answer_is_found_by_its_events(mandate: Terminal, village: Village) -> None:
    with psycopg.connect(village.house.bus.dsn, autocommit=True) as owner:
        owner.execute("DELETE FROM connections.answered")
    command = mandate.finds("trace", str(village.command))["tree"]
    assert command["actor"] == str(village.official)
    assert [one["what"] for one in command["children"]] == ["connections.Connection.Requested"]


def test_an_unknown_command_is_told(mandate: Terminal) -> None:
    assert "no service has taken the command" in mandate.refuses("trace", str(uuid4()))
    assert "is no command id" in mandate.refuses("trace", "tomorrow")
