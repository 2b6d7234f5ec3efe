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
"""Who has waited so long in one attempt goes on without the turn."""


@dataclass(slots=True)
class _Attempt:
    until: float
    held: list[UUID] = field(default_factory=list)


class Turns:
    """Lines before aggregates that are contested, each in the order in which commands came.

    Of ten commands that load one aggregate together nine lose their append, and have worked in vain. So whoever has
    lost stands in line for what he lost, whoever loads it while somebody has the turn stands behind him, and a line
    of nobody is gone: commands that do not meet wait for nobody.

    This spares work and defends nothing: the append compares versions all the same, for other processes write too.
    Nobody waits in a ring: those who have lost come to their lines in one order and wait before they load anything;
    whoever comes later waits in one line only, with nothing in hand.
    """

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._lines: dict[UUID, deque[threading.Lock]] = {}
        """By stream whose turn is taken: the bells of those who wait."""
        self._attempt: ContextVar[_Attempt | None] = ContextVar("attempt", default=None)

    @property
    def taken(self) -> int:
        """Streams whose turn somebody has."""
        return len(self._lines)

    @contextmanager
    def attempt(self, lost: Collection[UUID]) -> Iterator[None]:
        """One attempt of a command, which has lost its append to these streams (none at first): waits for its turns.

        All turns that it has are given on at the end. An attempt inside another one is a part of it.
        """
        if self._attempt.get() is not None:
            yield
            return
        mine = _Attempt(time.monotonic() + TURN_S)
        token = self._attempt.set(mine)
        try:
            for stream in sorted(lost):
                self._stand(mine, stream)
            yield
        finally:
            self._attempt.reset(token)
            for stream in mine.held:
                self._give_on(stream)

    def come(self, stream: UUID) -> None:
        """The attempt at hand is about to load a stream: wait, where somebody has its turn. Outside of one: nothing."""
        mine = self._attempt.get()
        if mine is not None and not mine.held and stream in self._lines:
            self._stand(mine, stream)

    def _stand(self, mine: _Attempt, stream: UUID) -> None:
        bell = threading.Lock()
        with self._mutex:
            line = self._lines.get(stream)
            if line is None:
                self._lines[stream] = deque()
            else:
                bell.acquire()
                line.append(bell)
        if line is not None and not bell.acquire(timeout=max(0.0, mine.until - time.monotonic())):
            with self._mutex:
                if bell in line:  # else the turn came in this very moment
                    line.remove(bell)
                    return
        mine.held.append(stream)

    def _give_on(self, stream: UUID) -> None:
        with self._mutex:
            line = self._lines[stream]
            if line:
                line.popleft().release()
            else:
                del self._lines[stream]
