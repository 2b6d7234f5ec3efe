"""Records of topics, and the messages that they carry."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

PROGRESS = "Progress"
"""The topic on which each service tells how far it has told."""

Age = tuple[int, int, int]
"""(edition, ce_sequence, form): of two states of one key, the higher is the newer."""


class UnreadableRecordError(Exception):
    """A record that cannot be taken; the words say what is missing or broken in it."""


class Record(NamedTuple):
    """One record as it was read."""

    topic: str
    """The name in the contract, without any prefix."""
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]
    appended_ms: int
    """The broker's own append time, milliseconds since 1970."""

    @property
    def key_text(self) -> str:
        """The key; bytes that are no UTF-8 become escapes."""
        return (self.key or b"").decode(errors="backslashreplace")


class Told(NamedTuple):
    """A record that was read: who says what about which key."""

    topic: str
    key: str
    age: Age
    origin: str
    message: Message
    record: Record

    @property
    def id(self) -> str:
        """`ce_id`: the same at every resend."""
        return self._header("ce_id")

    @property
    def time(self) -> datetime:
        """`ce_time`: since when it is true, in UTC."""
        return datetime.fromisoformat(self._header("ce_time")).astimezone(UTC)

    @property
    def position(self) -> int:
        """The position in the log of its origin."""
        return int(self._header("position"))

    def _header(self, name: str) -> str:
        return (dict(self.record.headers)[name] or b"").decode()


@dataclass(frozen=True)
class Topic:
    """One topic of the contract."""

    name: str
    origin: str
    """The service that alone may write it."""
    is_state: bool
    """Whether it keeps what is, rather than what happened."""
    message: type[Message]

    @cached_property
    def type(self) -> bytes:
        """`ce_type`, as it travels."""
        return str(self.message.DESCRIPTOR.full_name).encode()

    @cached_property
    def wire_origin(self) -> bytes:
        """`origin`, as it travels."""
        return self.origin.encode()


class Contract:
    """All topics that this kit can read."""

    def __init__(self) -> None:
        self.topics = {one.name: one for one in map(_topic, _declared())}

    def read(self, record: Record) -> Told:
        """The message of a record, its envelope checked. Raises `UnreadableRecordError`."""
        topic = self.topics[record.topic]
        if not record.value:
            raise UnreadableRecordError("it has no value")
        headers = dict(record.headers)
        try:
            if headers["ce_type"] != topic.type:
                raise UnreadableRecordError(f"ce_type says {_text(headers, 'ce_type')}, the topic is {topic.name}")
            if headers["ce_partitionkey"] != record.key:
                raise UnreadableRecordError("ce_partitionkey is not the key")
            if headers["origin"] != topic.wire_origin:
                raise UnreadableRecordError(f"{_text(headers, 'origin')} may not write {topic.name}")
            age = _age(headers)
            if not (headers["ce_id"] and headers["ce_time"] and headers["position"]):
                raise UnreadableRecordError("ce_id, ce_time or position is empty")
        except KeyError as error:
            raise UnreadableRecordError(f"the header {error.args[0]} is missing") from None
        except ValueError as error:
            raise UnreadableRecordError(f"a header is wrong: {error}") from error
        try:
            message = topic.message.FromString(record.value)
        except DecodeError as error:
            raise UnreadableRecordError(f"the value is no {topic.name}: {error}") from error
        return Told(topic.name, record.key_text, age, topic.origin, message, record)


def age_of(record: Record) -> Age:
    """How new a state is. Raises `KeyError` for a header that is missing, `ValueError` for one that is no number."""
    return _age(dict(record.headers))


def _age(headers: dict[str, bytes | None]) -> Age:
    age = int(headers["edition"] or 0), int(headers["ce_sequence"] or 0), int(headers.get("form") or 0)
    if age[0] < 1 or age[1] < 1 or age[2] < 0:
        raise ValueError(f"{age} is no edition, sequence and form")
    return age


def _text(headers: dict[str, bytes | None], name: str) -> str:
    value = headers[name]
    if value is None:
        raise KeyError(name)
    return value.decode()


def _topic(descriptor: Descriptor) -> Topic:
    from mandate.bus.v1 import topics_pb2

    options: Any = descriptor.GetOptions()
    declared = options.Extensions[topics_pb2.topic]
    is_state = declared.kind == topics_pb2.TOPIC_KIND_STATE
    return Topic(descriptor.name, declared.origin, is_state, message_factory.GetMessageClass(descriptor))


def _declared() -> Iterator[Descriptor]:
    """Every published message, of whatever context came with this kit."""
    import mandate
    from mandate.bus.v1 import topics_pb2

    files = [path for root in mandate.__path__ for path in Path(root).glob("*/v*/*_pb2.py")]
    wanted = {path.parts[-3:] for path in files if path.stem in {"events_pb2", "state_pb2"}}
    for context, version, name in sorted(wanted):  # by hand: protoc makes namespace packages, which nobody walks
        module = importlib.import_module(f"mandate.{context}.{version}.{name.removesuffix('.py')}")
        for descriptor in module.DESCRIPTOR.message_types_by_name.values():
            if descriptor.GetOptions().HasExtension(topics_pb2.topic):
                yield descriptor
