"""Records as a broker would hand them over."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from mandate.bus.v1 import topics_pb2
from mandate_kit.records import PROGRESS, Record

ORIGINS = {"identity": "AccountState", "access": "AssociationState", "connections": "ConnectionState"}


def record(message: Message, key: object, sequence: int, *, origin: str = "", **changed: Any) -> Record:
    """A message in its envelope; headers, or fields of the record, by name as `changed`."""
    name = message.DESCRIPTOR.name
    own = {field: changed.pop(field) for field in ("value", "offset", "partition") if field in changed}
    headers: dict[str, Any] = {
        "ce_id": f"{origin}/1/{sequence}/{name}",
        "ce_type": message.DESCRIPTOR.full_name,
        "ce_partitionkey": str(key),
        "ce_sequence": str(sequence),
        "ce_time": "2026-05-04T13:30:15+00:00",
        "origin": origin or next((one for one, topic in ORIGINS.items() if topic == name), "access"),
        "edition": "1",
        "form": "1",
        "position": str(sequence),
    } | changed
    return Record(
        topic=name,
        partition=own.get("partition", 0),
        offset=own.get("offset", sequence),
        key=str(key).encode(),
        value=own.get("value", message.SerializeToString()),
        headers=[(header, text.encode()) for header, text in headers.items() if text is not None],
        appended_ms=1_000_000,
    )


def progress(
    origin: str, position: int, *written: tuple[str, str, int, int], at_s: float = 1000.0, **more: Any
) -> Record:
    """A Progress; `written` are (topic, topic's id, partition, offset)."""
    told = topics_pb2.Progress(
        origin=origin,
        edition=more.get("edition", 1),
        position=position,
        written=[
            topics_pb2.WrittenOffset(topic=topic, topic_id=id_, partition=partition, offset=offset)
            for topic, id_, partition, offset in written
        ],
    )
    return Record(PROGRESS, 0, position, origin.encode(), told.SerializeToString(), (), int(at_s * 1000))


def id_of(number: int) -> UUID:
    return UUID(int=number)
