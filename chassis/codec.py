"""Between events and stored bytes: JSON with sorted keys, typed by the event's own declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import register_topic

from chassis.domain import Aggregate, Claim, DomainError, Look
from chassis.editions import Edition

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_OWN = ("originator_id", "originator_version")
_PLAIN = (str, bool, int, bytes, UUID, Decimal, datetime, date, NoneType, Any)
_Reader = tuple[type, msgspec.json.Decoder[Any], int]
_NUL = b"\\u0000"
"""How JSON writes a NUL character; the same six bytes behind a backslash are text that says so."""


class UnknownEventError(Exception):
    """The log holds an event that this release does not know: a newer release wrote it."""


class UnstorableTextError(DomainError):
    """Leave out the invisible character (NUL) in this text: it cannot be stored."""


class DamagedEventError(Exception):
    """The stored bytes do not fit the event's declaration; the message names stream, version and topic."""


@cache
def _reader(event: type) -> _Reader:
    """An event class, what decodes its stored fields, and the class version that is known."""
    hints = get_type_hints(event)
    names = [field.name for field in dataclasses.fields(event) if field.name not in _OWN]
    fields: list[Any] = [*((name, hints[name]) for name in names), ("class_version", int, 1)]
    shape = msgspec.defstruct(event.__name__, fields, gc=False)
    return event, msgspec.json.Decoder(shape), getattr(event, "class_version", 1)


class Codec(Mapper[UUID]):
    """Encodes the events of the aggregates it was made with, and decodes those alone (an allow-list)."""

    def __init__(self, aggregates: Iterable[type[Aggregate]]) -> None:
        super().__init__(JSONTranscoder())
        self._readers: dict[str, _Reader] = {}
        known: tuple[type[Aggregate], ...] = (*aggregates, Claim, Look, Edition)
        for aggregate in known:
            register_topic(aggregate.TOPIC, aggregate)
            for event in _events(aggregate):
                register_topic(event.TOPIC, event)  # type: ignore[attr-defined]
                self._learn(event)

    def _learn(self, event: type) -> None:
        topic: str = event.TOPIC  # type: ignore[attr-defined]
        if topic in self._readers and self._readers[topic][0] is not event:
            raise ValueError(f"two events are stored as {topic}")
        self._readers[topic] = _reader(event)

    @property
    def topics(self) -> Sequence[str]:
        """All stored names that this release can decode."""
        return tuple(self._readers)

    def knows(self, topic: str) -> bool:
        """Whether this release can decode the topic."""
        return topic in self._readers

    def topic_of(self, event: type) -> str:
        """The stored name of an event class."""
        topic: str = event.TOPIC  # type: ignore[attr-defined]
        return topic

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Encode an event: plain types only, keys sorted, so that the same event is the same bytes.

        Raises `UnstorableTextError` for a NUL character: no table of PostgreSQL takes one, so that a view that
        shows it would stand still for ever.
        """
        fields = dict(vars(domain_event))
        for name in _OWN:
            del fields[name]
        version = getattr(type(domain_event), "class_version", 1)
        if version > 1:
            fields["class_version"] = version
        state = _ENCODER.encode(fields)
        if _NUL in state and _NUL in state.replace(b"\\\\", b""):
            raise UnstorableTextError
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=type(domain_event).TOPIC,  # type: ignore[attr-defined]
            state=state,
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Decode an event, as the library asks for it."""
        stream = cast("UUID", stored_event.originator_id)  # the library knows text, too
        return self.event_in(stored_event.topic, stream, stored_event.originator_version, stored_event.state)

    def event_in(self, topic: str, stream: UUID, version: int, state: bytes) -> DomainEventProtocol[UUID]:
        """Decode an event. Raises `UnknownEventError` or `DamagedEventError`; never half an event."""
        try:
            event, reader, known = self._readers[topic]
        except KeyError:
            raise UnknownEventError(topic) from None
        try:
            fields = msgspec.structs.asdict(
                reader.decode(state) if known == 1 else _upcast(event, reader, topic, state)
            )
        except (msgspec.MsgspecError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
            raise DamagedEventError(f"{topic} {stream} version {version}: {error}") from error
        written = fields.pop("class_version")
        if written > known:
            raise UnknownEventError(f"{topic} of class version {written}")
        fields["originator_id"] = stream
        fields["originator_version"] = version
        decoded: DomainEventProtocol[UUID] = object.__new__(event)
        object.__setattr__(decoded, "__dict__", fields)
        return decoded


def _upcast(event: type, reader: msgspec.json.Decoder[Any], topic: str, state: bytes) -> Any:
    fields = msgspec.json.decode(state)
    version = fields.get("class_version", 1)
    for older in range(version, event.class_version):  # type: ignore[attr-defined]
        getattr(event, f"upcast_v{older}_v{older + 1}")(fields)
    if version > event.class_version:  # type: ignore[attr-defined]
        raise UnknownEventError(f"{topic} of class version {version}")
    return msgspec.convert(fields, reader.type)


@cache
def _events(aggregate: type[Aggregate]) -> Sequence[type]:
    """The event classes nested in an aggregate, as the library has made them (it insists that each has a TOPIC)."""
    values = vars(aggregate).values()
    found = [one for one in values if isinstance(one, type) and hasattr(one, "TOPIC") and dataclasses.is_dataclass(one)]
    for event in found:
        _refuse_loose_types(event)
    return found


def _refuse_loose_types(event: type) -> None:
    """Events hold plain types: what comes back from JSON as something else is refused when it is declared."""
    hints = get_type_hints(event)
    for name in (field.name for field in dataclasses.fields(event) if field.name not in _OWN):
        if not _is_plain(hints[name]):
            raise TypeError(f"{event.__qualname__}.{name}: {hints[name]} does not come back from the log as it went")


def _is_plain(hint: Any) -> bool:
    """Whether what is declared so comes back equal: plain types, and lists, dicts and unions of them."""
    container = get_origin(hint)
    if container is Literal:
        return True
    if container is dict and get_args(hint)[0] is not str:
        return False  # keys are sorted as text
    if container in (list, dict, Union, UnionType):
        return all(_is_plain(inner) for inner in get_args(hint))
    return hint in (*_PLAIN, list, dict)


def json_bytes(value: Any) -> bytes:
    """The log's own JSON: sorted keys, `Decimal` as text."""
    return _ENCODER.encode(value)
