"""How much is told and heard at once: the bus as relay and ingest have it, with a look at what goes through."""

from __future__ import annotations

from collections.abc import Sequence

from chassis import metrics
from chassis.bus import Batch, Message, Places, Publisher, Subscriber, Written
from chassis.messages import PROGRESS


class CountedPublisher:
    """A publisher, with the sizes of what it is given; Progress alone is none, for it comes every second."""

    def __init__(self, publisher: Publisher, service: str) -> None:
        self._publisher, self._sizes = publisher, metrics.BATCHES.labels(service, "told")

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        """As the publisher does."""
        written = self._publisher.publish(messages)
        if count := sum(one.topic != PROGRESS for one in messages):
            self._sizes.observe(count)
        return written

    def close(self) -> None:
        """As the publisher does."""
        self._publisher.close()


class CountedSubscriber:
    """A subscriber, with the sizes of what it brings."""

    def __init__(self, subscriber: Subscriber, service: str) -> None:
        self._subscriber, self._sizes = subscriber, metrics.BATCHES.labels(service, "heard")

    def poll(self, topics: Sequence[str], places: Places, *, limit: int = 500) -> Batch:
        """As the subscriber does."""
        batch = self._subscriber.poll(topics, places, limit=limit)
        if count := sum(one.topic != PROGRESS for one in batch.records):
            self._sizes.observe(count)
        return batch

    def ends(self, topics: Sequence[str]) -> Places:
        """As the subscriber does."""
        return self._subscriber.ends(topics)

    def another(self) -> Subscriber:
        """As the subscriber does: what is read for another purpose is not heard."""
        return self._subscriber.another()

    def close(self) -> None:
        """As the subscriber does."""
        self._subscriber.close()
