"""What keeps a process from going on with a log that was put back."""

from __future__ import annotations

from datetime import datetime, timedelta

from chassis import nature
from chassis.application import Application
from chassis.editions import why_put_back
from chassis.followers import Follower
from chassis.progress import LogBehindError, Standing

LOOK_EVERY = timedelta(seconds=5)


class OnlyOnWhole:
    """Keeps a follower that does something from doing it on a log that was put back."""

    def __init__(self, app: Application, follower: Follower, standing: Standing) -> None:
        self.name = follower.name
        self._app, self._follower, self._standing = app, follower, standing

    def step(self) -> bool:
        """Step, once it is known that the log is whole. Raises as `Standing.require` does."""
        if not self._standing.known:
            with self._app.session() as session:
                self._standing.require(session)
        return self._follower.step()


class Lookout:
    """Ends a process that has no bus, once one that has a bus finds that the log was put back."""

    def __init__(self, app: Application) -> None:
        self.name = f"{app.name}.lookout"
        self._app = app
        self._looked_at: datetime | None = None

    def step(self) -> bool:
        """Look now and then. Raises `LogBehindError`."""
        now = nature.now()
        if self._looked_at is None or now - self._looked_at >= LOOK_EVERY:
            with self._app.session() as session:
                if why := why_put_back(session):
                    raise LogBehindError(why)
            self._looked_at = now
        return False
