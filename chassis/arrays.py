"""Values in PostgreSQL's binary form: psycopg's own way costs more than the rows, for it is Python an element."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

_HEADER = struct.Struct(">iiIii")
_EMPTY = struct.Struct(">iiI")
_LENGTH = struct.Struct(">i")
_BIGINT = struct.Struct(">iq")
_NULL = b"\xff\xff\xff\xff"
_ONE = {element: _HEADER.pack(1, 0, element, 1, 1) for element in (16, 17, 20, 25, 1184, 2950)}
"""Most arrays have one element: the header is made once for each type."""
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Array(NamedTuple):
    """An array as it travels; to be given to a statement as a value."""

    oid: int
    data: bytes


def uuids(values: Iterable[UUID | None]) -> Array:
    """`uuid[]`."""
    return _array(2951, 2950, [_NULL if one is None else b"\x00\x00\x00\x10" + one.bytes for one in values])


def bigints(values: Iterable[int | None]) -> Array:
    """`bigint[]`."""
    return _array(1016, 20, [_NULL if one is None else _BIGINT.pack(8, one) for one in values])


def timestamps(values: Iterable[datetime | None]) -> Array:
    """`timestamptz[]`, of aware moments."""
    moments = (None if one is None else (one - _EPOCH) // _MICROSECOND for one in values)
    return _array(1185, 1184, [_NULL if one is None else _BIGINT.pack(8, one) for one in moments])


def byteas(values: Iterable[bytes | None]) -> Array:
    """`bytea[]`."""
    return _array(1001, 17, [_NULL if one is None else _LENGTH.pack(len(one)) + one for one in values])


def texts(values: Iterable[str | None]) -> Array:
    """`text[]`."""
    encoded = (None if one is None else one.encode() for one in values)
    return _array(1009, 25, [_NULL if one is None else _LENGTH.pack(len(one)) + one for one in encoded])


def booleans(values: Iterable[bool | None]) -> Array:
    """`boolean[]`."""
    return _array(1000, 16, [_NULL if one is None else b"\x00\x00\x00\x01" + bytes([one]) for one in values])


def bigint(value: int) -> bytes:
    """A `bigint` by itself."""
    return value.to_bytes(8, signed=True)


def timestamp(value: datetime) -> bytes:
    """A `timestamptz` by itself, of an aware moment."""
    return bigint((value - _EPOCH) // _MICROSECOND)


def read_bigints(data: bytes) -> list[int]:
    """The elements of a `bigint[]` that has no nulls."""
    return [one for _, one in _BIGINT.iter_unpack(data[_HEADER.size :])]


def _array(oid: int, element: int, items: list[bytes]) -> Array:
    if len(items) == 1 and items[0] is not _NULL:
        return Array(oid, _ONE[element] + items[0])
    if not items:
        return Array(oid, _EMPTY.pack(0, 0, element))
    header = _HEADER.pack(1, _NULL in items, element, len(items), 1)
    return Array(oid, b"".join((header, *items)))


class _ArrayDumper(Dumper):
    """Hands an array over as it is; one dumper for each type of array."""

    format = Format.BINARY

    def __init__(self, cls: type, context: AdaptContext | None = None, oid: int = 0) -> None:
        super().__init__(cls, context)
        self.oid = oid

    def get_key(self, obj: Any, format: PyFormat) -> Any:  # noqa: ARG002 - the library's signature
        return (self.cls, obj.oid)

    def upgrade(self, obj: Any, format: PyFormat) -> _ArrayDumper:  # noqa: ARG002 - the library's signature
        return _ArrayDumper(self.cls, oid=obj.oid)

    def dump(self, obj: Any) -> bytes:
        data: bytes = obj.data
        return data


psycopg.adapters.register_dumper(Array, _ArrayDumper)
