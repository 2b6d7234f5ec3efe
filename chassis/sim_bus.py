"""The bus of a simulation: it repeats, delays, shuffles and forgets, as its seed says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from chassis.bus import Batch, Message, Place, Places, Publisher, Subscriber, Written
from chassis.messages import PROGRESS
from chassis.sim import Simulation


class SimPublisher:
    """A bus that repeats: sometimes what was published is published again."""

    def __init__(self, sim: Simulation, inner: Publisher) -> None:
        self._sim, self._inner = sim, inner
        self.on_publish: Callable[[AbstractSet[str]], None] = lambda _topics: None
        """Called with the topics in which there is more to be read; nobody is called for Progress."""

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        """Publish once, or twice; the caller is told of the last time."""
        written = self._inner.publish(messages)
        if not self._sim.healing and self._sim.random.random() < 0.1:  # noqa: PLR2004 - one in ten
            written = self._inner.publish(messages)
        if topics := {message.topic for message in messages} - {PROGRESS}:
            self.on_publish(topics)
        return written

    def close(self) -> None:
        """Close the bus behind."""
        self._inner.close()


class SimSubscriber:
    """A bus that delays, shuffles across partitions (never within one), and forgets how far it was read."""

    def __init__(self, sim: Simulation, inner: Subscriber) -> None:
        self._sim, self._inner = sim, inner

    def poll(self, topics: Sequence[str], places: Places, *, limit: int = 500) -> Batch:
        """Read a few records, from places that are sometimes set back."""
        draw = self._sim.random
        if self._sim.healing:
            return self._inner.poll(topics, places, limit=limit)
        if draw.random() < 0.05:  # noqa: PLR2004 - one poll in twenty begins earlier
            places = {part: Place(at.topic_id, draw.randint(0, at.offset)) for part, at in sorted(places.items())}
        alone = tuple(topics) == (PROGRESS,)  # whoever looks for the last one reads all of them
        batch = self._inner.poll(topics, places, limit=limit if alone else draw.choice((1, 5, 20, 100)))
        lanes: dict[tuple[str, int], list[Any]] = {}
        for record in batch.records:
            lanes.setdefault((record.topic, record.partition), []).append(record)
        shuffled = []
        while lanes:
            part = draw.choice(sorted(lanes))
            shuffled.append(lanes[part].pop(0))
            if not lanes[part]:
                del lanes[part]
        return Batch(records=shuffled, places=batch.places, gaps=batch.gaps)

    def ends(self, topics: Sequence[str]) -> Places:
        """The bus behind knows."""
        return self._inner.ends(topics)

    def another(self) -> SimSubscriber:
        """It has nothing of its own."""
        return self

    def close(self) -> None:
        """Close the bus behind."""
        self._inner.close()
