"""Telling invented messages as services tell theirs: in their envelope, with the Progress that proves them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from google.protobuf.message import Message
from mandate.bus.v1 import topics_pb2

from chassis import nature
from chassis.bus import Message as BusMessage
from chassis.bus import Publisher, Topic, TopicAdmin, Written
from chassis.messages import PROGRESS, Catalogue, Origin, wrap

LEAF = bytes(32)
FORM = 1


class Teller:
    """Every service's relay in one, on topics of which the names begin with `prefix`; positions come `after` others."""

    def __init__(self, publisher: Publisher, prefix: str, catalogue: Catalogue, *, after: int = 0) -> None:
        self._publisher, self._prefix, self._catalogue, self._after = publisher, prefix, catalogue, after
        self._positions: dict[str, int] = {}
        self._written: dict[tuple[str, str, int], Written] = {}
        """Origin, topic and partition -> where the last message stands."""

    def made(
        self, message: Message, key: UUID, version: int, *, edition: int = 1, form: int | None = None
    ) -> BusMessage:
        """A message at the next position of its origin's log; told by `tell`, now, later or twice."""
        topic = self._catalogue.topics[message.DESCRIPTOR.name]
        self._positions[topic.origin] = position = self._positions.get(topic.origin, self._after) + 1
        origin = Origin(topic.origin, edition, position, key, version, nature.now(), nature.new_id(), "", LEAF)
        told_form = (FORM if self._catalogue.is_state(topic.name) else 0) if form is None else form
        return replace(wrap(message, origin, form=told_form), topic=self._prefix + topic.name)

    def tell(self, messages: Sequence[BusMessage]) -> None:
        """Publish these, in their order."""
        for message, one in zip(messages, self._publisher.publish(messages), strict=True):
            origin = self._catalogue.topics[message.topic.removeprefix(self._prefix)].origin
            self._written[origin, one.topic, one.partition] = one

    def prove(self, origins: Sequence[str]) -> None:
        """Publish a Progress of each of these services, up to all that was told."""
        self._publisher.publish([self._progress(origin) for origin in origins])

    def receipts(self, origins: Sequence[str]) -> list[tuple[str, int, int]]:
        """Origin, edition and position of the last that each of these services told."""
        return [(origin, 1, self._positions.get(origin, self._after)) for origin in origins]

    def _progress(self, origin: str) -> BusMessage:
        value = topics_pb2.Progress(
            origin=origin,
            edition=1,
            position=self._positions.get(origin, self._after),
            written=[
                topics_pb2.WrittenOffset(
                    topic=one.topic, topic_id=one.topic_id, partition=one.partition, offset=one.offset
                )
                for (who, _, _), one in sorted(self._written.items())
                if who == origin
            ],
        )
        headers = {"content-type": "application/protobuf", "ce_specversion": "1.0", "origin": origin}
        return BusMessage(self._prefix + PROGRESS, origin, value.SerializeToString(deterministic=True), headers)


def make_topics(admin: TopicAdmin, prefix: str, catalogue: Catalogue, names: Sequence[str]) -> list[Topic]:
    """Make these topics of the contract under the prefix, and `Progress`."""
    topics = [replace(catalogue.topics[name], name=prefix + name) for name in (*names, PROGRESS)]
    admin.ensure(topics)
    return topics
