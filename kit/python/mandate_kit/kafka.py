"""Reading topics of Kafka by partition: no group's rebalancing, no silent jump, the broker's own append times."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from mandate_kit.records import PROGRESS, Record
from mandate_kit.sync import Sync

LOG = logging.getLogger("mandate_kit")
BATCH = 1000
NEAR = 500
"""Records from the end of `Progress` among which every living service has one: each tells once a second."""
ANSWER_S = 10.0
ABSENT = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError.TOPIC_EXCEPTION}  # noqa: SLF001
CUT_OFF = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}  # noqa: SLF001


class UnknownTopicError(Exception):
    """The broker has no such topic: another broker, another prefix, or nobody has made the topics yet."""


class BrokerUnavailableError(Exception):
    """Nobody answers; the same call may succeed later."""


class Reader:
    """All partitions of some topics and of `Progress`, and how far each was read (noted in `sync`)."""

    def __init__(
        self, bootstrap: str, sync: Sync, *, states: Iterable[str], group: str, prefix: str, settings: Mapping[str, Any]
    ) -> None:
        self._sync, self._group, self._prefix = sync, group, prefix
        self._states = {*states, prefix + PROGRESS}
        """Topics that are never committed: they are read anew by whoever starts."""
        common = {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": _report, **settings}
        self._admin = AdminClient(common)
        self._consumer = Consumer(
            common
            | {
                "group.id": group or "mandate-kit",  # the library wants a name; no group is ever joined
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 16_384,
                "fetch.wait.max.ms": 100,
                "reconnect.backoff.max.ms": 1_000,
            }
        )
        self._behind: set[tuple[str, int]] | None = None
        """Partitions of which the end was not seen yet; None before the first."""

    @property
    def at_end(self) -> bool:
        """Whether the end of every partition was seen once since the beginning."""
        return self._behind is not None and not self._behind

    def begin(self) -> None:
        """Go to the beginning of every state topic, and to where this group was in the others.

        Raises `BrokerUnavailableError`, and `UnknownTopicError` for a topic that is not there.
        """
        found = self._describe([*self._sync.origins, self._prefix + PROGRESS])
        try:
            places = [self._first(topic, one) for topic, (_, count) in found.items() for one in range(count)]
            if committed := [one for one in places if one.topic not in self._states and self._group]:
                there = {
                    (one.topic, one.partition): one.offset for one in self._consumer.committed(committed, ANSWER_S)
                }
                for place in committed:
                    if there[place.topic, place.partition] >= 0:
                        place.offset = there[place.topic, place.partition]
        except KafkaException as error:
            raise BrokerUnavailableError(str(error)) from error
        self._sync.restart({name: id_ for name, (id_, _) in found.items() if name in self._sync.origins})
        self._behind = {(one.topic, one.partition) for one in places}
        self._consumer.assign(places)

    def read(self, seconds: float) -> list[Record]:
        """What has come, waiting for so long where nothing has. Raises `KafkaException` for what never passes."""
        if self._behind is None:
            self.begin()
        messages = self._consumer.consume(BATCH, seconds)
        return [record for message in messages if (record := self._record(message)) is not None]

    def commit(self, records: Sequence[Record]) -> None:
        """Let Kafka keep the places after these records of event topics, for the group."""
        after = {(one.topic, one.partition): one.offset + 1 for one in records}
        places = [TopicPartition(self._prefix + topic, partition, next_) for (topic, partition), next_ in after.items()]
        if places := [one for one in places if one.topic not in self._states]:
            try:
                self._consumer.commit(offsets=places, asynchronous=False)
            except KafkaException as error:  # they come again after a restart: at least once
                LOG.warning("places were not saved: %s", error)

    def lags(self) -> dict[str, int]:
        """Records of each topic that were not read yet, as far as the last answers of the broker say."""
        behind: dict[str, int] = {}
        for topic in self._sync.origins:
            behind[topic.removeprefix(self._prefix)] = sum(
                max(
                    0,
                    self._consumer.get_watermark_offsets(place, cached=True)[1]
                    - self._sync.next(topic, place.partition),
                )
                for place in self._consumer.assignment()
                if place.topic == topic
            )
        return behind

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()

    def _first(self, topic: str, partition: int) -> TopicPartition:
        place = TopicPartition(topic, partition, OFFSET_BEGINNING)
        if topic == self._prefix + PROGRESS:
            first, end = self._consumer.get_watermark_offsets(place, ANSWER_S)
            place.offset = max(first, end - NEAR)
        return place

    def _describe(self, names: Sequence[str]) -> dict[str, tuple[str, int]]:
        """The id and the number of partitions of each topic."""
        found: dict[str, tuple[str, int]] = {}
        for name, future in self._admin.describe_topics(TopicCollection(list(names)), request_timeout=ANSWER_S).items():
            try:
                told = future.result(ANSWER_S + 1)
            except KafkaException as error:
                if error.args[0].code() in ABSENT:
                    raise UnknownTopicError(name) from None
                raise BrokerUnavailableError(str(error)) from error
            except FutureTimeoutError as error:
                raise BrokerUnavailableError(f"no answer within {ANSWER_S:.0f} s") from error
            found[name] = (str(told.topic_id), len(told.partitions))
        return found

    def _record(self, message: Message) -> Record | None:
        """A record; None for what the broker says besides, which is noted here."""
        topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
        error = message.error()
        if error is None:
            self._sync.reached(topic, partition, offset + 1)
            key, value, headers = message.key(), message.value(), message.headers()
            return Record(
                topic.removeprefix(self._prefix),
                partition,
                offset,
                key,
                value,
                headers or (),  # type: ignore[arg-type]
                message.timestamp()[1],
            )
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            self._sync.reached(topic, partition, offset)  # compaction may have left a hole before the end
            if self._behind:
                self._behind.discard((topic, partition))
        elif error.code() in CUT_OFF:
            LOG.error("%s/%s: retention has taken records unread; going on with what is left", topic, partition)
            if topic in self._sync.origins:
                self._sync.gaps.add((topic, partition))
            self._consumer.seek(TopicPartition(topic, partition, OFFSET_BEGINNING))
        elif error.fatal():
            raise KafkaException(error)
        return None


def _report(error: KafkaError) -> None:
    """What librdkafka meets while it tries again by itself."""
    LOG.warning("Kafka: %s", error.str())
