"""Takes away what is good for nothing any more: answered commands, dead bearers, codes and sessions, old counters."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis import nature
from chassis.application import Application
from services.identity.commands import counters, taken

EVERY = timedelta(minutes=10)
OLDER = timedelta(days=2)


class Sweeper:
    """A follower of the clock alone."""

    def __init__(self, app: Application) -> None:
        self.name = f"{app.name}.sweeper"
        self._app = app
        self._swept_at: datetime | None = None

    def step(self) -> bool:
        """Sweep, once in a while."""
        now = nature.now()
        if self._swept_at is not None and now - self._swept_at < EVERY:
            return False
        self._swept_at = now
        taken.sweep(self._app)
        with self._app.session() as session:
            counters.sweep(session, now=now, older=OLDER)
        return False
