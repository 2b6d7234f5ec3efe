"""What is wrong with an installation: each finding in one sentence, with what to type and the page to read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic_settings import SettingsConfigDict

from chassis import log, measuring, migrate, nature
from chassis.application import Application
from chassis.bus import BusUnavailableError, Places, Subscriber
from chassis.database import DatabaseUnavailableError, Session
from chassis.messages import Catalogue
from chassis.runtime import LEASE_IDLE_MS, Wakeup, wait_until
from chassis.service import ROLES, Service
from chassis.settings import FromEnvironment
from cli import lag
from cli.installation import Installation, ReadOnly

CRITICAL, WARNING, INFO = "critical", "warning", "info"
"""As of alerts: somebody is woken, it waits for the morning, a standing remark."""
PAGES = {
    lag.OUTBOX: "MandateOutboxOld",
    lag.HEARD: "MandateHeardLate",
    lag.FOLLOWER: "MandateFollowerBehind",
    lag.MAILS: "MandateMailsWait",
    lag.PART: "MandateDatabaseDown",
}


class Limits(FromEnvironment):
    """From where something is wrong; the same as those of the alerts, where there is one."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_DOCTOR_", frozen=True)

    clock_s: float = 0.05
    """Between our clock and PostgreSQL's."""
    disk: float = 0.85
    """Part of a disk that is taken."""
    lease_s: float = LEASE_IDLE_MS / 1000
    """For so long the holder of a lease may be silent; it beats every second."""
    still_s: float = 2
    """For so long a follower that is behind is watched: one that lives takes a page in less."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    severity: str
    service: str
    check: str
    sentence: str
    command: str
    """What to type."""
    page: str
    """Of docs/runbooks."""


@dataclass(frozen=True)
class Patient:
    """One service, as it is looked at."""

    installation: Installation
    service: Service
    app: Application
    session: Session
    bus: Subscriber | None
    """None where it does not answer."""
    ends: Places
    """Of every topic that the bus has."""
    limits: Limits

    def finds(self, severity: str, check: str, sentence: str, command: str, page: str) -> Finding:
        """Something wrong with this service."""
        return Finding(severity, self.service.name, check, f"{self.service.name}: {sentence}", command, page)


Check = Callable[[Patient], Iterator[Finding]]


def findings_of(installation: Installation, limits: Limits | None = None) -> Iterator[Finding]:
    """Look for everything that we know how to find. What does not answer is a finding, and the rest is looked at."""
    from cli import doctoring_bus
    from cli.platform import ALL

    limits, catalogue = limits or Limits(), Catalogue()
    checks: Sequence[Check] = (of_schema, of_clock, of_editions, of_leases, of_views, *doctoring_bus.CHECKS, of_parked)
    yield from of_disks(installation, limits)
    yield from of_lag(installation)
    with ExitStack() as closing:
        bus: Subscriber | None = None
        ends: Places = {}
        try:
            bus = closing.enter_context(installation.listening())
            ends = lag.ends_of(bus, sorted(catalogue.topics))[0] or {}
            yield from doctoring_bus.of_topics(catalogue, ends)
        except BusUnavailableError:
            bus = None  # `of_lag` has said so
        patients = []
        for service in ALL:
            try:
                session = closing.enter_context(installation.looking(service.name))
                app = service.application(ReadOnly(service.name, session), catalogue)
                patient = Patient(installation, service, app, session, bus, ends, limits)
                if session.one("SELECT to_regclass('log')") == (None,):
                    continue
                for check in checks:
                    yield from check(patient)
                patients.append(patient)
            except DatabaseUnavailableError:
                continue  # `of_lag` has said so
        yield from of_standstill(patients, limits)


def of_disks(installation: Installation, limits: Limits) -> Iterator[Finding]:
    """PostgreSQL on a full disk stops, and does not start again before there is space (F-11)."""
    for part in ("postgres", "kafka"):
        folder = (installation.folder / part).resolve()
        if not folder.exists():
            continue
        disk = shutil.disk_usage(folder)
        taken = 1 - disk.free / disk.total
        if taken > limits.disk:
            said = f"the disk of {part} is {taken:.0%} full, {disk.free // 2**20} MiB are free"
            yield Finding(CRITICAL, part, "disk", said, f"df -h {folder}", "MandateDiskFull")


def of_lag(installation: Installation) -> Iterator[Finding]:
    """What `mandate events lag` finds over its limit, except what is parked: that has a check of its own."""
    for row in lag.rows_of(installation):
        if not row.is_behind or row.kind == lag.PARKED:
            continue
        severity = WARNING if row.kind == lag.FOLLOWER else CRITICAL
        how = row.note or f"{row.age_s:.0f} s behind, {row.limit_s:.0f} s are allowed"
        page = "MandateCheckpointOld" if row.what == "sealer" else PAGES[row.kind]
        command = "mandate ps" if row.kind == lag.PART and installation.kind == "up" else "mandate events lag"
        if row.what in ("the bus", "kafka"):
            page = "MandateOutboxOld"
        yield Finding(severity, row.service, "behind", f"{row.service}: {row.what} {how}", command, page)


def of_schema(patient: Patient) -> Iterator[Finding]:
    """A table or a position that `migrate` of this release makes, and that is not there."""
    missing = migrate.pending(patient.session, patient.service.application, extra=patient.service.scripts)
    views = dict.fromkeys((*patient.app.policy_views, *patient.app.views))
    missing += [
        f"the table {view.name}"
        for view in views
        if view.name not in missing and patient.session.one("SELECT to_regclass(%s)", (view.name,)) == (None,)
    ]
    if missing:
        said = f"its schema lacks {', '.join(missing)}: `migrate` of this release has not run, or was undone"
        yield patient.finds(CRITICAL, "schema", said, _again(patient.installation), "MandateDatabaseDown")


def of_clock(patient: Patient) -> Iterator[Finding]:
    """Deadlines and tokens are judged by the clock; what is asked takes time, so only what lies outside is off."""
    before = nature.now()
    [(there,)] = patient.session.run("SELECT clock_timestamp()")
    after, limit = nature.now(), timedelta(seconds=patient.limits.clock_s)
    if not before - limit <= there <= after + limit:
        off = (there - before if there < before else there - after).total_seconds()
        said = f"PostgreSQL's clock is {off:+.3f} s off ours, {patient.limits.clock_s} s are allowed"
        yield patient.finds(WARNING, "clock", said, "timedatectl timesync-status", "MandateClockOff")


def of_editions(patient: Patient) -> Iterator[Finding]:
    """After a restore all states are told again in the new edition, and listeners hear them."""
    edition = log.edition(patient.session)
    [(old,)] = patient.session.run("SELECT count(*) FROM told WHERE edition < %s", (edition,))
    if old:
        said = f"two editions: {old} states were told last before edition {edition} of the log, and wait for the relay"
        yield patient.finds(WARNING, "editions", said, "mandate events lag", "MandateOutboxOld")
    for origin, heard in patient.session.run("SELECT origin, edition FROM progress WHERE edition > 0 ORDER BY 1"):
        try:
            with patient.installation.looking(origin) as session:
                now = log.edition(session) if session.one("SELECT to_regclass('log')") != (None,) else heard
        except DatabaseUnavailableError:
            continue
        if now != heard:
            said = f"two editions: it has heard edition {heard} of {origin}, whose log is of edition {now}"
            command = f"mandate restore {origin}" if now < heard else "mandate events lag"
            yield patient.finds(CRITICAL if now < heard else WARNING, "editions", said, command, "MandateHeardLate")


def of_leases(patient: Patient) -> Iterator[Finding]:
    """A role that nobody leads (where processes lead by leases), or whose leader is silent."""
    more = [role for role in patient.service.more_followers if role not in ROLES]
    for role in (*ROLES, *more, "sealer"):
        holders = patient.session.run(
            "SELECT a.pid, extract(epoch FROM clock_timestamp() - a.state_change)::float8 FROM pg_locks AS l"
            " JOIN pg_stat_activity AS a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended(%s, 0)",
            (f"{patient.service.name}.{role}",),
        )
        for pid, silent_s in holders:
            if silent_s > patient.limits.lease_s:
                said = (
                    f"the holder of the lease {role} (session {pid}) has been silent for {silent_s:.0f} s: it is dead"
                )
                yield patient.finds(CRITICAL, "lease", said, _again(patient.installation), "MandateFollowerBehind")
        if patient.installation.kind == "up" and not holders and _has(patient, role):
            said = f"nobody holds the lease {role}: no worker of it runs"
            yield patient.finds(CRITICAL, "lease", said, "mandate ps", "MandateFollowerBehind")


def of_views(patient: Patient) -> Iterator[Finding]:
    """A new version of a view that is being built; the one before it is shown until then."""
    places: dict[str, int] = dict(patient.session.run("SELECT follower, position FROM positions"))
    end = log.end(patient.session)
    for view in dict.fromkeys((*patient.app.policy_views, *patient.app.views)):
        noun = view.name.rpartition("_v")[0]
        earlier = [at for name, at in places.items() if name.rpartition("_v")[0] == noun and name != view.name]
        at = places.get(view.name, end)
        if at < end and any(one > at for one in earlier):
            said = f"{view.name} is being built: {at} of {end} positions; the version before it is shown until then"
            yield patient.finds(INFO, "building", said, "mandate events lag --all", "MandateFollowerBehind")


def of_parked(patient: Patient) -> Iterator[Finding]:
    """What waits for somebody."""
    waits = measuring.parked(patient.session)
    if waits.messages or waits.events:
        said = f"{waits.messages} messages and {waits.events} events are parked; what is about the same things waits"
        command = f"mandate events redrive {patient.service.name}"
        yield patient.finds(WARNING, "parked", said, command, "MandateParked")


def of_standstill(patients: Sequence[Patient], limits: Limits) -> Iterator[Finding]:
    """A follower that is behind, and has not moved while it was watched."""
    first = {patient.service.name: _standing(patient) for patient in patients}

    def moved() -> bool:
        now = {one.service.name: _standing(one) for one in patients}
        return all(now[service].get(name) != at for service, places in first.items() for name, at in places.items())

    if not any(first.values()) or wait_until(moved, Wakeup(), timeout_s=limits.still_s):
        return
    for patient in patients:
        now = _standing(patient)
        for follower, at in first[patient.service.name].items():
            if now.get(follower) != at:
                continue
            said = (
                f"{follower} stands at {at} of {log.end(patient.session)} and has not moved for {limits.still_s:.0f} s"
            )
            page = {f"{patient.service.name}.relay": "MandateOutboxOld", "sealer": "MandateCheckpointOld"}
            look = f"mandate audit log {patient.service.name}" if patient.installation.kind == "run" else ""
            command = look or f"mandate logs {patient.service.name}"
            yield patient.finds(WARNING, "still", said, command, page.get(follower, "MandateFollowerBehind"))


def _standing(patient: Patient) -> dict[str, int]:
    """Followers that are behind, and where they stand."""
    end = log.end(patient.session)
    return {one.follower: end - one.events for one in measuring.behind(patient.app, patient.session) if one.events}


def _has(patient: Patient, role: str) -> bool:
    """Whether a worker of the service leads this role."""
    needs: dict[str, Sequence[Any]] = {
        "ingest": patient.app.hears,
        "policies": patient.app.policies,
        "views": (*patient.app.policy_views, *patient.app.views),
    }
    return bool(needs.get(role, (role,)))


def _again(installation: Installation) -> str:
    return "mandate down && mandate up" if installation.kind == "up" else "mandate run"
