"""The topics with how much was told on each, and the last records of one."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from chassis.messages import Catalogue
from cli import records
from cli.events import declared
from cli.installation import Installation
from cli.showing import jsonable

SHOWN = 20
SEALED = "sealed_"
"""The front of the name of every field that holds a secret, sealed for one reader."""


def counted(installation: Installation) -> list[dict[str, Any]]:
    """What `mandate events topics` lists, each with the records that were ever told on it."""
    rows = declared(Catalogue())
    with installation.bus() as bus:
        ends = bus.ends([row["topic"] for row in rows])
    told: Counter[str] = Counter()
    for (topic, _), place in ends.items():
        told[topic] += place.offset
    return [row | {"told": told[row["topic"]]} for row in rows]


def last(installation: Installation, topic: str, *, count: int = SHOWN) -> list[dict[str, Any]]:
    """The last records of a topic as `mandate events tail --json` has them, the newest first, secrets left out."""
    catalogue = Catalogue()
    with installation.bus() as bus:
        found = list(records.reading(bus, topic, last=count, follow=False))
    return [covered(records.as_json(catalogue, one)) for one in reversed(found)]


def covered(record: dict[str, Any]) -> dict[str, Any]:
    """A record as a page may show it: of a sealed secret, and of bytes that cannot be read, only the length."""
    value = {name: _cover(name, field) for name, field in (record["value"] or {}).items()}
    unread = {"bytes": f"{len(record['bytes'] or b'')} bytes"} if "bytes" in record else {}
    ended = record["value"] is None and "unreadable" not in record
    text = json.dumps(value, indent=1, default=jsonable, ensure_ascii=False)
    return record | unread | {"value": value, "text": text, "ended": ended}


def _cover(name: str, field: Any) -> Any:
    match field:
        case dict():
            return {key: _cover(key, value) for key, value in field.items()}
        case list():
            return [_cover(name, value) for value in field]
        case _:
            return f"sealed, {len(str(field))} characters" if name.startswith(SEALED) else field
