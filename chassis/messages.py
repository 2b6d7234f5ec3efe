"""The published messages: which topics `proto/` declares, and the envelope that every message travels in."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from chassis.bus import Message as BusMessage
from chassis.bus import Record, Topic

PROGRESS = "Progress"
EVENT_PARTITIONS, EVENT_DAYS = 3, 30
STATE_PARTITIONS = 12
KEY_MOST = 200
"""Characters of a key; ours have 36. Tables find messages by it, and no index takes a long text."""


class UnreadableMessageError(Exception):
    """A record that cannot be taken: the message says what is missing or broken in it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """The headers of one message, checked."""

    id: str
    origin: str
    edition: int
    form: int
    position: int
    version: int
    """Version of the sender's aggregate (`ce_sequence`)."""
    correlation_id: UUID
    time: datetime


class Catalogue:
    """All topics and message classes that the contracts declare."""

    def __init__(self) -> None:
        self.topics: dict[str, Topic] = {}
        self._classes: dict[str, type[Message]] = {}
        for descriptor in _declared():
            self._add(descriptor)

    def _add(self, descriptor: Descriptor) -> None:
        from mandate.bus.v1 import topics_pb2

        options: Any = descriptor.GetOptions()
        declared = options.Extensions[topics_pb2.topic]
        is_state = declared.kind == topics_pb2.TOPIC_KIND_STATE
        partitions = {
            topics_pb2.TOPIC_KIND_EVENT: EVENT_PARTITIONS,
            topics_pb2.TOPIC_KIND_STATE: STATE_PARTITIONS,
            topics_pb2.TOPIC_KIND_PROGRESS: 1,
        }[declared.kind]
        if descriptor.name in self.topics:
            raise ValueError(f"two messages are published as {descriptor.name}")
        self.topics[descriptor.name] = Topic(
            name=descriptor.name,
            partitions=partitions,
            compacted=declared.kind != topics_pb2.TOPIC_KIND_EVENT,
            retention_days=EVENT_DAYS if declared.kind == topics_pb2.TOPIC_KIND_EVENT else 0,
            origin=declared.origin,
        )
        if is_state != descriptor.name.endswith("State"):
            raise ValueError(f"{descriptor.name}: a state's name, and no other, ends in State")
        self._classes[descriptor.name] = message_factory.GetMessageClass(descriptor)

    def is_state(self, topic: str) -> bool:
        """Whether the topic keeps what is, rather than what happened."""
        return topic.endswith("State")

    def decode(self, topic: str, value: bytes) -> Message:
        """A message of the topic. Raises `UnreadableMessageError`."""
        try:
            message = self._classes[topic]()
            message.ParseFromString(value)
        except KeyError:
            raise UnreadableMessageError(f"{topic} is no topic of this release") from None
        except DecodeError as error:
            raise UnreadableMessageError(f"the value is no {topic}: {error}") from error
        return message


def _declared() -> Iterator[Descriptor]:
    """Every message below `mandate.` that declares a topic."""
    import mandate
    from mandate.bus.v1 import topics_pb2

    roots = [Path(folder) for folder in mandate.__path__]
    found = {file.relative_to(root.parent) for root in roots for file in root.rglob("*_pb2.py")}
    for path in sorted(found):  # by hand: what protoc makes are namespace packages, which pkgutil does not walk
        file = importlib.import_module(".".join(path.with_suffix("").parts)).DESCRIPTOR
        for descriptor in file.message_types_by_name.values():
            options: Any = descriptor.GetOptions()
            if options.HasExtension(topics_pb2.topic):
                yield descriptor


def envelope_of(record: Record) -> Envelope:
    """The headers of a record, checked. Raises `UnreadableMessageError` naming the first that is wrong."""
    headers = record.headers
    if len(record.key) > KEY_MOST:
        raise UnreadableMessageError(
            f"the key has {len(record.key)} characters, and no key of ours more than {KEY_MOST}"
        )
    if "\0" in record.key or any("\0" in name + text for name, text in headers.items()):
        raise UnreadableMessageError("key or headers hold a NUL character, or a header stands there twice")
    try:
        kind = headers["ce_type"].rpartition(".")[2]
        if kind != record.topic:
            raise UnreadableMessageError(f"ce_type says {kind}, the topic is {record.topic}")
        if headers["ce_partitionkey"] != record.key:
            raise UnreadableMessageError(f"ce_partitionkey says {headers['ce_partitionkey']}, the key is {record.key}")
        return Envelope(
            id=headers["ce_id"],
            origin=headers["origin"],
            edition=_number(headers["edition"], least=1),
            form=_number(headers.get("form", "0"), least=0),
            position=_number(headers["position"], least=1),
            version=_number(headers["ce_sequence"], least=1),
            correlation_id=UUID(headers["correlationid"]),
            time=_moment(headers["ce_time"]),
        )
    except KeyError as error:
        raise UnreadableMessageError(f"the header {error.args[0]} is missing") from None
    except (ValueError, OverflowError) as error:
        raise UnreadableMessageError(f"a header is wrong: {error}") from error


def _moment(text: str) -> datetime:
    """A moment with its zone, in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} names no zone")
    return moment.astimezone(UTC)


def _number(text: str, *, least: int) -> int:
    """A whole number as a bigint of the log can keep it."""
    number = int(text)
    if not least <= number < 1 << 63:
        raise ValueError(f"{text} is no number from {least} on")
    return number


@dataclass(frozen=True, slots=True)
class Origin:
    """Where in which log a message comes from."""

    service: str
    edition: int
    position: int
    stream: UUID
    version: int
    at: datetime
    correlation_id: UUID
    causation_id: str
    leaf_hash: bytes


def wrap(message: Message, origin: Origin, *, form: int = 0) -> BusMessage:
    """A message with its CloudEvents headers; the same at every resend. `form` 0 is an event, more a state."""
    descriptor = message.DESCRIPTOR
    key = str(origin.stream)
    parts = [origin.service, str(origin.edition), str(origin.position), descriptor.name]
    digest = hashlib.sha256(f"{origin.correlation_id}{'/'.join(parts)}".encode()).hexdigest()
    headers = {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": "/".join([*parts, str(form)] if form else parts),
        "ce_type": descriptor.full_name,
        "ce_source": f"/mandate/{origin.service}",
        "ce_subject": key,
        "ce_time": origin.at.astimezone(UTC).isoformat(),
        "ce_sequence": str(origin.version),
        "ce_partitionkey": key,
        "traceparent": f"00-{origin.correlation_id.hex}-{digest[:16]}-01",
        "origin": origin.service,
        "edition": str(origin.edition),
        "form": str(form),
        "position": str(origin.position),
        "leafhash": origin.leaf_hash.hex(),
        "correlationid": str(origin.correlation_id),
        "causationid": origin.causation_id,
    }
    return BusMessage(
        topic=descriptor.name, key=key, value=message.SerializeToString(deterministic=True), headers=headers
    )


def timestamp(at: datetime | None) -> Timestamp | None:
    """A moment as messages carry it; none stays unset."""
    if at is None:
        return None
    made = Timestamp()
    made.FromDatetime(at)
    return made


def as_text(headers: Mapping[str, Any]) -> dict[str, str]:
    """Headers as they are stored with a heard message."""
    return {str(name): str(value) for name, value in headers.items()}
