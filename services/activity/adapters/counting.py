"""Counts the records of every event topic by minutes, with faust: a look at what goes on, and never a fact.

A record may be counted twice after a crash (at least once), and what was counted is forgotten after an hour. Nothing
is decoded, so nothing can be unreadable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import faust
from faust.auth import SSLCredentials
from faust.web import Request, Response, View
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from chassis import nature
from chassis.bus import Topic
from chassis.kafka.tls import Tls
from services.activity.adapters.settings import ActivitySettings

NAME = "mandate-activity"
WINDOW_S = 60
WINDOWS = 60
"""Windows that are kept, the one that goes on among them."""
PARTITIONS = 3
"""Of every event topic (limits: topics), and so of the table, which is kept partition by partition."""
CHANGELOG = Topic(f"{NAME}-counts-changelog", PARTITIONS, compacted=True, retention_days=0, origin="")
"""Where the counts are kept for the next start; made by `migrate`'s means before faust would make its own."""
SUCCEEDED, FAILED = "SignInSucceeded", "SignInFailed"


def activity(settings: ActivitySettings, topics: Sequence[Topic]) -> faust.App:
    """The application that counts these topics, with its pages /activity, /metrics and /readyz."""
    app = faust.App(
        NAME,
        broker=f"kafka://{settings.bus_url}",
        broker_credentials=SSLCredentials(Tls(settings.bus_tls).context()) if settings.bus_tls else None,
        store="memory://",
        datadir=str(settings.folder),
        topic_disable_leader=True,
        topic_allow_declare=False,  # nobody makes topics but `migrate`, and we ours
        topic_partitions=PARTITIONS,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=6,  # of the group: a killed worker's partitions wait no longer than this for the next
        broker_heartbeat_interval=2,
        web_bind=settings.host,
        web_port=settings.port,
        worker_redirect_stdouts=False,
    )
    counts = app.Table("counts", default=int, partitions=PARTITIONS).tumbling(WINDOW_S, expires=WINDOW_S * WINDOWS)
    counted = counts.relative_to_stream()
    records = app.topic(*(topic.name for topic in topics), key_type=bytes, value_type=bytes, value_serializer="raw")

    async def count(stream: Any) -> None:
        async for event in stream.events():
            # a table is kept partition by partition: one key in two of them would be two counts with one name
            counted[f"{event.message.topic}/{event.message.partition}"] += 1

    app.agent(records, name=f"{NAME}.count", concurrency=1)(count)
    _add_pages(app, counts, [topic.name for topic in topics])
    return app


def by_minute(counts: Mapping[tuple[str, tuple[float, float]], int], now: float) -> dict[str, list[int]]:
    """Topic -> records of each of the last `WINDOWS` windows, the one that goes on last.

    `counts` are faust's: (`topic/partition`, (begin, end)) -> count, seconds since 1970.
    """
    newest = int(now // WINDOW_S)
    found: dict[str, list[int]] = {}
    for (key, (begin, _)), count in counts.items():
        age = newest - int(begin // WINDOW_S)
        if 0 <= age < WINDOWS:
            found.setdefault(key.partition("/")[0], [0] * WINDOWS)[WINDOWS - 1 - age] += count
    return dict(sorted(found.items()))


def failure_rate(minutes: Mapping[str, Sequence[int]], *, last: int = 5) -> float:
    """Which part of the attempts to sign in of the last so many windows has failed; 0 where there was none."""
    failed, succeeded = (sum(minutes.get(name, ())[-last:]) for name in (FAILED, SUCCEEDED))
    return failed / (failed + succeeded) if failed else 0.0


def metrics(minutes: Mapping[str, Sequence[int]], topics: Sequence[str]) -> bytes:
    """The same for Prometheus: gauges, for what is counted is a window and goes down again."""
    registry = CollectorRegistry()
    events = Gauge("mandate_activity_events", "Records of the last whole minute", ["topic"], registry=registry)
    for topic in topics:
        events.labels(topic).set(minutes.get(topic, [0, 0])[-2])
    rate = Gauge("mandate_activity_sign_in_failure_ratio", "Failed of all sign-ins, last 5 minutes", registry=registry)
    rate.set(failure_rate(minutes))
    return generate_latest(registry)


def _add_pages(app: faust.App, counts: Any, topics: Sequence[str]) -> None:
    def minutes() -> dict[str, list[int]]:
        return by_minute(dict(counts.table.items()), nature.now().timestamp())

    async def shown(view: View, _request: Request) -> Response:
        found = minutes()
        told = {"window_s": WINDOW_S, "topics": found, "sign_in_failure_ratio": failure_rate(found)}
        return view.json(told)

    async def scraped(view: View, _request: Request) -> Response:
        return view.bytes(metrics(minutes(), topics), content_type="text/plain")

    async def ready(view: View, _request: Request) -> Response:
        tables: Any = app.tables
        counting = bool(app.assignor.assigned_actives()) and not tables.recovery.in_recovery
        return view.json({"ready": counting}, status=200 if counting else 503)

    for path, page in (("/activity", shown), ("/metrics", scraped), ("/readyz", ready)):
        app.page(path, name=f"{NAME}{path}")(page)
