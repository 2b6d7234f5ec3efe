"""Every metric of ours: what it counts or measures, in which unit, and labels whose values are a closed set.

Nothing here knows a person: a label is a name out of our code or our contracts (S-18, S-27), never what somebody typed.
Counters live in the process and are counted as it happens. A gauge keeps nothing: it is read when somebody asks.
"""

from __future__ import annotations

import re
from collections import Counter as Tally
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

disable_created_metrics()  # type: ignore[no-untyped-call]  # when each was first counted: twice as many series
COUNTED = CollectorRegistry()
"""One a process, however many services are in it."""
ProcessCollector(registry=COUNTED)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds of durations: the floors and promises of calls and pages lie on them."""

SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)
"""Bounds of batches: none is larger."""

APPENDED = Counter(
    "mandate_events_appended",
    "Own events written to a log, by stored name; a transaction that fails at its very end is counted too",
    ["service", "event"],
    registry=COUNTED,
)
PUBLISHED = Counter(
    "mandate_messages_published",
    "Messages that the relay has handed to the bus, each time that it did",
    ["service", "topic"],
    registry=COUNTED,
)
HEARD = Counter(
    "mandate_messages_heard",
    "Messages taken from the bus, repeats and parked ones too",
    ["service", "topic"],
    registry=COUNTED,
)
BATCHES = Histogram(
    "mandate_bus_batch_messages",
    "Messages that a relay has told, or an ingest has heard, at once; Progress is not counted",
    ["service", "direction"],
    registry=COUNTED,
    buckets=SIZES,
)
COMMITS = Histogram(
    "mandate_append_batch_commands",
    "Commands that were committed to a log together",
    ["service"],
    registry=COUNTED,
    buckets=SIZES,
)
RPCS = Counter("mandate_rpc_requests", "gRPC calls answered, by status code", ["rpc", "code"], registry=COUNTED)
REFUSALS = Counter(
    "mandate_rpc_refusals", "gRPC calls that were refused, by the first reason", ["rpc", "reason"], registry=COUNTED
)
RPC_SECONDS = Histogram(
    "mandate_rpc_duration_seconds", "Time to answer a gRPC call", ["rpc"], registry=COUNTED, buckets=SECONDS
)
PAGES = Counter(
    "mandate_http_requests", "Pages of the portal answered, by status", ["page", "status"], registry=COUNTED
)
PAGE_SECONDS = Histogram(
    "mandate_http_duration_seconds", "Time to answer a page", ["page"], registry=COUNTED, buckets=SECONDS
)


@dataclass(frozen=True, slots=True)
class Gauge:
    """What is so at the moment of asking."""

    name: str
    help: str
    labels: tuple[str, ...] = ("service",)

    def reads(self, value: float, *labels: str) -> Reading:
        """What it shows now."""
        return Reading(self, labels, value)


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of a gauge."""

    gauge: Gauge
    labels: Sequence[str]
    value: float


DATABASE_UP = Gauge("mandate_database_up", "Whether the service's database answers (1) or not (0)")
BEHIND_EVENTS = Gauge("mandate_follower_behind_events", "Events behind the log's end", ("service", "follower"))
BEHIND_SECONDS = Gauge(
    "mandate_follower_behind_seconds",
    "Age of the oldest event that a follower of the log has not taken yet; 0 where none waits",
    ("service", "follower"),
)
HEARD_AGE = Gauge(
    "mandate_heard_age_seconds",
    "Age of the last Progress up to which another service has been heard here; +Inf where it never was",
    ("service", "origin"),
)
PARKED_MESSAGES = Gauge("mandate_parked_messages", "Messages that could not be read, and those that wait behind them")
PARKED_EVENTS = Gauge("mandate_parked_events", "Events that policies could not answer, and those that wait behind them")
SEALER_ALARM = Gauge(
    "mandate_sealer_alarm", "1 where the sealer of this process has stopped: what was written is changed"
)
APPENDS_WAITING = Gauge("mandate_appends_waiting", "Commands of this process that wait for the commit of those before")
MAILS_WAITING = Gauge("mandate_mails_waiting", "Mails that have neither been sent nor given up")
MAIL_OLDEST = Gauge("mandate_mail_oldest_waiting_seconds", "Age of the oldest mail that waits; 0 where none does")
PASSWORD_PROFILE = Gauge("mandate_password_profile_info", "1 for the password profile in use", ("service", "profile"))

REPLAY_ROWS = Gauge(
    "mandate_replay_different_rows",
    "Rows of a view that do not follow from the log, at the last `mandate audit replay`",
    ("service", "view"),
)
REPLAY_AT = Gauge("mandate_replay_timestamp_seconds", "When `mandate audit replay` has last compared (Unix time)", ())

OF_PROCESSES = (
    DATABASE_UP,
    BEHIND_EVENTS,
    BEHIND_SECONDS,
    HEARD_AGE,
    PARKED_MESSAGES,
    PARKED_EVENTS,
    SEALER_ALARM,
    APPENDS_WAITING,
    MAILS_WAITING,
    MAIL_OLDEST,
    PASSWORD_PROFILE,
)
"""On the `/metrics` of some process."""
OF_FILES = (REPLAY_ROWS, REPLAY_AT)
"""In a file for the node exporter's textfile collector."""

_REASON = re.compile(r"[A-Z][A-Z0-9_]{2,39}")


def appended(service: str, events: Iterable[str]) -> None:
    """Count own events that were written, by their stored names."""
    for event, times in Tally(events).items():
        _appended(service, event).inc(times)


@cache
def _appended(service: str, event: str) -> Counter:
    """The library's own look-up takes a lock and costs as much as the rest of an append's counting."""
    return APPENDED.labels(service, event)


def answered(rpc: str, code: str, reason: str, took_s: float) -> None:
    """Count one gRPC call; `reason` is empty where it was not refused."""
    RPCS.labels(rpc, code).inc()
    RPC_SECONDS.labels(rpc).observe(took_s)
    if reason:
        REFUSALS.labels(rpc, reason if _REASON.fullmatch(reason) else "OTHER").inc()


def opened(page: str, status: int, took_s: float) -> None:
    """Count one page of the portal; `page` is its path as it was declared, with the names of its parameters."""
    PAGES.labels(page, str(status)).inc()
    PAGE_SECONDS.labels(page).observe(took_s)


def exposition(readings: Iterable[Reading] = ()) -> bytes:
    """All that this process counts, and these readings, as Prometheus takes them (text format 0.0.4)."""
    return bytes(generate_latest(COUNTED)) + bytes(generate_latest(registry_of(readings)))


def registry_of(readings: Iterable[Reading]) -> CollectorRegistry:
    """These readings alone."""
    families: dict[str, Metric] = {}
    for one in readings:
        gauge = one.gauge
        family = families.setdefault(gauge.name, GaugeMetricFamily(gauge.name, gauge.help, labels=gauge.labels))
        family.add_sample(gauge.name, dict(zip(gauge.labels, one.labels, strict=True)), one.value)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Kept(families.values()))
    return registry


class _Kept:
    """What the library calls a collector."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        """What was read."""
        return self._families
