"""What the fields of a message must look like: looked at once, on arrival, so that no fold stumbles over them later.

The contract says it by names: a text field `id`, `*_id` or `*_by` (or a list `*_ids`) is a UUID in its usual form,
never empty unless the field's option `may_be_empty` says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.bus.v1 import topics_pb2

from chassis.messages import UnreadableMessageError

OTHER_IDS = frozenset({"tracking_id", "message_id"})
"""Ids in a form of their own: a person types the one, a mail server keeps the other."""

_AN_ID = re.compile(r"(?:.+_)?ids?|.+_by")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def check(message: Message) -> None:
    """Raise `UnreadableMessageError` for the first id that is no UUID, or moment that no calendar has."""
    for field in _to_look_at(message.DESCRIPTOR):
        if field.message_type is not None:
            for part in _values(message, field):
                _check_part(field, part)
        else:
            for text in _values(message, field):
                # one spelling for one id: some listeners keep it as text
                if not _UUID.fullmatch(text) and (text or not may_be_empty(field)):
                    raise UnreadableMessageError(f"{field.name} is no UUID: {text[:40]!r}")


@cache
def _to_look_at(descriptor: Any) -> tuple[Any, ...]:
    """The fields of a message that are ids, or messages themselves."""
    return tuple(field for field in descriptor.fields if field.message_type is not None or is_id(field))


def _check_part(field: Any, part: Any) -> None:
    if not isinstance(part, Timestamp):
        check(part)
        return
    try:
        part.ToDatetime()
    except (ValueError, OverflowError) as error:
        raise UnreadableMessageError(f"{field.name} is no moment: {error}") from error


def _values(message: Message, field: Any) -> Iterator[Any]:
    """What stands in a field: each of a list, and no message that is not there."""
    value = getattr(message, field.name)
    if field.is_repeated:
        yield from value
    elif field.message_type is None or message.HasField(field.name):
        yield value


def is_id(field: Any) -> bool:
    """Whether a field, by its descriptor, holds a UUID, or several."""
    return (
        field.type == FieldDescriptor.TYPE_STRING
        and field.name not in OTHER_IDS
        and _AN_ID.fullmatch(field.name) is not None
    )


def may_be_empty(field: Any) -> bool:
    """Whether the contract lets an id be left out."""
    options: Any = field.GetOptions()
    return bool(options.Extensions[topics_pb2.may_be_empty])
