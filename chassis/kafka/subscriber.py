"""Reading from Apache Kafka: the `Subscriber` of the bus for synchronous callers."""

# aiokafka has no annotations
# mypy: allow-untyped-calls

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from chassis.bus import Batch, BusUnavailableError, Place, Places
from chassis.kafka.loop import RETRY_MS, TROUBLE, LoopThread
from chassis.kafka.records import record_of
from chassis.kafka.tls import Tls
from chassis.kafka.topics import TOPIC_BYTES, TopicInfo, TopicTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FETCH_WAIT_MS = 40
"""How long the broker holds a fetch that finds nothing; it answers at once when a record comes."""

OUTLOOK_MS = 3_600_000
"""As good as for ever: the next poll ends it."""

SLICE_MS = 15
ROUNDS = 2
"""Answers without a record after which a poll says "nothing": the first may be to an older question."""

QUIET_S = 0.25
"""Without an answer for so long, a poll asks whether the broker and the topics are still what they were."""

LITTLE_BYTES = 16_384
"""Fetched of each partition by who is in no hurry, for memory is not given back; a larger batch comes all the same."""


@dataclass(slots=True)
class _Reading:
    """One partition that is being read."""

    asked: Place | None
    """The place that the caller gave when reading began here."""
    at: Place
    """The place after what the caller has been given."""
    gap: bool
    """Whether retention had passed `asked`."""
    untouched: bool = True
    """Whether nothing has been read yet, so that the caller may still hold `asked`."""

    def goes_on_from(self, place: Place | None) -> bool:
        """Whether reading simply goes on for a caller who holds this place."""
        return place == self.at or (self.untouched and place == self.asked)


