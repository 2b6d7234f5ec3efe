"""One event, taken apart: who, why, what it says (masked), where it stands in the tree; and its stream's state."""

from __future__ import annotations

from typing import Any

from chassis import log, seals
from chassis.history import Wanted, events_of
from chassis.masking import said
from chassis.messages import Catalogue
from chassis.replaying import read_stream
from cli.installation import Installation, ReadOnly, uuid_of


def event_at(installation: Installation, service: str, position: int) -> dict[str, Any]:
    """An event as `mandate audit show` tells it. Ends the program with a line where there is none."""
    from cli.actors import system_actors
    from cli.audit import as_row

    owner = installation.service(service)
    with installation.reading(service) as session:
        rows = log.read(session, after=position - 1, limit=1)
        if not rows or rows[0].position != position:
            raise SystemExit(f"there is no event {service}@{position}: the log ends at {service}@{log.end(session)}")
        at = ("position = %(at)s", {"at": position})
        [event] = events_of(session, service, Wanted(), where=at)
        says = said(owner.application(ReadOnly(service, session), Catalogue()), rows[0])
        leaf = session.one("SELECT index FROM leaves WHERE position = %s", (position,))
        last = seals.last(session)
    return as_row(event, system_actors()) | {
        "says": says,
        "leaf": leaf[0] if leaf else None,
        "sealed_by": last.size if leaf and last else None,
    }


def state_at(installation: Installation, text: str, version: int | None) -> dict[str, Any]:
    """A stream's state as of one of its events, folded from events alone. Ends the program where there is none."""
    service, _, id_ = text.partition("/")
    stream, owner = uuid_of(id_, "id of a stream (it reads access/018f…)"), installation.service(service)
    with installation.reading(service) as session:
        app = owner.application(ReadOnly(service, session), Catalogue())
        with app.pinned(session):
            found = read_stream(app, session, stream, version=version)
    if found is None:
        raise SystemExit(f"there is no event of {text} up to version {version}" if version else f"there is no {text}")
    if found.unreadable:
        raise SystemExit(found.unreadable)
    [event] = [one for one in found.events if one.version == found.version]
    return {
        "event": event.topic,
        "position": f"{service}@{event.position}",
        "version": found.version,
        "number": found.number,
        "count": found.count,
        "fields": [
            {
                "field": one.name,
                "before": None if one.before is ... else one.before,
                "after": None if one.after is ... else one.after,
                "changed": one.is_changed,
            }
            for one in found.fields
        ],
    }
