"""The logs of all services of an installation as one history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chassis.history import Condition, Event, Wanted, events_of, merge
from cli.installation import Installation


def history(
    installation: Installation,
    services: Sequence[str],
    wanted: Wanted,
    *,
    limit: int | None,
    where: Mapping[str, Condition] = {},
    before: Mapping[str, int] = {},
) -> list[Event]:
    """The last events of these logs that are asked for, merged.

    `where` is a further condition for each log, `before` a position in front of which its events lie.
    """
    logs: list[list[Event]] = []
    for service in services:
        here = replace(wanted, before=before.get(service))
        more = None if limit is None else limit + 1  # as the portal, which must know whether there are more
        with installation.reading(service) as session:
            logs.append(events_of(session, service, here, limit=more, where=where.get(service)))
    merged = list(merge(logs))
    return merged if limit is None else merged[-limit:]
