"""The ways to start a service: `api` answers, `worker` follows, `sealer` seals alone, `migrate` creates."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import structlog
from mandate.audit.v1 import service_pb2 as audit_pb

from chassis import logs
from chassis.application import Application
from chassis.auditing import AuditAnswers
from chassis.bus import BusUnavailableError, Publisher, Subscriber
from chassis.buses import bus_of
from chassis.client import channel
from chassis.database import DatabaseUnavailableError, PooledDatabase
from chassis.editions import why_put_back
from chassis.followers import Follower
from chassis.keys import Keyring
from chassis.management import Management, ServiceHealth, in_alarm
from chassis.messages import Catalogue
from chassis.migrate import migrate, migrate_bus, open_database, pending, sealer_of
from chassis.progress import LogBehindError, Standing, refuse_restored
from chassis.runtime import Lease, Listener, Stop, Wakeup, Worker
from chassis.sealer import Sealer
from chassis.server import Api, Rule, serve
from chassis.service import Parts, Service, abreast, followers
from chassis.settings import SERVICES, Settings
from chassis.tokens import Signer
from chassis.turns import Turns
from chassis.vault import Vault, migrate_vault
from chassis.waiting import GroupCommit, Waiter
from chassis.wholeness import Lookout, OnlyOnWhole

logger = structlog.get_logger()
GRACE_S = 20
UNCALLED_S = 1.0
"""How often an ingest looks that Kafka has not called."""
UNHURRIED = {"timers", "sealer"}
"""Roles that go by the clock: a look at each append would cost as much as those that answer it."""
UNHURRIED_S = 0.5
"""How often they look; a seal may be two seconds late (L-10), a deadline is told by minutes."""
AUDIT = audit_pb.DESCRIPTOR.services_by_name["AuditService"]
AUDIT_RULES = dict.fromkeys(("ListActors", "FindStreams", "FindEvents", "GetEvent", "ReadStream"), Rule.USER)


@dataclass
class Process:
    """What one process of a service holds open."""

    service: Service
    settings: Settings
    app: Application
    database: PooledDatabase
    wakeup: Wakeup
    keys: Keyring
    parts: Parts
    closing: ExitStack = field(default_factory=ExitStack)
    news: Wakeup = field(default_factory=Wakeup)
    """Rung when Kafka has something for an ingest, which the log's own bell need not wake."""


def build(
    service: Service,
    settings: Settings,
    *,
    wakeup: Wakeup | None = None,
    make_keys: bool = False,
    only_seals: bool = False,
) -> Process:
    """Put a service's process together, without starting anything; `wakeup` is a bell of several services.

    One that `only_seals` is the sealer's role in the database, and needs no keys but the sealer's.
    """
    closing = ExitStack()
    role = sealer_of(service.name) if only_seals else ""
    database = open_database(settings.database_url, service.name, size=settings.pool, role=role)
    database.together = GroupCommit(service.name)
    closing.callback(database.close)
    app = service.application(database, Catalogue())
    bell = wakeup or Wakeup()
    app.on_append, app.turns = bell.ring, Turns()
    if wakeup is not None:  # everybody's, so that who hears us waits at it, too: a poll would be late
        app.on_told = wakeup.ring
    keys = Keyring(settings.keys, make=make_keys)
    parts = Parts(
        app=app,
        waiter=Waiter(app, bell),
        keys=keys,
        vault=_vault(settings, keys, closing) if service.vault and not only_seals else None,
        channel=_nobody if only_seals else _channels(settings, keys.signer(service.name)),
    )
    return Process(service, settings, app, database, bell, keys, parts, closing)


def _channels(settings: Settings, signer: Signer) -> Callable[[str], Any]:
    return lambda name: channel(settings.addresses[name], audience=name, signer=signer)


def _nobody(name: str) -> Any:
    raise LookupError(f"a sealer calls nobody, not {name} either")


def _vault(settings: Settings, keys: Keyring, closing: ExitStack) -> Vault:
    database = open_database(settings.vault_url or settings.database_url, "vault", size=2)
    closing.callback(database.close)
    return Vault(database, keys.secret("vault.key"))


def create(service: Service, settings: Settings) -> None:
    """`migrate`: schema, views, positions, topics; any number of these at once."""
    migrate(service.application, settings.database_url, extra=service.scripts)
    if service.vault:
        migrate_vault(settings.vault_url or settings.database_url)
    if settings.bus == "embedded":
        migrate_bus(settings.bus_url or settings.database_url)
    if settings.makes_topics:
        with bus_of(settings) as (_, _, admin):
            admin.ensure(tuple(Catalogue().topics.values()))


def workers(
    process: Process, publisher: Publisher, subscriber: Subscriber, *, leased: bool, one_thread: bool = False
) -> list[Worker]:
    """The threads that drive a service's followers: one a role with a lease each, or one for all without."""
    service, settings = process.service, process.settings
    groups = followers(service, process.app, publisher, subscriber)
    standing = Standing(subscriber, service.name)
    for role, make in service.more_followers.items():
        more = [OnlyOnWhole(process.app, one, standing) for one in make(process.app, process.parts)]
        groups[role] = [*groups.get(role, []), *more]
    if settings.seals:
        groups["sealer"] = [sealer(process)]
    driven_by = abreast(process.app, groups)
    if one_thread:
        driven = [follower for group in driven_by.values() for follower in group]
        driven += service.api_followers(process.parts)
        return [Worker(service.name, driven, process.wakeup, poll_s=settings.poll_s)]
    return [worker_of(process, role, group, leased=leased) for role, group in driven_by.items() if group]


