"""Waiting: for receipts (read-your-writes without sleeping, across services too), and for a commit that is shared."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from mandate.common.v1 import receipt_pb2

from chassis import metrics, positions, progress
from chassis.application import Application, BusyError
from chassis.database import Done, Job, Promise
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
            return in_memory and not (tables and positions.behind(session, tables, than=needed))


MOST = 500
"""Jobs of one batch."""
MOST_WAITING = 10_000
"""Jobs that may wait for a batch; whoever comes then is refused."""


class GroupCommit:
    """Does the work of all who come at the same time in one go, in the thread of one of them.

    Who asks for its outcome first begins at once; who comes meanwhile waits. When the work is done, the first who
    waits does it for all who have handed in. So nobody waits for a timer, and a batch is whatever came while the
    last one ran.
    """

    def __init__(self, service: str = "", *, most_waiting: int = MOST_WAITING) -> None:
        self._sizes = metrics.COMMITS.labels(service) if service else None
        self._most_waiting = most_waiting
        self._mutex = threading.Lock()
        self._busy = False
        self._queue: deque[_Handed] = deque()

    @property
    def waiting(self) -> int:
        """Jobs that wait for the work at hand to be done."""
        return len(self._queue)

    def hand_in(self, job: Job, work: Callable[[Sequence[Job]], Sequence[Done | Exception]]) -> Promise[Done]:
        """Hand a job in, without waiting: somebody's `work` will do it, at the latest when its outcome is asked for.

        Raises `BusyError` where too many wait already; nothing is done of this one then.
        """
        handed = _Handed(self, job, work)
        with self._mutex:
            if len(self._queue) >= self._most_waiting:
                raise BusyError
            self._queue.append(handed)
        return handed

    def outcome(self, mine: _Handed) -> Any:
        """What has become of a job: waits for whoever works, or does the work of all who wait."""
        with self._mutex:
            if mine.done:
                return mine.outcome
            mine.awaited = True
            leads, self._busy = not self._busy, True
        if not leads:
            mine.bell.acquire()
            if mine.following is not None:
                mine.following.bell.release()
            leads = not mine.done
        if leads:
            self._lead(mine)
        return mine.outcome

    def _lead(self, mine: _Handed) -> None:
        while not mine.done:
            with self._mutex:
                batch = [self._queue.popleft() for _ in range(min(len(self._queue), MOST))]
            outcomes = self._outcomes(mine, batch)
            if self._sizes is not None:
                self._sizes.observe(len(batch))
            self._tell(mine, batch, outcomes)
        with self._mutex:
            next_leader = next((one for one in self._queue if one.awaited), None)
            self._busy = next_leader is not None
        if next_leader is not None:
            next_leader.bell.release()

    @staticmethod
    def _outcomes(mine: _Handed, batch: Sequence[_Handed]) -> Sequence[Any]:
        try:
            outcomes = mine.work([one.job for one in batch])
        except BaseException as error:  # noqa: BLE001 - told to all who wait for it
            return [error] * len(batch)
        if len(outcomes) == len(batch):
            return outcomes
        return [RuntimeError(f"{len(outcomes)} outcomes of {len(batch)} jobs")] * len(batch)

    def _tell(self, mine: _Handed, batch: Sequence[_Handed], outcomes: Sequence[Any]) -> None:
        """Each who waits wakes the next: woken all at once, they would take the interpreter from each other."""
        with self._mutex:
            last: _Handed | None = None
            for one, outcome in zip(reversed(batch), reversed(outcomes), strict=True):
                one.outcome, one.done = outcome, True
                if one.awaited and one is not mine:
                    one.following, last = last, one
        if last is not None:
            last.bell.release()


class _Handed:
    """A job that was handed in, and the bell of whoever waits for it."""

    __slots__ = ("_at", "awaited", "bell", "done", "following", "job", "outcome", "work")

    def __init__(self, at: GroupCommit, job: Any, work: Callable[[Sequence[Any]], Sequence[Any]]) -> None:
        self._at, self.job, self.work = at, job, work
        self.done = self.awaited = False
        self.outcome: Any = None
        self.following: _Handed | None = None
        self.bell = threading.Lock()
        self.bell.acquire()

    def result(self) -> Any:
        """Wait until it is done and return what came of it, or raise it. What `work` raises, all of a batch raise."""
        outcome = self._at.outcome(self)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome
