"""Reading topics of Kafka by partition: no group's rebalancing, no silent jump, the broker's own append times."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
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
GLANCE_S = 2.0
ABSENT = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError.TOPIC_EXCEPTION}  # noqa: SLF001
CUT_OFF = {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}  # noqa: SLF001


class UnknownTopicError(Exception):
    """The broker has no such topic: another broker, another prefix, or nobody has made the topics yet."""


class BrokerUnavailableError(Exception):
    """Nobody answers; the same call may succeed later."""


def _come(consumer: Consumer, seconds: float) -> Iterator[Message]:
    """What is there, as soon as there is something: `consume` alone would wait its time out for a full batch."""
    first = consumer.poll(seconds)
    if first is not None:
        yield first
        yield from consumer.consume(BATCH - 1, 0)


class Reader:
    """All partitions of some topics and of `Progress`, and how far each was read (noted in `sync`)."""

    def __init__(
        self, bootstrap: str, sync: Sync, *, states: Iterable[str], group: str, prefix: str, settings: Mapping[str, Any]
    ) -> None:
        self._sync, self._group, self._prefix = sync, group, prefix
        self._names = [*sync.origins, prefix + PROGRESS]
        self._states = {*states, prefix + PROGRESS}
        """Topics that are never committed: they are read anew by whoever starts."""
        self._settings = {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": _report, **settings}
        self._admin = AdminClient(self._settings)
        self._consumer: Consumer | None = None
        self._found: dict[str, tuple[str, int]] = {}
        self._places: dict[tuple[str, int], int] = {}
        """Where each partition is read next."""
        self._behind: set[tuple[str, int]] = set()
        """Partitions of which the end was not seen yet."""
        self._taken: dict[tuple[str, int], int] = {}

    @property
    def at_end(self) -> bool:
        """Whether the end of every partition was seen since the beginning."""
        return self._consumer is not None and not self._behind

    def read(self, seconds: float) -> Iterator[Record]:
        """What has come, waiting for so long where nothing has. To be taken to its end, or not at all.

        One after the other: a list of all with their headers would be swept by the garbage collector again and again.
        Raises `BrokerUnavailableError` and `UnknownTopicError` at the beginning, `KafkaException` where none helps.
        """
        consumer = self._consumer or self._begin(self._describe(ANSWER_S))
        cut: list[tuple[str, int]] = []
        after: dict[tuple[str, int], int] = {}
        for message in _come(consumer, seconds):
            if message.error() is None:
                yield (record := self._record(message))
                after[record.topic, record.partition] = record.offset + 1
            else:
                self._heed(message, cut)
        self._taken = {(self._prefix + topic, partition): next_ for (topic, partition), next_ in after.items()}
        for where, next_ in self._taken.items():
            self._reached(where, next_)
        if cut:
            self._sync.gaps.update(where for where in cut if where[0] in self._sync.origins)
            self._places |= dict.fromkeys(cut, OFFSET_BEGINNING)
            consumer.assign([TopicPartition(*where, next_) for where, next_ in self._places.items()])

    def look_again(self) -> None:
        """Begin anew where the topics are others than those that are read: made anew, under the same names."""
        try:
            found = self._describe(GLANCE_S)
        except (BrokerUnavailableError, UnknownTopicError) as error:
            LOG.warning("looked at the topics again: %r", error)
            return
        if found != self._found:
            LOG.warning("topics were made anew: reading them from their beginning")
            self._begin(found)

    def _begin(self, found: dict[str, tuple[str, int]]) -> Consumer:
        """Go to the beginning of every state topic, and to where this group was in the others."""
        self.close()
        consumer = Consumer(
            self._settings
            | {
                "group.id": self._group or "mandate-kit",  # the library wants a name; no group is ever joined
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "queued.max.messages.kbytes": 16_384,
                "fetch.wait.max.ms": 100,
                "reconnect.backoff.max.ms": 1_000,
            }
        )
        try:
            places = {
                (topic, partition): self._first(consumer, topic, partition)
                for topic, (_, count) in found.items()
                for partition in range(count)
            }
            if self._group and (ours := [TopicPartition(*one) for one in places if one[0] not in self._states]):
                saved = consumer.committed(ours, ANSWER_S)
                places |= {(one.topic, one.partition): one.offset for one in saved if one.offset >= 0}
        except KafkaException as error:
            consumer.close()
            raise BrokerUnavailableError(str(error)) from error
        self._sync.restart({name: id_ for name, (id_, _) in found.items() if name in self._sync.origins})
        self._found, self._places, self._behind = found, places, set(places)
        consumer.assign([TopicPartition(*where, next_) for where, next_ in places.items()])
        self._consumer = consumer
        return consumer

    def commit(self) -> None:
        """Let Kafka keep the places of event topics after what was read last, for the group."""
        places = [TopicPartition(*where, next_) for where, next_ in self._taken.items() if where[0] not in self._states]
        if self._consumer is not None and places:
            try:
                self._consumer.commit(offsets=places, asynchronous=False)
            except KafkaException as error:  # they come again after a restart: at least once
                LOG.warning("places were not saved: %s", error)

    def lags(self) -> dict[str, int]:
        """Records of each topic that were not read yet, as far as the last answers of the broker say."""
        behind = dict.fromkeys((topic.removeprefix(self._prefix) for topic in self._sync.origins), 0)
        if self._consumer is not None:
            for (topic, partition), next_ in self._places.items():
                if topic in self._sync.origins and next_ >= 0:
                    _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, partition), cached=True)
                    behind[topic.removeprefix(self._prefix)] += max(0, end - next_)
        return behind

    def close(self) -> None:
        """Let go of the broker."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _first(self, consumer: Consumer, topic: str, partition: int) -> int:
        if topic in self._sync.origins:
            return int(OFFSET_BEGINNING)
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), ANSWER_S)
        return max(first, end - NEAR)

    def _describe(self, seconds: float) -> dict[str, tuple[str, int]]:
        """The id and the number of partitions of each topic."""
        found: dict[str, tuple[str, int]] = {}
        for name, future in self._admin.describe_topics(TopicCollection(self._names), request_timeout=seconds).items():
            try:
                told = future.result(seconds + 1)
            except KafkaException as error:
                if error.args[0].code() in ABSENT:
                    raise UnknownTopicError(name) from None
                raise BrokerUnavailableError(str(error)) from error
            except FutureTimeoutError as error:
                raise BrokerUnavailableError(f"no answer within {seconds:.0f} s") from error
            found[name] = (str(told.topic_id), len(told.partitions))
        return found

    def _record(self, message: Message) -> Record:
        return Record(
            (message.topic() or "").removeprefix(self._prefix),
            message.partition() or 0,
            message.offset() or 0,
            message.key(),
            message.value(),
            message.headers() or (),  # type: ignore[arg-type]
            message.timestamp()[1],
        )

    def _heed(self, message: Message, cut: list[tuple[str, int]]) -> None:
        """What the broker says besides records: the end of a partition, what is cut off, and what passes by itself."""
        error, where = message.error(), (message.topic() or "", message.partition() or 0)
        if error is None:
            return
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001
            self._reached(where, message.offset() or 0)  # compaction may have left a hole before the end
            self._behind.discard(where)
        elif error.code() in CUT_OFF:
            LOG.error("%s/%s: retention has taken records unread; going on with what is left", *where)
            cut.append(where)
        elif error.fatal():
            raise KafkaException(error)

    def _reached(self, where: tuple[str, int], next_: int) -> None:
        if next_ >= self._places[where]:
            self._places[where] = next_
            self._sync.reached(*where, next_)


def _report(error: KafkaError) -> None:
    """What librdkafka meets while it tries again by itself."""
    LOG.warning("Kafka: %s", error.str())
