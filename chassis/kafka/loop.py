"""An event loop on a thread of its own, so that synchronous callers can use aiokafka."""

from __future__ import annotations

import asyncio
import logging
import threading
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiokafka.client import AIOKafkaClient

T = TypeVar("T")

GRACE_S = 2.0
"""How long past its deadline a coroutine may take to notice that it was cancelled."""

RETRY_MS = 50
"""How long aiokafka waits before it asks again."""

TROUBLE = (KafkaError, OSError, TimeoutError, FutureTimeoutError, AssertionError)
"""What comes out of aiokafka when the broker is away; it asserts where metadata have changed meanwhile."""

# With the broker away aiokafka logs each of its attempts, over a hundred lines a second. What an outage means for
# a caller is raised as `BusUnavailableError`, and whoever catches it reports it ("waiting for a part to come back").
# Hence for the whole process and for good: there is one level for all clients, so it cannot follow one's outage.
# For the library's own account, as of an error it did not expect, set the level back.
logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


class LoopThread:
    """One event loop on one daemon thread; it serves one driver object and ends with it."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T], *, seconds: float) -> T:
        """Run to the end on the loop and return the result; raise `TimeoutError` when the time is up."""
        future = asyncio.run_coroutine_threadsafe(_bounded(work, seconds), self._loop)
        try:
            return future.result(seconds + GRACE_S)
        except FutureTimeoutError:
            future.cancel()
            raise

    def abandon(self, client: AIOKafkaClient) -> None:
        """Drop a client with everything under way, at once.

        The library's own `stop` first delivers what is buffered: with the broker gone it would wait for ever,
        and afterwards deliver messages that the caller has meanwhile published again. The whole loop belongs
        to this one client, so every other task on it is the client's.
        """
        self.run(_abandon(client), seconds=2 * GRACE_S)

    def close(self) -> None:
        """End the thread; what still runs on the loop is cancelled first. Closing twice is harmless."""
        if self._loop.is_closed():
            return
        # a client that is being abandoned, late, cancels this too; it must not stand before what the caller reports
        with suppress(CancelledError, FutureTimeoutError):
            asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(2 * GRACE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE_S)
        self._loop.close()


async def _bounded(work: Coroutine[Any, Any, T], seconds: float) -> T:
    async with asyncio.timeout(seconds):  # not `wait_for`: it makes a second task
        return await work


async def _abandon(client: AIOKafkaClient) -> None:
    # no public way to reach the sockets: a transport that is merely closed waits until its buffer is sent
    connections = list(client._conns.values())  # noqa: SLF001
    for connection in connections:
        writer = connection._writer  # noqa: SLF001
        connection.close()
        if writer is not None:
            writer.transport.abort()
    await _cancel_others()
    await asyncio.sleep(0)  # one turn, in which the loop closes the sockets


async def _cancel_others() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=GRACE_S)
