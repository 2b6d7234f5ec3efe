"""Between events and stored bytes: JSON with sorted keys, typed by the event's own declaration."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, get_type_hints
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import register_topic

from chassis.domain import Aggregate, Claim

_ENCODER = msgspec.json.Encoder(order="sorted", decimal_format="string")
_OWN = ("originator_id", "originator_version")


class UnknownEventError(Exception):
    """The log holds an event that this release does not know: a newer release wrote it."""


class DamagedEventError(Exception):
    """The stored bytes do not fit the event's declaration; the message names stream, version and topic."""


class Codec(Mapper[UUID]):
    """Encodes the events of the aggregates it was made with, and decodes those alone (an allow-list)."""

    def __init__(self, aggregates: Iterable[type[Aggregate]]) -> None:
        super().__init__(JSONTranscoder())
        self._readers: dict[str, tuple[type, msgspec.json.Decoder[Any], tuple[str, ...]]] = {}
        known: tuple[type[Aggregate], ...] = (*aggregates, Claim)
        for aggregate in known:
            register_topic(aggregate.TOPIC, aggregate)
            for event in _events(aggregate):
                register_topic(event.TOPIC, event)  # type: ignore[attr-defined]
                self._learn(event)

    def _learn(self, event: type) -> None:
        hints = get_type_hints(event)
        names = [field.name for field in dataclasses.fields(event) if field.name not in _OWN]
        shape = msgspec.defstruct(event.__name__, [(name, hints[name]) for name in names], gc=False)
        topic: str = event.TOPIC  # type: ignore[attr-defined]
        if topic in self._readers and self._readers[topic][0] is not event:
            raise ValueError(f"two events are stored as {topic}")
        self._readers[topic] = (event, msgspec.json.Decoder(shape), tuple(names))

    def knows(self, topic: str) -> bool:
        """Whether this release can decode the topic."""
        return topic in self._readers

    def topic_of(self, event: type) -> str:
        """The stored name of an event class."""
        topic: str = event.TOPIC  # type: ignore[attr-defined]
        return topic

    def to_stored_event(self, domain_event: DomainEventProtocol[UUID]) -> StoredEvent:
        """Encode an event: plain types only, keys sorted, so that the same event is the same bytes."""
        fields = dict(vars(domain_event))
        for name in _OWN:
            del fields[name]
        version = getattr(type(domain_event), "class_version", 1)
        if version > 1:
            fields["class_version"] = version
        return StoredEvent(
            originator_id=domain_event.originator_id,
            originator_version=domain_event.originator_version,
            topic=type(domain_event).TOPIC,  # type: ignore[attr-defined]
            state=_ENCODER.encode(fields),
        )

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[UUID]:
        """Decode an event. Raises `UnknownEventError` or `DamagedEventError`; never half an event."""
        try:
            event, reader, names = self._readers[stored_event.topic]
        except KeyError:
            raise UnknownEventError(stored_event.topic) from None
        try:
            if getattr(event, "class_version", 1) > 1:
                fields = self._upcast(event, reader.type, stored_event.state)
            else:
                fields = reader.decode(stored_event.state)
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, AttributeError) as error:
            where = f"{stored_event.topic} {stored_event.originator_id} version {stored_event.originator_version}"
            raise DamagedEventError(f"{where}: {error}") from error
        state = {name: getattr(fields, name) for name in names}
        state["originator_id"] = stored_event.originator_id
        state["originator_version"] = stored_event.originator_version
        decoded: DomainEventProtocol[UUID] = object.__new__(event)
        object.__setattr__(decoded, "__dict__", state)
        return decoded

    @staticmethod
    def _upcast(event: type, shape: Any, state: bytes) -> Any:
        fields = msgspec.json.decode(state)
        version = fields.pop("class_version", 1)
        for older in range(version, event.class_version):  # type: ignore[attr-defined]
            getattr(event, f"upcast_v{older}_v{older + 1}")(fields)
        return msgspec.convert(fields, shape, strict=False)


def _events(aggregate: type[Aggregate]) -> Iterable[type]:
    """The event classes nested in an aggregate, as the library has made them."""
    for value in vars(aggregate).values():
        if isinstance(value, type) and hasattr(value, "TOPIC") and dataclasses.is_dataclass(value):
            _refuse_loose_types(value)
            yield value


def _refuse_loose_types(event: type) -> None:
    """Events hold plain types: what comes back from JSON as something else is refused when it is declared."""
    for name, hint in get_type_hints(event).items():
        words = str(hint)
        if any(loose in words for loose in ("tuple", "set[", "frozenset", "Enum")):
            raise TypeError(f"{event.__qualname__}.{name}: {words} does not come back from the log as it went")


def json_bytes(value: Any) -> bytes:
    """The log's own JSON: sorted keys, `Decimal` as text."""
    return _ENCODER.encode(value)
