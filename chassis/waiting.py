"""Waiting: for receipts (read-your-writes without sleeping, across services too), and for a commit that is shared."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mandate.common.v1 import receipt_pb2

from chassis import log, metrics, progress
from chassis.application import Application
from chassis.database import Done, Job
from chassis.runtime import Wakeup, wait_until
from chassis.server import THREADS, Code, Detail, RefusedError
from chassis.views import View

WAIT_S = 5.0


class Folded(Protocol):
    """Something in memory that follows the log."""

    position: int


@dataclass
class Waiter:
    """Lets a query wait for receipts: read-your-writes without sleeping, across services too."""

    app: Application
    wakeup: Wakeup
    places: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(THREADS // 2))

    def wait(
        self, receipts: Sequence[receipt_pb2.Receipt], views: Sequence[View | Folded], *, timeout_s: float = WAIT_S
    ) -> None:
        """Return when these views (or indexes in memory) have folded all that the receipts stand for.

        Raises `RefusedError` UNAVAILABLE with VIEW_BEHIND after the limit, and RESOURCE_EXHAUSTED where half of
        the pool waits already.
        """
        if not receipts or self._there(receipts, views):
            return
        if not self.places.acquire(blocking=False):
            raise RefusedError(Code.RESOURCE_EXHAUSTED, Detail("BUSY", "too many callers wait; try again"))
        try:
            if not wait_until(lambda: self._there(receipts, views), self.wakeup, timeout_s=timeout_s):
                raise RefusedError(Code.UNAVAILABLE, Detail("VIEW_BEHIND", "not yet here; try again"))
        finally:
            self.places.release()

    def _there(self, receipts: Sequence[receipt_pb2.Receipt], views: Sequence[View | Folded]) -> bool:
        with self.app.session() as session:
            needed = 0
            for receipt in receipts:
                if receipt.origin == self.app.name:
                    # what a restore has taken back never comes again: nobody waits for it
                    needed = max(needed, self.app.editions.left_of(receipt.edition, receipt.position))
                    continue
                heard = progress.heard_up_to(session, receipt.origin)
                if heard is None or (heard.edition, heard.position) < (receipt.edition, receipt.position):
                    return False
                needed = max(needed, heard.own_position)
            tables = [view.name for view in views if isinstance(view, View)]
            in_memory = all(view.position >= needed for view in views if not isinstance(view, View))
            return in_memory and not (tables and log.behind(session, tables, than=needed))


MOST = 500
"""Jobs of one batch. The queue is as long as there are threads, for each waits for its own job."""


class _Waiting:
    """A job that is to be done, and the bell of its thread."""

    def __init__(self, job: Any) -> None:
        self.job = job
        self.leads = False
        self.outcome: Any = None
        self.bell = threading.Lock()
        self.bell.acquire()


class GroupCommit:
    """Does the work of threads that come at the same time in one go, in the thread of one of them.

    Who comes first begins at once, alone; who comes meanwhile waits. When the work is done, the first who waits
    does it for all who wait. So nobody waits for a timer, and a batch is whatever came while the last one ran.
    """

    def __init__(self, service: str = "") -> None:
        self._sizes = metrics.COMMITS.labels(service) if service else None
        self._mutex = threading.Lock()
        self._busy = False
        self._queue: deque[_Waiting] = deque()

    @property
    def waiting(self) -> int:
        """Jobs that wait for the work at hand to be done."""
        return len(self._queue)

    def do(self, job: Job, work: Callable[[Sequence[Job]], Sequence[Done | Exception]]) -> Done:
        """Hand a job in and return its outcome, or raise it. What `work` raises, all jobs of the batch raise."""
        mine = _Waiting(job)
        with self._mutex:
            mine.leads, self._busy = not self._busy, True
            if not mine.leads:
                self._queue.append(mine)
        if not mine.leads:
            mine.bell.acquire()
        if mine.leads:
            self._lead(mine, work)
        if isinstance(mine.outcome, BaseException):
            raise mine.outcome
        done: Done = mine.outcome
        return done

    def _lead(self, mine: _Waiting, work: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        with self._mutex:
            batch = [mine, *(self._queue.popleft() for _ in range(min(len(self._queue), MOST - 1)))]
        try:
            for one, outcome in zip(batch, work([one.job for one in batch]), strict=True):
                one.outcome = outcome
        except BaseException as error:  # noqa: BLE001 - told to all who wait for it
            for one in batch:
                one.outcome = error
        if self._sizes is not None:
            self._sizes.observe(len(batch))
        with self._mutex:
            following = self._queue.popleft() if self._queue else None
            self._busy = following is not None
        if following is not None:
            following.leads = True
            following.bell.release()
        for one in batch[1:]:
            one.bell.release()
