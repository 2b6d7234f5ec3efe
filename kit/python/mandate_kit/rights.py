"""May this person act for that provider? Answered from memory, and refused where it is not known."""

from __future__ import annotations

import gc
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from mandate_kit import feeding
from mandate_kit.authority import Answer, AuthorityIndex
from mandate_kit.feeding import Row
from mandate_kit.kafka import BrokerUnavailableError
from mandate_kit.letters import JsonLines, Sink, to_log
from mandate_kit.metrics import Metrics
from mandate_kit.records import Told
from mandate_kit.subscriber import Subscriber

LOG = logging.getLogger("mandate_kit")
FRESH_S = 30.0
"""Age of the last proof above which nothing is decided on what was heard."""
RETRY_S = 1.0


class NotKnownError(Exception):
    """It is not known just now: nothing was proven for too long. Refuse, and ask again later."""


class _Collector:
    """Python's collector of cycles, which rests while everything is read for the first time.

    Rows make no cycles, and looking through ever more of them would take half of the time.
    """

    def __init__(self) -> None:
        self._rests = False

    def rest(self) -> None:
        """Rest, unless somebody else has stopped it."""
        if not self._rests and gc.isenabled():
            gc.disable()
            self._rests = True

    def go_on(self) -> None:
        """Go on, where it rests because of us."""
        if self._rests:
            gc.enable()
            self._rests = False


class RightsListener:
    """Feeds an index from the state topics; what is not known any more is taken out of it, so that it refuses."""

    def __init__(self) -> None:
        self.index = AuthorityIndex()
        self._rows: dict[str, dict[str, Row]] = {topic: {} for topic in feeding.TOPICS}

    def take(self, told: Told) -> None:
        """Put the newest state of a key in the place of the one before."""
        row = feeding.row_of(told.message)
        if row is not None:
            feeding.put(self.index, row)
            self._rows[told.topic][told.key] = row

    def forget(self, topic: str, key: str) -> None:
        """Take a key's state out."""
        row = self._rows[topic].pop(key, None)
        if row is not None:
            self.index.drop(row)


class Rights:
    """The right to act, kept by following the state topics in a thread of its own.

    Every question raises `NotKnownError` until all was heard once, and again when the last proof of being in sync is
    older than `stale_after_s`. A key whose newest record cannot be read gives nobody any right.
    """

    def __init__(
        self,
        bootstrap: str,
        *,
        stale_after_s: float = FRESH_S,
        dead_letters: Path | Sink = to_log,
        prefix: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self._listener = RightsListener()
        self._collector = _Collector()
        self._subscriber = Subscriber(
            bootstrap,
            self._listener,
            topics=feeding.TOPICS,
            prefix=prefix,
            dead=JsonLines(dead_letters) if isinstance(dead_letters, Path) else dead_letters,
            settings=settings,
        )
        self._stale_after_s = stale_after_s
        self._until = float("-inf")
        """By the clock that never jumps: until then what is known is fresh enough."""
        self._closing, self._proven = threading.Event(), threading.Condition()
        self._thread = threading.Thread(target=self._follow, name="mandate-kit", daemon=True)
        self.failure: Exception | None = None
        """What ended the following; everything is refused from then on."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._thread.join()

    def can_act(self, account_id: UUID, provider_id: UUID, function: str) -> bool:
        """Whether the person may act for the provider in PECOS or NPPES. Raises `NotKnownError`."""
        if time.monotonic() >= self._until:
            raise self._not_known()
        return self._listener.index.can_act(account_id, provider_id, function)

    def explain(self, account_id: UUID, provider_id: UUID, function: str) -> Answer:
        """The chain behind a yes, or what is missing and who can supply it. Raises `NotKnownError`."""
        if time.monotonic() >= self._until:
            raise self._not_known()
        return self._listener.index.explain(account_id, provider_id, function)

    def providers_for(self, account_id: UUID, function: str) -> Iterator[UUID]:
        """For whom the person may act, each once, in the order of ids. Raises `NotKnownError`."""
        if time.monotonic() >= self._until:
            raise self._not_known()
        return self._listener.index.providers_for(account_id, function)

    def in_sync(self, *receipts: tuple[str, int, int]) -> bool:
        """Whether answers are given, and rest on all that these receipts (origin, edition, position) stand for."""
        return time.monotonic() < self._until and all(self._subscriber.sync.heard(*one) for one in receipts)

    def wait_in_sync(self, *receipts: tuple[str, int, int], seconds: float = 60.0) -> None:
        """Return when `in_sync` is so. Raises `NotKnownError` after so long."""
        with self._proven:
            self._proven.wait_for(lambda: self.failure is not None or self.in_sync(*receipts), seconds)
        if not self.in_sync(*receipts):
            raise self._not_known()

    @property
    def metrics(self) -> Metrics:
        """Counters and gauges, in a registry of their own."""
        return self._subscriber.metrics

    @property
    def unknown(self) -> frozenset[tuple[str, str]]:
        """(topic, key) of every state whose newest record could not be read: a right on it is refused."""
        return self._subscriber.unknown

    def step(self, seconds: float = 0.1) -> bool:
        """Follow for one step, where no thread does it. Return whether there was anything."""
        if not self._subscriber.caught_up:
            self._collector.rest()
        did = self._subscriber.step(seconds)
        if self._subscriber.caught_up:
            self._collector.go_on()
        left_s = self._stale_after_s - self._subscriber.stale_s() if self._subscriber.caught_up else float("-inf")
        with self._proven:
            self._until = time.monotonic() + left_s
            self._proven.notify_all()
        return did

    def close(self) -> None:
        """Let go of the broker, where no thread was started."""
        self._collector.go_on()
        self._subscriber.close()

    def _follow(self) -> None:
        try:
            while not self._closing.is_set():
                try:
                    self.step()
                except BrokerUnavailableError as error:
                    LOG.warning("no broker yet: %s", error)
                    self._closing.wait(RETRY_S)
        except Exception as error:  # whoever asks is told: a thread has nobody above it
            LOG.exception("nothing is followed any more")
            self.failure = error
        finally:
            with self._proven:
                self._until = float("-inf")
                self._proven.notify_all()
            self.close()

    def _not_known(self) -> NotKnownError:
        self.metrics.not_known.inc()
        if self.failure is not None:
            return NotKnownError(f"nothing is followed any more: {self.failure!r}")
        if not self._subscriber.caught_up:
            return NotKnownError("the state topics have not been read to their ends yet")
        return NotKnownError(
            f"the last proof is {self._subscriber.stale_s():.0f} s old, {self._stale_after_s:.0f} allowed"
        )
