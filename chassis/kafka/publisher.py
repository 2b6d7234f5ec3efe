"""Writing to Apache Kafka: the `Publisher` of the bus for synchronous callers."""

# aiokafka has no annotations
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import threading
import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from chassis.bus import BusUnavailableError, Message, Written, partition_of
from chassis.kafka.loop import RETRY_MS, TROUBLE, LoopThread
from chassis.kafka.tls import Tls
from chassis.kafka.topics import MESSAGE_BYTES, TOPIC_BYTES, TopicInfo, TopicTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BATCH_BYTES = 262_144
"""Messages for one partition that travel as one; a longer one travels alone."""


class KafkaPublisher:
    """Writes messages to Kafka: acks=all, idempotent producer, no transactions, one call at a time."""

    def __init__(self, bootstrap: str, *, deadline_s: float = 5.0, tls: Tls | None = None) -> None:
        self._bootstrap = bootstrap
        self._deadline_s = deadline_s
        self._tls = tls
        self._topics = TopicTable(bootstrap, deadline_s=deadline_s / 2, tls=tls)
        self._loop = LoopThread("kafka-publisher")
        self._producer: AIOKafkaProducer | None = None
        self._last: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def publish(self, messages: Sequence[Message]) -> Sequence[Written]:
        """Write all, in order, and return their places in the same order once every one is durable.

        Takes at most about `deadline_s` seconds. Raises `BusUnavailableError` when any may not have been
        written, `UnknownTopicError` for a topic that nobody made, and `ValueError`, with nothing written,
        for a message of more than `MESSAGE_BYTES`.
        """
        for message in messages:
            if _size(message) > MESSAGE_BYTES:
                raise ValueError(
                    f"A message for {message.topic} has {_size(message)} bytes; {MESSAGE_BYTES} are allowed"
                )
        if not messages:
            return ()
        until = time.monotonic() + self._deadline_s
        with self._lock:
            topics = self._topics.look_up({message.topic for message in messages})
            try:
                offsets = self._loop.run(self._write(messages, topics), seconds=max(0.1, until - time.monotonic()))
            except TROUBLE as error:
                # the producer may still try to send: it must not do so after the caller has published again
                self._drop()
                raise BusUnavailableError(f"Kafka did not confirm {len(messages)} messages: {error!r}") from error
            if self._made_anew(offsets):
                topics = self._topics.look_up(topics, max_age_s=0)
            return [
                Written(topic=topic, topic_id=topics[topic].id, partition=partition, offset=offset)
                for topic, partition, offset in offsets
            ]

    def close(self) -> None:
        """Let go of connections and threads; what has not been confirmed is not waited for."""
        with self._lock:
            self._drop()
            self._loop.close()

    async def _write(self, messages: Sequence[Message], topics: Mapping[str, TopicInfo]) -> list[tuple[str, int, int]]:
        """Write all and return (topic, partition, offset) of each."""
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                acks="all",
                enable_idempotence=True,
                max_batch_size=BATCH_BYTES,
                max_request_size=TOPIC_BYTES,
                request_timeout_ms=int(self._deadline_s * 1000 / 3),  # so that a lost answer is asked for again
                retry_backoff_ms=RETRY_MS,
                **(self._tls.for_aiokafka() if self._tls else {}),
            )
            await self._producer.start()
        lanes: dict[tuple[str, int], list[int]] = defaultdict(list)
        for index, message in enumerate(messages):
            lanes[message.topic, partition_of(message.key, topics[message.topic].partitions)].append(index)
        places: list[tuple[str, int, int]] = [("", 0, 0)] * len(messages)
        writes = [
            self._write_lane(self._producer, lane, [messages[index] for index in lane_])
            for lane, lane_ in lanes.items()
        ]
        for (lane, indexes), offsets in zip(lanes.items(), await asyncio.gather(*writes), strict=True):
            for index, offset in zip(indexes, offsets, strict=True):
                places[index] = (*lane, offset)
        return places

    async def _write_lane(
        self, producer: AIOKafkaProducer, lane: tuple[str, int], messages: Sequence[Message]
    ) -> list[int]:
        """Write the messages of one partition, in order, and return their offsets."""
        topic, partition = lane
        sent: list[tuple[asyncio.Future[Any], int]] = []
        batch = producer.create_batch()
        for message in messages:
            entry = {
                "timestamp": None,
                "key": message.key.encode(),
                "value": message.value,
                "headers": [(name, text.encode()) for name, text in message.headers.items()],
            }
            if batch.append(**entry) is None:  # full
                sent.append((await producer.send_batch(batch, topic, partition=partition), batch.record_count()))
                batch = producer.create_batch()
                batch.append(**entry)
        sent.append((await producer.send_batch(batch, topic, partition=partition), batch.record_count()))
        offsets: list[int] = []
        for future, count in sent:
            first = (await future).offset
            if first < 0:  # the broker has it from an earlier try and does not remember where
                raise KafkaError(f"No offset for {topic}-{partition}")
            offsets.extend(range(first, first + count))
        return offsets

    def _made_anew(self, offsets: Sequence[tuple[str, int, int]]) -> bool:
        """Whether a partition began again: then the id that was looked up before is no longer its topic's."""
        anew = False
        for topic, partition, offset in offsets:
            anew = anew or offset <= self._last.get((topic, partition), 0)
            self._last[topic, partition] = offset
        return anew

    def _drop(self) -> None:
        """Let the producer go with everything that it has not sent."""
        self._topics.forget()
        self._last.clear()
        producer, self._producer = self._producer, None
        if producer is not None:
            producer._closed = True  # noqa: SLF001 - its own `stop` would first deliver what is left
            self._loop.abandon(producer.client)


def _size(message: Message) -> int:
    """An upper bound in bytes: UTF-8 takes at most four a character, and counting exactly is seldom needed."""
    texts = sum(len(name) + len(text) for name, text in message.headers.items()) + len(message.key)
    return len(message.value or b"") + 4 * texts + 16 * len(message.headers) + 64
