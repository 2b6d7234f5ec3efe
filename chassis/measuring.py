"""What one service's database says about it at the moment somebody asks: how far behind, how stale, what is parked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from chassis import metrics, nature
from chassis.application import Application
from chassis.database import DatabaseUnavailableError, Session
from chassis.metrics import Reading
from chassis.policies import policies_of

_SEALER = "SELECT 'sealer' AS follower, coalesce(max(position), 0) AS position FROM checkpoints"
FOLLOWERS = f"SELECT follower, position FROM positions UNION ALL {_SEALER} ORDER BY follower"  # noqa: S608 - our own text
"""How far everybody who follows a log has come, its sealer too."""

_STANDING = (
    "SELECT f.follower, (SELECT coalesce(max(position), 0) FROM log) - f.position,"
    " (SELECT recorded_at FROM log WHERE position > f.position ORDER BY position LIMIT 1) FROM ({}) AS f"
)
_HEARD = "SELECT origin, extract(epoch FROM appended_at)::float8 FROM progress"  # '-infinity' is none of Python's times
_PARKED = (
    "SELECT (SELECT count(*) FROM parked_messages), (SELECT count(*) FROM parked),"
    " least((SELECT min(parked_at) FROM parked_messages), (SELECT min(parked_at) FROM parked))"
)

More = Callable[[Session, datetime], Iterable[Reading]]
"""What a service alone can say: asked with a session in its schema, and the time."""


def count_from_zero(app: Application) -> None:
    """Let every own event be counted from 0 on: of a counter that begins with 1, no increase is ever seen."""
    for topic in app.codec.topics:
        metrics.APPENDED.labels(app.name, topic)


def nothing(_session: Session, _now: datetime) -> Iterable[Reading]:
    """For a service that has nothing to add."""
    return ()


@dataclass(frozen=True, slots=True)
class Behind:
    """How far one follower of the log is behind its end."""

    follower: str
    events: int
    since: datetime | None
    """When the oldest event was written that it has not taken; None where none waits."""


@dataclass(frozen=True, slots=True)
class Parked:
    """How much waits for somebody, and since when."""

    messages: int
    events: int
    since: datetime | None


def behind(app: Application, session: Session, *, only_seals: bool = False) -> Iterator[Behind]:
    """Every follower that this release has, by name."""
    for follower, events, since in session.run(_STANDING.format(_SEALER if only_seals else FOLLOWERS)):
        if _has(app, follower):
            yield Behind(follower, max(0, events), since)


def heard(app: Application, session: Session) -> dict[str, float]:
    """Every origin that is listened to -> when its last Progress that is proven here was appended.

    As Unix time, by the bus's clock; -inf where there has been none.
    """
    proven: dict[str, float] = dict(session.run(_HEARD))
    origins = sorted({app.catalogue.topics[topic].origin for topic in app.hears})
    return {origin: proven.get(origin, float("-inf")) for origin in origins}


def parked(session: Session) -> Parked:
    """What could not be read and what could not be answered, with what waits behind it."""
    [found] = session.run(_PARKED)
    return Parked(*found)


def _has(app: Application, follower: str) -> bool:
    """Whether this release has it: the place of a policy or view that is gone stays, and is behind for ever."""
    kind, dot, policy = follower.partition(".")
    if kind == "policy":
        return policy in policies_of(app)
    return dot != "" or follower in {"sealer", *(view.name for view in (*app.policy_views, *app.views))}


@dataclass(frozen=True)
class Gauges:
    """The gauges of one service."""

    app: Application
    more: More = nothing
    only_seals: bool = False
    """Whether the process may look at the log and at what is sealed, and at nothing else."""

    def read(self) -> list[Reading]:
        """All of them, by a few short statements; that the database is down where it does not answer."""
        name = self.app.name
        try:
            with self.app.session() as session:
                return [metrics.DATABASE_UP.reads(1, name), *self._asked(session)]
        except DatabaseUnavailableError:
            return [metrics.DATABASE_UP.reads(0, name)]

    def _asked(self, session: Session) -> Iterator[Reading]:
        name, now = self.app.name, nature.now()
        for one in behind(self.app, session, only_seals=self.only_seals):
            yield metrics.BEHIND_EVENTS.reads(one.events, name, one.follower)
            yield metrics.BEHIND_SECONDS.reads(age(one.since, now), name, one.follower)
        if not self.only_seals:
            yield from self._beside_the_log(session, now)

    def _beside_the_log(self, session: Session, now: datetime) -> Iterator[Reading]:
        name = self.app.name
        for origin, at in heard(self.app, session).items():
            yield metrics.HEARD_AGE.reads(max(0.0, now.timestamp() - at), name, origin)
        waits = parked(session)
        yield metrics.PARKED_MESSAGES.reads(waits.messages, name)
        yield metrics.PARKED_EVENTS.reads(waits.events, name)
        yield from self.more(session, now)


def age(since: datetime | None, now: datetime) -> float:
    """Seconds since then; 0 for never, and for what a clock ahead of ours has written."""
    return max(0.0, (now - since).total_seconds()) if since is not None else 0.0
