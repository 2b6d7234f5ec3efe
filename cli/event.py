"""One event, taken apart: who, why, what it says (masked), and where it stands in the tree."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from google.protobuf.json_format import MessageToDict

from chassis import log, seals
from chassis.codec import DamagedEventError, UnknownEventError
from chassis.database import Session
from chassis.hearing import HEARD, decode_heard, headers_of
from chassis.log import Recorded
from chassis.messages import Catalogue
from cli.history import Wanted, events_of
from cli.installation import Installation, ReadOnly

SEALED = "[sealed]"
MASKED = "[masked]"
_TOKEN = re.compile(r"v[0-9]+\.[0-9]+\.[A-Za-z0-9_=-]{16,}|\$argon2|[A-Za-z0-9_-]{60,}={0,2}|[0-9a-f]{64,}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def event_at(installation: Installation, service: str, position: int) -> dict[str, Any]:
    """An event as `mandate audit show` tells it. Ends the program with a line where there is none."""
    from cli.actors import system_actors
    from cli.audit import as_row

    with installation.reading(installation.service(service).name) as session:
        rows = log.read(session, after=position - 1, limit=1)
        if not rows or rows[0].position != position:
            raise SystemExit(f"there is no event {service}@{position}: the log ends at {service}@{log.end(session)}")
        at = ("position = %(at)s", {"at": position})
        [event] = events_of(session, service, Wanted(), where=at)
        said = _said(installation, session, service, rows[0])
        leaf = session.one("SELECT index FROM leaves WHERE position = %s", (position,))
        last = seals.last(session)
    return as_row(event, system_actors()) | {
        "says": said,
        "leaf": leaf[0] if leaf else None,
        "sealed_by": last.size if leaf and last else None,
    }


def _said(installation: Installation, session: Session, service: str, row: Recorded) -> dict[str, Any]:
    """What the event says, field by field; what is sealed, or is a secret's trace, is masked."""
    catalogue = Catalogue()
    try:
        if row.topic.startswith(HEARD):
            message = MessageToDict(decode_heard(catalogue, row), preserving_proto_field_name=True)
            return {"headers": headers_of(row), "message": masked(message)}
        app = installation.service(service).application(ReadOnly(service, session), catalogue)
        fields = vars(app.codec.to_domain_event(row.stored()))
    except UnknownEventError:
        return {"unreadable": f"a newer release wrote {row.topic}"}
    except DamagedEventError as error:
        return {"unreadable": f"damaged: {error}"}
    return {name: masked(value) for name, value in fields.items() if not name.startswith("originator_")}


def masked(value: Any) -> Any:
    """A value as auditors see it without a reason: sealed values and secrets are not even shown sealed."""
    match value:
        case dict():
            return {name: masked(one) for name, one in value.items()}
        case list() | tuple():
            return [masked(one) for one in value]
        case str() if _TOKEN.match(value):
            return SEALED
        case str() if _ADDRESS.search(value):
            return _ADDRESS.sub(MASKED, value)
        case bytes():
            return SEALED
        case _:
            return value if isinstance(value, str | bool | int | float | UUID | datetime | None) else str(value)