def worker_of(process: Process, role: str, group: Sequence[Follower], *, leased: bool) -> Worker:
    """The thread that drives the followers of one role, and what wakes it."""
    lease = Lease(process.database, role) if leased else None
    bell, poll_s = process.wakeup, process.settings.poll_s
    if role == "ingest" and process.settings.bus == "kafka":
        bell, poll_s = process.news, UNCALLED_S
    elif role in UNHURRIED:
        bell, poll_s = Wakeup(), max(poll_s, UNHURRIED_S)
    return Worker(f"{process.service.name}.{role}", group, bell, lease, poll_s=poll_s)


def sealer(process: Process) -> Sealer:
    """The sealer of the service's log, in sessions of its own role."""
    name, settings = process.service.name, process.settings
    database = open_database(settings.database_url, name, size=1, role=sealer_of(name))
    process.closing.callback(database.close)
    key = process.keys.sealing_key(settings.installation)
    return Sealer(database, name, key, trusted=process.keys.sealing_publics())


def apis_of(service: Service, parts: Parts) -> Sequence[Api]:
    """All that a service answers: its own, and what every service tells auditors of its log."""
    return [*service.apis(parts), Api(AUDIT, AuditAnswers(parts.app, service.actors), AUDIT_RULES)]


def main(service: Service, arguments: Sequence[str] | None = None) -> None:
    """`python -m services.<name> api|worker|sealer|migrate`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if len(words) != 1 or words[0] not in ("api", "worker", "sealer", "migrate"):
        sys.exit(f"usage: python -m services.{service.name} api|worker|sealer|migrate")
    logs.configure()
    settings = Settings()  # type: ignore[call-arg]  # the environment gives what has no default
    if words[0] == "migrate":
        create(service, settings)
        logger.info("migrated", service=service.name)
        return
    stop = Stop().on_signals()
    process = build(service, settings, only_seals=words[0] == "sealer")
    with process.closing:
        if not _schema_is_there(process, stop):
            return
        if words[0] == "sealer":
            _drive(process, stop, "sealer", [worker_of(process, "sealer", [sealer(process)], leased=True)])
            return
        try:
            _see_whole(process, words[0])
        except LogBehindError as error:
            sys.exit(str(error))
        if service.seed is not None:
            service.seed(process.parts)
        if words[0] == "api":
            _api(process, stop)
        else:
            _worker(process, stop)


def _schema_is_there(process: Process, stop: Stop) -> bool:
    """Wait until `migrate` of this release, or a newer one, has run. Return whether it has; else we are to stop.

    Meanwhile nothing answers, and so a startup probe tells.
    """
    said: list[str] = []
    while not stop.is_set():
        try:
            with process.app.session() as session:
                missing = pending(session, process.service.application, extra=process.service.scripts)
        except DatabaseUnavailableError as error:
            missing = [str(error)]
        if not missing:
            return True
        if missing != said:
            logger.warning("waiting for the schema", service=process.service.name, missing=missing)
            said = missing
        stop.wait(1)
    return False


def _see_whole(process: Process, role: str) -> None:
    """Raise `LogBehindError` where the log was put back. An api asks no broker: a worker tells it through the database.

    While the bus is away nobody knows: the api starts all the same, and a worker's followers wait.
    """
    with process.app.session() as session:
        if why := why_put_back(session) if role == "api" else "":
            raise LogBehindError(why)
        if role == "worker" or process.settings.bus == "embedded":
            with suppress(BusUnavailableError), bus_of(process.settings) as (_, subscriber, _):
                refuse_restored(session, subscriber, process.service.name)


def _management(process: Process, role: str, threads: Sequence[Worker]) -> Management:
    health = ServiceHealth(process.app, threads, process.service.measures, only_seals=role == "sealer")
    return Management(health, host=process.settings.host, port=process.settings.management_port)


def _api(process: Process, stop: Stop) -> None:
    service, settings = process.service, process.settings
    listener = Listener(process.database, process.wakeup)
    followed = [*service.api_followers(process.parts), Lookout(process.app)]
    in_memory = Worker(f"{service.name}.memory", followed, process.wakeup)
    for part in (listener, in_memory):
        part.start()
    verifier = process.keys.verifier(service.name, SERVICES)
    management = _management(process, "api", [in_memory])
    address = f"{settings.host}:{settings.port}"
    server, port = serve(
        apis_of(service, process.parts), verifier, address=address, ready=lambda: bool(management.ready()["ready"])
    )
    management.start()
    logger.info("ready", service=service.name, role="api", port=port, management=management.port)
    while not stop.wait(0.5) and in_memory.error is None:
        pass
    management.draining = True
    server.stop(GRACE_S).wait()
    for part in (listener, in_memory):
        part.stop()
    management.stop()
    if in_memory.error is not None:
        sys.exit(1)


def _worker(process: Process, stop: Stop) -> None:
    with bus_of(process.settings, on_news=process.news.ring) as (publisher, subscriber, _):
        _drive(process, stop, "worker", workers(process, publisher, subscriber, leased=True))


def _drive(process: Process, stop: Stop, role: str, threads: Sequence[Worker]) -> None:
    """Let the followers run until the process is to stop, or one of them has ended: then the process must end too."""
    management = _management(process, role, threads)
    parts: list[Worker | Listener | Management] = [*threads, management]
    if role not in UNHURRIED:
        parts.append(Listener(process.database, process.wakeup))
    for part in parts:
        part.start()
    logger.info("ready", service=process.service.name, role=role, management=management.port)
    while not stop.wait(0.5):
        dead = next((thread for thread in threads if thread.error is not None and not in_alarm(thread)), None)
        if dead is not None:
            logger.error("a worker died", worker=dead.name, cause=repr(dead.error))
            break
    for part in parts:
        part.stop()
    for thread in threads:
        thread.join(GRACE_S)
    if not stop.is_set():
        sys.exit(1)
