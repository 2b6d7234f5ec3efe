"""Turns: commands of one process that change the same aggregate do it one after another."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID

TURN_S = 1.0
"""Who has waited so long in one attempt, for all its turns together, goes on without."""


class _Bell:
    """Where one attempt waits, and what the ring meant."""

    __slots__ = ("has_turn", "lock")

    def __init__(self) -> None:
        self.has_turn = False
        self.lock = threading.Lock()
        self.lock.acquire()


@dataclass(slots=True)
class _Attempt:
    until: float = 0.0
    held: list[UUID] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)


class Turns:
    """Lines before aggregates that are contested, each in the order in which attempts came.

    Of ten commands that load one aggregate together nine lose their append, and have worked in vain. So whoever has
    lost stands in line for what he lost, and whoever loads it while somebody has the turn stands behind him. A line
    is gone when nobody stands in it, and as soon as somebody had the turn and changed something else: those who only
    look at the aggregate need not wait for each other.

    This spares work and defends nothing: the append compares versions all the same, for other processes write too.
    Nobody waits in a ring: those who have lost come to their lines in one order and wait before they load anything;
    whoever comes later waits in one line only, with nothing in hand.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._lines: dict[UUID, deque[_Bell]] = {}
        """By stream whose turn is taken: those who wait."""
        self._attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)

    @property
    def taken(self) -> int:
        """Streams whose turn somebody has."""
        return len(self._lines)

    @contextmanager
    def attempt(self, lost: Collection[UUID]) -> Iterator[None]:
        """One attempt of a command, which has lost its append to these streams (none at first): waits for its turns.

        All turns that it has end with it. An attempt inside another one is a part of it.
        """
        if self._attempt.get() is not None:
            yield
            return
        mine = _Attempt()
        token = self._attempt.set(mine)
        try:
            for stream in sorted(lost):
                self._stand(mine, stream)
            yield
        finally:
            self._attempt.reset(token)
            for stream in mine.held:
                self._end(stream, was_changed=stream in mine.changed)

    def come(self, stream: UUID) -> None:
        """The attempt at hand is about to load a stream: wait, where somebody has its turn. Outside of one: nothing."""
        mine = self._attempt.get()
        if mine is not None and not mine.held and stream in self._lines:
            self._stand(mine, stream)

    def change(self, streams: Collection[UUID]) -> None:
        """The attempt at hand appends to these. Outside of one: nothing."""
        mine = self._attempt.get()
        if mine is not None:
            mine.changed.update(streams)

    def _stand(self, mine: _Attempt, stream: UUID) -> None:
        mine.until = mine.until or time.monotonic() + TURN_S
        bell = _Bell()
        with self._mutex:
            line = self._lines.get(stream)
            if line is None:
                self._lines[stream] = deque()
                mine.held.append(stream)
                return
            line.append(bell)
        bell.lock.acquire(timeout=max(0.0, mine.until - time.monotonic()))
        with self._mutex:
            if bell.has_turn:
                mine.held.append(stream)
            elif bell in line:  # it was not rung
                line.remove(bell)

    def _end(self, stream: UUID, *, was_changed: bool) -> None:
        with self._mutex:
            line = self._lines[stream]
            if line and was_changed:
                first = line.popleft()
                first.has_turn = True
                first.lock.release()
                return
            del self._lines[stream]
            for bell in line:
                bell.lock.release()
            line.clear()