class KafkaSubscriber:
    """Reads partitions of Kafka that are assigned by hand: no group, no commits, no silent jumps."""

    def __init__(
        self,
        bootstrap: str,
        *,
        deadline_s: float = 5.0,
        tls: Tls | None = None,
        on_news: Callable[[], object] = lambda: None,
        fetch_bytes: int = TOPIC_BYTES,
    ) -> None:
        """`on_news` is called, by another thread, when there is more after a poll; `fetch_bytes` of each partition."""
        self._bootstrap, self._tls = bootstrap, tls
        self._deadline_s, self._fetch_bytes = deadline_s, fetch_bytes
        self._on_news = on_news
        self._outlook: asyncio.Task[dict[TopicPartition, list[Any]]] | None = None
        """Takes the first records that come between two polls: the next poll gives them."""
        self._topics = TopicTable(bootstrap, deadline_s=deadline_s / 2, tls=tls)
        self._loop = LoopThread("kafka-subscriber")
        self._consumer: AIOKafkaConsumer | None = None
        self._readings: dict[TopicPartition, _Reading] = {}
        self._served: set[TopicPartition] = set()
        self._lock = threading.Lock()

    def poll(self, topics: Sequence[str], places: Places, *, limit: int = 500) -> Batch:
        """Return what is there after the places, at most `limit` records.

        Returns at once when there are records, and within about 0.1 s when the broker says that there are
        none. Raises `BusUnavailableError` after at most about `deadline_s` seconds without an answer, and
        `UnknownTopicError` for a topic that nobody made.
        """
        if not topics:
            return Batch()
        until = time.monotonic() + self._deadline_s / 2
        with self._lock:
            # ids are read before records are asked for: an id can be older than the records under it, and then
            # they are read again once that shows; were it newer, records would be skipped for good
            infos = self._topics.look_up(topics)
            while time.monotonic() < until:
                left = until - time.monotonic() + 0.1
                batch: Batch | None = self._on_loop(self._read(infos, places, limit), seconds=left)
                if batch is not None:
                    return batch
                infos = self._topics.look_up(topics, max_age_s=0)
            self._drop()
            raise BusUnavailableError(f"Kafka answers, but not for all partitions of {', '.join(topics)}")

    def ends(self, topics: Sequence[str]) -> Places:
        """The place after the last record of every partition of these topics.

        Raises as `poll` does.
        """
        if not topics:
            return {}
        until = time.monotonic() + self._deadline_s / 2
        with self._lock:
            infos = self._topics.look_up(topics, max_age_s=0)
            while time.monotonic() < until:
                ends = self._on_loop(self._ends(_partitions(infos)), seconds=until - time.monotonic() + 0.1)
                before, infos = infos, self._topics.look_up(topics, max_age_s=0)
                if infos == before:  # else some offsets are of the topic that was
                    return {(tp.topic, tp.partition): Place(infos[tp.topic].id, end) for tp, end in ends.items()}
            raise BusUnavailableError(f"Topics keep changing: {', '.join(topics)}")

    def another(self) -> KafkaSubscriber:
        """With a consumer of its own: one that is sent from topic to topic forgets what it had fetched."""
        return KafkaSubscriber(self._bootstrap, deadline_s=self._deadline_s, tls=self._tls, fetch_bytes=LITTLE_BYTES)

    def close(self) -> None:
        """Let go of connections and threads."""
        with self._lock:
            self._drop()
            self._loop.close()

    def _on_loop(self, work: Any, *, seconds: float) -> Any:
        try:
            return self._loop.run(work, seconds=seconds)
        except TROUBLE as error:
            self._drop()
            raise BusUnavailableError(f"Kafka cannot be read: {error!r}") from error

    async def _started(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                fetch_max_wait_ms=FETCH_WAIT_MS,
                max_partition_fetch_bytes=self._fetch_bytes,
                request_timeout_ms=int(self._deadline_s * 1000 / 2),
                retry_backoff_ms=RETRY_MS,
                **(self._tls.for_aiokafka() if self._tls else {}),
            )
            await self._consumer.start()
        return self._consumer

    async def _ends(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        consumer = await self._started()
        ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
        return ends

    async def _read(self, infos: Mapping[str, TopicInfo], places: Places, limit: int) -> Batch | None:
        """Read one batch, or nothing at all where it is not known whether there is one."""
        consumer = await self._started()
        if not self._goes_on(infos, places):
            await self._go_to(consumer, infos, places)
        readings = self._readings
        gaps = [
            (tp.topic, tp.partition)
            for tp, reading in readings.items()
            if reading.gap and places.get((tp.topic, tp.partition)) == reading.asked
        ]
        try:
            records = await self._wait(consumer, limit)
        except OffsetOutOfRangeError:  # retention has overtaken us, or the topic is another one
            self._readings = {}
            return None
        if records is None:
            return None
        for tp, reading in readings.items():
            position = await consumer.position(tp)
            if position != reading.at.offset:  # beyond the last record, where compaction has left a hole
                reading.at = Place(reading.at.topic_id, position)
                reading.untouched = False
        now = {(tp.topic, tp.partition): reading.at for tp, reading in readings.items()}
        if self._served:  # there may be more, and the next poll is to begin with what this one left out
            self._ring()
        else:
            self._outlook = asyncio.ensure_future(self._look_out(consumer, limit))
        return Batch(records=[record_of(raw) for part in records.values() for raw in part], places=now, gaps=gaps)

    def _goes_on(self, infos: Mapping[str, TopicInfo], places: Places) -> bool:
        """Whether all these partitions are being read, from where the caller is, in the topics of these ids."""
        wanted = _partitions(infos)
        return len(wanted) == len(self._readings) and all(
            (reading := self._readings.get(tp)) is not None
            and reading.at.topic_id == infos[tp.topic].id
            and reading.goes_on_from(places.get((tp.topic, tp.partition)))
            for tp in wanted
        )

    async def _go_to(self, consumer: AIOKafkaConsumer, infos: Mapping[str, TopicInfo], places: Places) -> None:
        """Begin to read these partitions at these places, forgetting whatever was fetched before."""
        self._readings, self._served = {}, set()
        with suppress(OffsetOutOfRangeError):
            await self._called_in()
        partitions = _partitions(infos)
        # a new assignment even where it is the same: answers to what was asked before are then thrown away.
        # No await before all have a position: a partition without one is an error by `auto_offset_reset`
        consumer.assign(partitions)
        for tp in partitions:
            consumer.seek(tp, 0)
        consumer.pause(*partitions)
        first = await consumer.beginning_offsets(partitions)
        last = await consumer.end_offsets(partitions)
        readings = {}
        for tp in partitions:
            topic_id, place = infos[tp.topic].id, places.get((tp.topic, tp.partition))
            usable = place is not None and place.topic_id == topic_id and place.offset <= last[tp]
            gap = place is not None and usable and place.offset < first[tp]
            offset = place.offset if place is not None and usable and not gap else first[tp]
            readings[tp] = _Reading(asked=place, at=Place(topic_id, offset), gap=gap)
            consumer.seek(tp, offset)
        consumer.resume(*partitions)
        self._readings = readings

    async def _wait(self, consumer: AIOKafkaConsumer, limit: int) -> dict[TopicPartition, list[Any]] | None:
        """Return records, an empty answer when every partition was said to have none, or None when unknown."""
        until = time.monotonic() + QUIET_S
        rounds, seen = 0, self._answers(consumer)
        while rounds < ROUNDS:
            records = await self._take(consumer, limit)
            if records:
                return records
            answers = self._answers(consumer)
            if all(answers[tp] != seen[tp] for tp in answers):
                rounds, seen, until = rounds + 1, answers, time.monotonic() + QUIET_S
            elif time.monotonic() > until:
                return None
        return {}

    def _answers(self, consumer: AIOKafkaConsumer) -> dict[TopicPartition, int | None]:
        """When each partition was last answered for; only ever compared, for it comes from the wall clock."""
        return {tp: consumer.last_poll_timestamp(tp) for tp in self._readings}

    async def _take(self, consumer: AIOKafkaConsumer, limit: int) -> dict[TopicPartition, list[Any]]:
        """Take what has been fetched, those partitions first that the last full batches left out."""
        if early := await self._called_in():
            self._served = set(early) if _count(early) >= limit else set()
            return early
        if self._served:
            others = [tp for tp in self._readings if tp not in self._served]
            records = await consumer.getmany(*others, timeout_ms=0, max_records=limit) if others else {}
            if records:
                self._served = self._served | set(records) if _count(records) >= limit else set()
                return records
        records = await consumer.getmany(timeout_ms=SLICE_MS, max_records=limit)
        self._served = set(records) if _count(records) >= limit else set()
        return records

    async def _look_out(self, consumer: AIOKafkaConsumer, limit: int) -> dict[TopicPartition, list[Any]]:
        """Wait for records while nobody polls, and say that there are some."""
        records: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=OUTLOOK_MS, max_records=limit)
        self._ring()
        return records

    def _ring(self) -> None:
        """Once whoever has the records is through: what goes wrong at the bell is nothing of theirs."""
        asyncio.get_running_loop().call_soon(self._on_news)

    async def _called_in(self) -> dict[TopicPartition, list[Any]]:
        """End the outlook: what it has taken, or raise what it met. One that still waits has taken nothing."""
        outlook, self._outlook = self._outlook, None
        if outlook is None:
            return {}
        outlook.cancel()  # which changes nothing where it has ended
        await asyncio.wait([outlook])
        return {} if outlook.cancelled() else outlook.result()

    def _drop(self) -> None:
        """Let the consumer go with everything that it has fetched."""
        self._topics.forget()
        self._outlook = None
        self._readings, self._served = {}, set()
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer._closed = True  # noqa: SLF001 - its own `stop` waits for answers that may never come
            self._loop.abandon(consumer._client)  # noqa: SLF001


def _partitions(infos: Mapping[str, TopicInfo]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic, info in infos.items() for number in range(info.partitions)]


def _count(records: Mapping[TopicPartition, Sequence[Any]]) -> int:
    return sum(map(len, records.values()))
