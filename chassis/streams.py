"""One stream of the log, as the library reads it to make an aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent

from chassis.database import Session


class StreamReader(AggregateRecorder):
    """The library's recorder, for loading aggregates; appending goes through `append` alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one stream, in order of version."""
        order = "DESC" if desc else "ASC"
        rows = self._session.run(
            "SELECT stream, version, topic, state FROM log WHERE stream = %s AND version > %s AND version <= %s"  # noqa: S608
            f" ORDER BY version {order} LIMIT %s",
            (originator_id, gt or 0, lte if lte is not None else _EVER, limit),
            binary=True,
        )
        return [StoredEvent(*row) for row in rows]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Never: there is one way into the log."""
        raise NotImplementedError("append with chassis.log.append")


_EVER = 2**62
