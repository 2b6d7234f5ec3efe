"""One stream of the log, as the library reads it to make an aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eventsourcing.persistence import AggregateRecorder, StoredEvent

from chassis import arrays
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
        stream = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        after, up_to = gt or 0, lte if lte is not None else _EVER
        values = (stream.bytes, arrays.bigint(after), arrays.bigint(up_to), arrays.bigint(limit or _EVER))
        rows = self._session.call(_NEWEST_FIRST if desc else _OLDEST_FIRST, values)
        return [
            StoredEvent(stream, int.from_bytes(version or b""), (topic or b"").decode(), state or b"")
            for version, topic, state in rows
        ]

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Never: there is one way into the log."""
        raise NotImplementedError("append with chassis.log.append")


_EVER = 2**62
_STREAM = "SELECT version, topic, state FROM log WHERE stream = $1 AND version > $2 AND version <= $3 ORDER BY version"
_OLDEST_FIRST = f"{_STREAM} LIMIT $4"
_NEWEST_FIRST = f"{_STREAM} DESC LIMIT $4"
