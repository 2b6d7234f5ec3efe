"""How far everybody is behind: what is not yet told, heard, followed, answered or sent, and since when."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic_settings import SettingsConfigDict

from chassis import measuring, metrics, nature
from chassis.application import Application
from chassis.bus import BusUnavailableError, Place, Places, Subscriber, UnknownTopicError
from chassis.database import DatabaseUnavailableError, Session
from chassis.messages import Catalogue
from chassis.progress import FRESH
from chassis.service import Service
from chassis.settings import FromEnvironment
from cli.installation import Installation, ReadOnly

OUTBOX, HEARD, TOPIC, FOLLOWER, PARKED, MAILS, PART = (
    "outbox", "heard", "topic", "follower", "parked", "mails", "part",
)  # fmt: skip
OUTBOX_OF = "{}.relay"
"""The follower that is a service's outbox."""


class Limits(FromEnvironment):
    """Seconds behind from which somebody has to look; the same as those of the alerts."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_LAG_", frozen=True)

    outbox_s: float = 60
    heard_s: float = FRESH.total_seconds()
    """Older than this, nothing is decided on what was heard: commands are refused as `VIEW_STALE`."""
    follower_s: float = 60
    parked_s: float = 300
    mails_s: float = 300


@dataclass(frozen=True, slots=True)
class Row:
    """How one thing stands."""

    service: str
    kind: str
    what: str
    count: int | None
    """Events, messages or mails that wait; None where that is not known."""
    age_s: float | None
    """Of the oldest that waits, or of the last proof; None for no age, and for never."""
    limit_s: float | None
    is_behind: bool
    """Whether it is over its limit."""
    note: str = ""

    @property
    def since(self) -> datetime | None:
        """The same as `age_s`, as a moment."""
        at = nature.now().timestamp() - self.age_s if self.age_s is not None else None
        return datetime.fromtimestamp(at, UTC) if at is not None else None

    def as_json(self) -> dict[str, Any]:
        """All of it, with the moment."""
        return asdict(self) | {"since": self.since}


def rows_of(installation: Installation, limits: Limits | None = None) -> Iterator[Row]:
    """How everything stands, service by service; what does not answer is said, and the rest is shown."""
    from cli.platform import ALL

    limits, catalogue = limits or Limits(), Catalogue()
    yield from _parts(installation)
    with ExitStack() as closing:
        try:
            bus = closing.enter_context(installation.listening())
            heard = sorted({topic for one in ALL for topic in one.application.hears})
            ends, missing = ends_of(bus, heard)
        except BusUnavailableError as error:
            ends, missing = None, []
            yield _away("bus", "the bus", str(error))
        for topic in missing:
            yield _away("bus", topic, "the bus has no such topic")
        for service in ALL:
            try:
                with installation.looking(service.name) as session:
                    if session.one("SELECT to_regclass('log')") == (None,):
                        continue
                    app = service.application(ReadOnly(service.name, session), catalogue)
                    yield from _of_service(service, app, session, limits)
                    if ends is not None:
                        yield from _of_topics(app, session, ends)
            except DatabaseUnavailableError as error:
                yield _away(service.name, "the database", str(error))


def ends_of(bus: Subscriber, topics: Sequence[str]) -> tuple[Places | None, list[str]]:
    """The ends of those of these topics that there are, and those that there are not."""
    missing: list[str] = []
    while wanted := [topic for topic in topics if topic not in missing]:
        try:
            return bus.ends(wanted), missing
        except UnknownTopicError as error:
            missing += str(error).split(", ")
    return {}, missing


def _of_service(service: Service, app: Application, session: Session, limits: Limits) -> Iterator[Row]:
    name, now = service.name, nature.now()
    for one in measuring.behind(app, session):
        is_outbox = one.follower == OUTBOX_OF.format(name)
        kind, limit = (OUTBOX, limits.outbox_s) if is_outbox else (FOLLOWER, limits.follower_s)
        age = measuring.age(one.since, now)
        yield Row(name, kind, one.follower, one.events, age, limit, age > limit)
    for origin, at in measuring.heard(app, session).items():
        heard_s = max(0.0, now.timestamp() - at)
        if at == float("-inf"):
            yield Row(name, HEARD, origin, None, None, limits.heard_s, is_behind=True, note="was never heard")
        else:
            yield Row(name, HEARD, origin, None, heard_s, limits.heard_s, heard_s > limits.heard_s)
    waits = measuring.parked(session)
    age = measuring.age(waits.since, now)
    yield Row(name, PARKED, "parked", waits.messages + waits.events, age, limits.parked_s, age > limits.parked_s)
    mails = {reading.gauge: reading.value for reading in service.measures(session, now)}
    if metrics.MAILS_WAITING in mails:
        age = mails[metrics.MAIL_OLDEST]
        yield Row(name, MAILS, "mails", int(mails[metrics.MAILS_WAITING]), age, limits.mails_s, age > limits.mails_s)


def _of_topics(app: Application, session: Session, ends: Places) -> Iterator[Row]:
    """Messages that stand behind our places. At most: of a compacted topic some are no more."""
    rows = session.run("SELECT topic, partition, topic_id, next FROM offsets")
    places = {(topic, partition): Place(topic_id, next_) for topic, partition, topic_id, next_ in rows}
    for topic in sorted(app.hears):
        parts = {part: end for part, end in ends.items() if part[0] == topic}
        count = sum(_left(places.get(part), end) for part, end in parts.items())
        yield Row(app.name, TOPIC, topic, count if parts else None, None, None, is_behind=False)


def _left(place: Place | None, end: Place) -> int:
    here = place is not None and place.topic_id == end.topic_id
    return max(0, end.offset - place.offset) if place is not None and here else end.offset


def _parts(installation: Installation) -> Iterator[Row]:
    """Processes that are to run and do not."""
    from cli.up import parts_of

    if installation.kind == "up":
        for part in parts_of(installation.folder):
            if not part.alive():
                yield _away(part.name.partition(".")[0], part.name, f"does not run: `mandate logs {part.name}`")
    elif runs(installation.folder) is False:
        yield _away("run", "mandate run", "does not run, though its PostgreSQL does")


def runs(folder: Path) -> bool | None:
    """Whether a `mandate run` holds the folder; None where none has ever held it."""
    try:
        with (folder / "run.lock").open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False
    except FileNotFoundError:
        return None


def _away(service: str, what: str, why: str) -> Row:
    return Row(service, PART, what, None, None, None, is_behind=True, note=why)
