"""What the command line finds after the story was told, while the platform runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.__main__ import app
from cli.demo import desk, eventually, tell
from cli.platform import Platform
from tests.scenario import Story

# one installation for all, in order; what is slow here is starting it
pytestmark = [pytest.mark.xdist_group("story"), pytest.mark.timeout(1200)]


TELLING = 1
"""People of our own: the other tests of this folder tell the story too."""


@pytest.fixture(scope="module")
def story(embedded_platform: Platform) -> Story:
    """The story, told to its end."""
    eus = desk(embedded_platform.password)
    return tell(Story(embedded_platform.channel, embedded_platform.inbox, eventually, eus=eus, telling=TELLING))


@pytest.fixture
def told(embedded_platform: Platform, story: Story) -> Platform:
    """The platform after the story."""
    return embedded_platform


def mandate(platform: Platform, *words: str) -> Any:
    result = CliRunner().invoke(app, [*words, "--json", "--state", str(platform.state)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()] if "tail" in words else json.loads(result.output)


def _log(platform: Platform, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mandate(platform, "audit", "log", "--limit", "100000", *words)
    return found


def nodes(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield tree
    for child in tree["children"]:
        yield from nodes(child)


def test_the_whole_history_has_causes_first(told: Platform) -> None:
    rows = _log(told)
    place = {f"{row['service']}@{row['position']}": number for number, row in enumerate(rows)}
    assert {row["service"] for row in rows} == {"identity", "access", "connections", "enrollment", "notifier"}
    assert all(place[row["causation"]] < number for number, row in enumerate(rows) if row["causation"])


def test_every_actor_is_a_person_or_has_a_name(told: Platform) -> None:
    rows = _log(told)
    people = {row["stream"] for row in rows if row["event"].startswith("identity.Account.")}
    assert {row["actor"] for row in rows if row["actor_name"] is None} <= people


def test_a_command_is_traced_to_the_mail_that_was_sent(told: Platform, story: Story) -> None:
    official = story.people["official"].account_id
    rows = _log(told, "--service", "connections", "--actor", official)
    [requested, *_] = [row for row in rows if row["event"] == "connections.Connection.Requested"]

    def mails() -> dict[str, Any] | None:
        trace: dict[str, Any] = mandate(told, "trace", requested["command_id"])
        sent = [one for one in nodes(trace["tree"]) if one["what"] == "notifier.Notification.Sent"]
        return trace if sent and all(one["shows_it"] for one in trace["views"]) else None

    trace = eventually(mails, "the mail that asks for a decision, and views that show it")
    [event] = trace["tree"]["children"]
    assert event["what"] == "connections.Connection.Requested"
    heard = {(one["where"].partition("@")[0], one["what"]) for one in nodes(event) if one["kind"] == "heard"}
    assert ("notifier", "heard.ConnectionRequested") in heard
    assert any(one.get("mail", "").startswith("M-16") for one in nodes(event))
    everything = {f"{row['service']}@{row['position']}" for row in _log(told, "--correlation", trace["correlation_id"])}
    assert everything == {one["where"] for one in nodes(event) if one["kind"] != "message"}


def test_who_can_by_the_number_of_a_provider(told: Platform, story: Story) -> None:
    """Step 9 has ended the group's connection: the doctor is left."""
    by_number = mandate(told, "audit", "who-can", f"npi:{story.doctor.npi}", "PECOS")
    found = mandate(told, "audit", "who-can", story.practice, "PECOS")
    asked_at = {"valid_at", "known_at"}
    assert by_number | dict.fromkeys(asked_at) == found | dict.fromkeys(asked_at)
    assert found["provider"] == f"{story.doctor.last_name}, {story.doctor.first_name}"
    assert [one["account_id"] for one in found["people"]] == [story.people["provider"].account_id]


def test_a_person_is_asked_for_by_user_id(told: Platform, story: Story) -> None:
    """S-19: user ids stand nowhere in the clear; one is found by its blind index, whatever its case."""
    provider = story.people["provider"]
    for person in (provider.user_id.upper(), provider.account_id):
        found = mandate(told, "audit", "why", person, "can", "PECOS", f"npi:{story.doctor.npi}")
        assert (found["allowed"], found["chain"]["account_id"]) == (True, provider.account_id)
    words = ["audit", "why", "nobody123", "can", "PECOS", f"npi:{story.doctor.npi}"]
    refused = CliRunner().invoke(app, [*words, "--state", str(told.state)])
    assert (refused.exit_code, "nobody has the user id 'nobody123'" in refused.output) == (1, True)


def test_the_topics_tell_the_story(told: Platform, story: Story) -> None:
    ended = mandate(told, "events", "tail", "ConnectionEnded", "--from-start")
    assert story.practice in {one["value"]["provider_id"] for one in ended}


def test_nothing_is_parked_by_the_story(told: Platform) -> None:
    assert mandate(told, "events", "parked") == []


def test_auditors_find_the_told_story_sealed_and_its_views_true(told: Platform) -> None:
    """All services and all views; the sealers run as they do in `make run`."""
    replayed = mandate(told, "audit", "replay", "--compare")
    assert {one["outcome"] for one in replayed} == {"identical"}
    assert {one["service"] for one in replayed} >= {"identity", "access", "connections", "notifier"}
    verified = mandate(told, "audit", "verify")
    assert (verified["findings"], verified["missing"]) == ([], [])
    assert verified["events"] > 100
    [key] = mandate(told, "audit", "key")
    assert key.startswith("mandate.example+")
