"""What aiokafka reads, in our terms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chassis.bus import Record

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def record_of(raw: Any) -> Record:
    """A record as aiokafka gives it. Bytes that are no UTF-8 become escapes: a stranger's record stops nobody."""
    return Record(
        topic=raw.topic,
        partition=raw.partition,
        offset=raw.offset,
        key=_text(raw.key),
        value=raw.value,
        headers=_headers(raw.headers),
        appended_at=EPOCH + timedelta(milliseconds=raw.timestamp),
    )


def _headers(raw: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    """By name. One that stands twice keeps both texts, parted by a NUL: who reads headers takes none that has one."""
    headers: dict[str, str] = {}
    for name, value in raw:
        headers[name] = f"{headers[name]}\0{_text(value)}" if name in headers else _text(value)
    return headers


def _text(raw: bytes | None) -> str:
    return (raw or b"").decode(errors="backslashreplace")
