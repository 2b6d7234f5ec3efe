"""Waiting for receipts: read-your-writes without sleeping, across services too."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mandate.common.v1 import receipt_pb2

from chassis import log, progress
from chassis.application import Application
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
                    needed = max(needed, receipt.position)
                    continue
                heard = progress.heard_up_to(session, receipt.origin)
                if heard is None or (heard.edition, heard.position) < (receipt.edition, receipt.position):
                    return False
                needed = max(needed, heard.own_position)
            return all(
                (log.position(session, view.name) if isinstance(view, View) else view.position) >= needed
                for view in views
            )
