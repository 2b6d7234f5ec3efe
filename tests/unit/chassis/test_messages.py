"""The catalogue of topics, the envelope, and where a key belongs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mandate.access.v1.state_pb2 import AssociationState
from mandate.bus.v1 import topics_pb2

from chassis.bus import Record, partition_of
from chassis.messages import PROGRESS, Catalogue, Envelope, Origin, UnreadableMessageError, envelope_of, wrap
from chassis.progress import read

CATALOGUE = Catalogue()
STREAM = UUID("538cef5d-9244-56e6-b6be-6d7d455651ff")
AT = datetime(2026, 5, 4, 13, 0, tzinfo=UTC)
ORIGIN = Origin("access", 2, 41, STREAM, 7, AT, UUID(int=1 << 90), "access/2/40", bytes(32))
MESSAGE = wrap(AssociationState(association_id=str(STREAM)), ORIGIN, form=3)


def record(*, key: str = MESSAGE.key, value: bytes | None = MESSAGE.value, **headers: str | None) -> Record:
    changed = {name: text for name, text in (dict(MESSAGE.headers) | headers).items() if text is not None}
    return Record(MESSAGE.topic, 0, 0, key, value, changed, AT)


def test_states_are_kept_for_ever_and_events_for_a_month() -> None:
    for name, topic in CATALOGUE.topics.items():
        if name == PROGRESS:
            assert (topic.partitions, topic.compacted, topic.origin) == (1, True, "")
        elif CATALOGUE.is_state(name):
            assert (topic.partitions, topic.compacted, topic.retention_days) == (12, True, 0)
        else:
            assert (topic.partitions, topic.compacted, topic.retention_days) == (3, False, 30)
        assert topic.origin or name == PROGRESS


def test_an_envelope_is_read_as_it_was_made() -> None:
    assert envelope_of(record()) == Envelope(
        id="access/2/41/AssociationState/3",
        origin="access",
        edition=2,
        form=3,
        position=41,
        version=7,
        correlation_id=UUID(int=1 << 90),
        time=AT,
    )


def test_a_resent_message_is_the_same_whatever_the_zone_of_the_sender() -> None:
    there = ORIGIN.__class__(
        **{**{n: getattr(ORIGIN, n) for n in ORIGIN.__slots__}, "at": AT.astimezone(timezone(timedelta(hours=-5)))}
    )
    assert wrap(AssociationState(association_id=str(STREAM)), there, form=3) == MESSAGE


WRONG: list[tuple[dict[str, Any], str]] = [
    *(
        ({name: None}, f"{name} is missing")
        for name in (
            "ce_id",
            "ce_type",
            "ce_time",
            "ce_sequence",
            "ce_partitionkey",
            "origin",
            "edition",
            "position",
            "correlationid",
        )
    ),
    *(
        ({name: text}, "is wrong")
        for name in ("ce_sequence", "edition", "position")
        for text in ("", "x", "-1", "0", "1.5", str(1 << 63), "9" * 5000)
    ),
    ({"form": "-1"}, "is wrong"),
    ({"correlationid": "none"}, "is wrong"),
    ({"ce_time": "yesterday"}, "is wrong"),
    ({"ce_time": "2026-05-04T13:00:00"}, "names no zone"),
    ({"ce_time": "0001-01-01T00:00:00+23:00"}, "is wrong"),
    ({"ce_type": "mandate.access.v1.RoleRequested"}, "the topic is AssociationState"),
    ({"ce_partitionkey": str(UUID(int=9))}, "the key is"),
    ({"key": str(UUID(int=9))}, "the key is"),
    ({"key": "\0", "ce_partitionkey": "\0"}, "NUL"),
    ({"ce_id": "a\0b"}, "NUL"),
]


@pytest.mark.parametrize(("change", "words"), WRONG, ids=lambda value: str(value)[:40])
def test_the_first_wrong_header_is_named(change: dict[str, Any], words: str) -> None:
    """B-05."""
    with pytest.raises(UnreadableMessageError, match=words):
        envelope_of(record(**change))


HEADERS = sorted(set(MESSAGE.headers) | {"strange"})


@given(st.dictionaries(st.sampled_from(HEADERS), st.none() | st.text(max_size=20)), st.text(max_size=40))
def test_whatever_the_headers_are_they_are_read_or_refused(change: dict[str, Any], key: str) -> None:
    """B-05."""
    try:
        envelope = envelope_of(record(key=key, **change))
    except UnreadableMessageError:
        return
    assert 0 < envelope.version < 1 << 63
    assert envelope.time.utcoffset() == timedelta(0)


@given(st.binary())
def test_any_value_is_decoded_or_refused(value: bytes) -> None:
    try:
        assert isinstance(CATALOGUE.decode("AssociationState", value), AssociationState)
    except UnreadableMessageError as refused:
        assert "AssociationState" in str(refused)  # noqa: PT017 - one of two


def test_a_topic_of_another_release_is_said_to_be_unknown() -> None:
    with pytest.raises(UnreadableMessageError, match="NeverState is no topic"):
        CATALOGUE.decode("NeverState", b"")


def progress_of(key: str, value: bytes | None) -> Record:
    return Record(PROGRESS, 0, 0, key, value, {}, AT)


def test_a_progress_is_read() -> None:
    value = topics_pb2.Progress(origin="access", edition=1, position=0).SerializeToString()
    assert read(progress_of("access", value)).origin == "access"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("access", b"\xff\xff"),
        ("access", b""),
        ("access", None),
        ("identity", topics_pb2.Progress(origin="access", edition=1, position=3).SerializeToString()),
        ("access", topics_pb2.Progress(origin="access", edition=0, position=3).SerializeToString()),
        ("access", topics_pb2.Progress(origin="access", edition=1, position=-3).SerializeToString()),
        ("a\0", topics_pb2.Progress(origin="a\0", edition=1, position=3).SerializeToString()),
    ],
)
def test_what_is_no_progress_of_its_key_is_refused(key: str, value: bytes | None) -> None:
    with pytest.raises(UnreadableMessageError):
        read(progress_of(key, value))


GOLDEN = {
    ("", 1): 0,
    ("538cef5d-9244-56e6-b6be-6d7d455651ff", 3): 0,
    ("538cef5d-9244-56e6-b6be-6d7d455651ff", 12): 0,
    ("00000000-0000-0000-0000-000000000000", 3): 2,
    ("00000000-0000-0000-0000-000000000000", 12): 8,
    ("schlüssel-東京", 12): 9,
    ("access", 12): 6,
}


@pytest.mark.parametrize(("key", "partitions"), GOLDEN)
def test_a_key_keeps_its_partition_for_ever(key: str, partitions: int) -> None:
    assert partition_of(key, partitions) == GOLDEN[key, partitions]


def test_keys_are_spread_evenly() -> None:
    counts = [0] * 12
    for number in range(12_000):
        counts[partition_of(str(UUID(int=number)), 12)] += 1
    assert min(counts) > 850
    assert max(counts) < 1150
