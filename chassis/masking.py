"""What auditors are told of events and states without giving a reason: all but what is sealed or secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict

from chassis.application import Application
from chassis.codec import DamagedEventError, UnknownEventError
from chassis.hearing import HEARD, decode_heard, headers_of
from chassis.log import Recorded

SEALED = "[sealed]"
MASKED = "[masked]"
_TOKEN = re.compile(r"\bv[0-9]+\.[0-9]+\.[A-Za-z0-9_=-]{16,}|\$argon2|[A-Za-z0-9_-]{60,}={0,2}|[0-9a-f]{64,}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def masked(value: Any) -> Any:
    """A value as auditors see it without a reason: sealed values and secrets are not even shown sealed."""
    if is_dataclass(value) and not isinstance(value, type):
        value = {one.name: getattr(value, one.name) for one in fields(value)}
    match value:
        case None | bool() | int() | float() | UUID() | datetime():
            return value
        case Mapping():
            return {str(name): masked(one) for name, one in value.items()}
        case list() | tuple() | set() | frozenset():
            several = sorted(value, key=str) if isinstance(value, set | frozenset) else value
            return [masked(one) for one in several]
        case str():
            hidden = _TOKEN.match(value) is not None
        case _:  # a date, a number, and whatever else could hold something
            hidden = isinstance(value, bytes) or _TOKEN.search(str(value)) is not None
    return SEALED if hidden else _ADDRESS.sub(MASKED, str(value))


def said(app: Application, row: Recorded) -> dict[str, Any]:
    """What an event says, field by field; what is sealed, or is a secret's trace, is masked."""
    try:
        if row.topic.startswith(HEARD):
            return {"headers": headers_of(row), "message": masked(message_in(app, row))}
        told = vars(app.codec.event_in(row.topic, row.stream, row.version, row.state))
    except UnknownEventError:
        return {"unreadable": f"a newer release wrote {row.topic}"}
    except DamagedEventError as error:
        return {"unreadable": f"damaged: {error}"}
    return {name: masked(value) for name, value in told.items() if not name.startswith("originator_")}


def message_in(app: Application, row: Recorded) -> dict[str, Any]:
    """The fields of a heard message, as they are. Raises `UnknownEventError` and `DamagedEventError`."""
    return dict(MessageToDict(decode_heard(app.catalogue, row), preserving_proto_field_name=True))
