"""Events as they were stored once are read for ever, and are written as they were (F-16, B-04)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from chassis.codec import Codec, DamagedEventError, UnknownEventError
from tests.contract import samples

ALL = list(samples.events())
SAMPLES = {topic: (codec, event) for codec, topic, event in ALL}
FILES = sorted((samples.GOLDEN / "events").glob("*.json"))


def kept(file: Path) -> Any:
    return json.loads(file.read_text())


def stored(content: Any, state: bytes | None = None) -> StoredEvent:
    event = SAMPLES[content["topic"]][1]
    written = content["state"].encode() if state is None else state
    return StoredEvent(event.originator_id, event.originator_version, content["topic"], written)


def test_every_event_has_its_golden_file() -> None:
    missing = [topic for topic in SAMPLES if not samples.event_file(topic).exists()]
    assert not missing, "write them with: python -m tests.contract.samples"


@pytest.mark.parametrize("topic", SAMPLES)
def test_an_event_is_written_as_it_was(topic: str) -> None:
    codec, event = SAMPLES[topic]
    assert codec.to_stored_event(event).state.decode() == kept(samples.event_file(topic))["state"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_event_of_any_past_version_is_read(file: Path) -> None:
    content = kept(file)
    codec, event = SAMPLES[content["topic"]]
    assert codec.to_domain_event(stored(content)) == event


@given(number=st.integers(0, len(FILES) - 1), data=st.data())
def test_damaged_bytes_are_read_as_damaged_or_as_another_whole_event(number: int, data: st.DataObject) -> None:
    """B-04: a typed error that names the event, never half an event, never another error."""
    content = kept(FILES[number])
    codec, event = SAMPLES[content["topic"]]
    state = bytearray(content["state"].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(state) - 1))
        state[place : place + data.draw(st.integers(1, 3))] = data.draw(st.binary(max_size=3))
        if not state:
            break
    try:
        read = codec.to_domain_event(stored(content, bytes(state)))
    except DamagedEventError as damaged:
        said = str(damaged)
        assert {str(event.originator_id), content["topic"]} <= set(re.split(r"[ :]", said))
    except UnknownEventError:
        assert b"class_version" in state
    else:
        assert vars(read).keys() == vars(event).keys()
        assert type(read) is type(event)


@given(st.binary(max_size=200))
def test_random_bytes_are_damaged(state: bytes) -> None:
    codec, topic, _ = ALL[0]
    with pytest.raises(DamagedEventError):
        codec.to_domain_event(StoredEvent(UUID(int=1), 1, topic, state))


def test_an_event_of_another_service_is_unknown() -> None:
    codec: Codec = SAMPLES["access.Association.Ended"][0]
    with pytest.raises(UnknownEventError, match=r"connections\.Connection\.Ended"):
        codec.to_domain_event(StoredEvent(UUID(int=1), 1, "connections.Connection.Ended", b"{}"))
