"""Strange messages and bytes: made from a descriptor, as nobody of ours would make them, and then broken."""

from __future__ import annotations

from random import Random
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import Message
from hypothesis import strategies as st

from chassis import nature
from chassis.fields import is_id

NOT_DRAWN = frozenset({"at_least"})
"""Who names a receipt is let wait for five seconds: what becomes of those, a test of its own asks."""
TEXTS = [
    "",
    "\0",
    "a\0b",
    "0195c0de-0000-7000-8000-000000000001",
    "{0195c0de-0000-7000-8000-000000000001}",
    "00000000-0000-0000-0000-000000000000",
    "x" * 5_000,
    "\U0001f9d1\u202e\ufeff\u2028",
    "'; DROP TABLE log; --",
    "%s%(x)s{0}$1",
    "=?utf-8?q?a=0ABcc:_b@x.test?=",
    "a\r\nb: c",
    "-1",
    "9" * 40,
    "NaN",
    "2026-02-30",
    "9999-12-31",
    "1000000004",
    "12-3456789",
    "PECOS",
    "STAFF_END_USER",
    "AUTHORIZED_OFFICIAL",
    "a@b.test",
    "created:..9999-12-31 -actor:x",
    "pos:access@999999999999999999..",
]
_BITS = {
    FieldDescriptor.CPPTYPE_INT32: (-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, (1 << 32) - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, (1 << 64) - 1),
    FieldDescriptor.CPPTYPE_ENUM: (0, 99),
}


@st.composite
def message(draw: st.DrawFn, descriptor: Descriptor, *, depth: int = 4) -> Message:
    """A message of this type: its fields right by type, and mostly wrong by sense."""
    fields = [one for one in descriptor.fields if one.name not in NOT_DRAWN and (depth or one.message_type is None)]
    values = {one.name: draw(_several(one, depth)) for one in fields if draw(st.booleans())}
    return message_factory.GetMessageClass(descriptor)(**values)


def _several(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        key, value = field.message_type.fields
        return st.dictionaries(_value(key, depth), _value(value, depth), max_size=3)
    one = _value(field, depth)
    return st.lists(one, max_size=3) if field.is_repeated else one


def _value(field: FieldDescriptor, depth: int) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return message(field.message_type, depth=depth - 1)
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING if field.type == FieldDescriptor.TYPE_BYTES:
            return st.binary(max_size=64)
        case FieldDescriptor.CPPTYPE_STRING:
            strange = st.sampled_from(TEXTS) | st.text(max_size=12)
            return st.builds(_an_id) | st.uuids().map(str) | strange if is_id(field) else strange
        case FieldDescriptor.CPPTYPE_BOOL:
            return st.booleans()
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return st.floats(width=32)
        case kind:
            least, most = _BITS[kind]
            return st.sampled_from([least, most, 0, 1]) | st.integers(least, most)


def _an_id() -> str:
    """Made just now: commands with another are not even looked at."""
    return str(nature.new_id())


def broken(value: bytes, by: Random) -> bytes:
    """The same bytes with one to four wounds: a bit turned, some lost, some put in, the end cut off, said twice."""
    wounded = bytearray(value)
    for _ in range(by.randint(1, 4)):
        at = by.randrange(len(wounded) + 1)
        match by.randrange(5):
            case 0 if at < len(wounded):
                wounded[at] ^= 1 << by.randrange(8)
            case 1:
                del wounded[at : at + by.randint(1, 4)]
            case 2:
                wounded[at:at] = by.randbytes(by.randint(1, 4))
            case 3:
                del wounded[at:]
            case _:
                wounded += wounded[at:]
    return bytes(wounded)


def nested(depth: int) -> bytes:
    """Groups within groups, which every message may hold as fields that it does not know."""
    return b"\x0b" * depth + b"\x0c" * depth


def many(descriptor: Descriptor, count: int) -> bytes:
    """A message in which each repeated field, and those of the messages in it, stands so many times, empty or 0."""
    made = bytearray()
    for field in (one for one in descriptor.fields if one.name not in NOT_DRAWN):
        if field.is_repeated:
            is_number = field.cpp_type in _BITS or field.cpp_type == FieldDescriptor.CPPTYPE_BOOL
            made += (_tag(field.number, 0) + b"\0" if is_number else _tag(field.number, 2) + b"\0") * count
        elif field.message_type is not None:
            made += (_tag(field.number, 2) + b"\0") * count
    return bytes(made)


def _tag(number: int, kind: int) -> bytes:
    value, made = number << 3 | kind, bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])
