"""What is said to others: every message of every service, byte by byte and header by header (F-16)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from chassis import fields
from chassis.bus import Message, Record
from chassis.messages import Catalogue, envelope_of
from tests.contract import samples

CATALOGUE = Catalogue()
MESSAGES = list(samples.messages())
IDS = [samples.message_file(name, message).stem for name, message in MESSAGES]


@pytest.mark.parametrize(("name", "message"), MESSAGES, ids=IDS)
def test_a_message_is_what_it_was(name: str, message: Message) -> None:
    """Missing? `python -m tests.contract.samples` writes it. Different? Then a subscriber will see it, too."""
    assert samples.as_kept(message) == json.loads(samples.message_file(name, message).read_text())


def test_no_golden_message_is_forgotten() -> None:
    """A state's form that is told no longer is kept besides."""
    kept = {file.stem for file in (samples.GOLDEN / "messages").glob("*.json")}
    assert set(IDS) <= kept
    assert {stem.partition("-form")[0] for stem in kept} == {stem.partition("-form")[0] for stem in IDS}


@pytest.mark.parametrize("file", sorted((samples.GOLDEN / "messages").glob("*.json")), ids=lambda file: file.stem)
def test_what_was_told_once_can_be_read_for_ever(file: Path) -> None:
    kept = json.loads(file.read_text())
    assert CATALOGUE.decode(kept["topic"], bytes.fromhex(kept["value"])).ListFields()


def test_everything_that_is_declared_is_told() -> None:
    declared = {name for name, topic in CATALOGUE.topics.items() if topic.origin}
    assert {message.topic for _, message in MESSAGES} == declared


@pytest.mark.parametrize(("name", "message"), MESSAGES, ids=IDS)
def test_a_message_is_read_as_it_was_told(name: str, message: Message) -> None:
    told = CATALOGUE.decode(message.topic, message.value or b"")
    assert told.SerializeToString(deterministic=True) == message.value
    fields.check(told)
    at = datetime(2030, 1, 1, tzinfo=UTC)
    envelope = envelope_of(Record(message.topic, 0, 0, message.key, message.value, message.headers, at))
    assert (envelope.edition, envelope.position, envelope.time) == (1, 41, samples.AT)
    assert envelope.origin == CATALOGUE.topics[message.topic].origin
    assert (envelope.form > 0) == CATALOGUE.is_state(message.topic)
    assert UUID(message.key)
    form = [str(envelope.form)] if envelope.form else []
    assert envelope.id == "/".join([envelope.origin, "1", "41", message.topic, *form])
