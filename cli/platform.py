"""The platform on embedded parts, in one process: what `mandate run`, `mandate demo` and end-to-end tests start."""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

from chassis import logs
from chassis.bus import Subscriber
from chassis.client import channel
from chassis.database import PooledDatabase, identifier
from chassis.embedded import postgres
from chassis.embedded.bus import EmbeddedPublisher, EmbeddedSubscriber
from chassis.inbox import LOOPBACK, Inbox
from chassis.keys import Keyring
from chassis.main import Process, apis_of, build, create, workers
from chassis.migrate import open_database
from chassis.progress import LogBehindError, refuse_restored
from chassis.runtime import Wakeup, Worker, running
from chassis.server import serve
from chassis.service import Service
from chassis.settings import INSTALLATION, SERVICES, Settings
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.enrollment.__main__ import SERVICE as ENROLLMENT
from services.identity.__main__ import SERVICE as IDENTITY
from services.notifier.__main__ import SERVICE as NOTIFIER
from services.registry.__main__ import SERVICE as REGISTRY

ALL: tuple[Service, ...] = (REGISTRY, IDENTITY, ACCESS, CONNECTIONS, ENROLLMENT, NOTIFIER)
DATABASE = "mandate"
SECRETS = (
    "vault.key",
    "portal.key",
    "identity_index_key.key",
    "identity_token_key.key",
    "identity_pepper.key",
    "ssn_index_key.key",
    "person_id_key.key",
    "access_index_key.key",
    "access_token_key.key",
    "access_pepper.key",
)
POLL_S = 1.0
"""Inside one process everybody is woken by a bell; looking again is only for deadlines and Progress."""


@dataclass(frozen=True)
class Seeded:
    """An account of the installation's own people."""

    user_id: str
    email: str
    first_name: str
    last_name: str
    role: str


SEEDED = (
    Seeded("eusdesk1", "eus@desk.example", "Ewa", "Usher", "EUS"),
    Seeded("macdesk1", "mac@desk.example", "Milo", "Acker", "MAC"),
    Seeded("auditkim", "kim@audit.example", "Kim", "Audley", "AUDITOR"),
)
"""Made at the first start; the deck's other people register themselves."""


class SignsIn(Protocol):
    """Somebody whom the installation offers to sign in as."""

    @property
    def user_id(self) -> str:
        """What they type."""

    @property
    def role(self) -> str:
        """What they are."""


def sign_in(who: SignsIn) -> dict[str, str]:
    """Them, as `--json` names them."""
    return {"user_id": who.user_id, "role": who.role}


@dataclass
class Platform:
    """What runs, and where it answers."""

    state: Path
    dsn: str
    inbox: Inbox
    keys: Keyring
    password: str = field(repr=False)
    """Of the seeded accounts; new in each state folder."""
    addresses: dict[str, str] = field(default_factory=dict)
    processes: dict[str, Process] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)

    def channel(self, service: str, *, signed_by: str = "portal") -> Any:
        """A channel to a service; calls without a token carry the one of `signed_by`."""
        return channel(self.addresses[service], audience=service, signer=self.keys.signer(signed_by))

    def failed(self) -> BaseException | None:
        """What killed a worker, if anything did: the process must end then."""
        return next((worker.error for worker in self.workers if worker.error is not None), None)


@contextmanager
def platform(state: Path, *, base_url: str = "http://127.0.0.1:8000") -> Iterator[Platform]:
    """Start everything below a folder, and stop it at the end. The folder is made on first use and kept.

    `base_url` is where the portal will be reached: links in mails begin with it.
    """
    logs.configure(level=logging.WARNING)
    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    with ExitStack() as closing:
        server = postgres.start(state / "postgres")
        closing.callback(server.stop)
        dsn = ensure_database(server, DATABASE)
        inbox = Inbox(folder=state / "mail")
        inbox.start()
        closing.callback(inbox.stop)
        keys = Keyring(state / "keys", make=True)
        password = password_of(state)
        settings_of_parts = service_environment(base_url, password, smtp=(LOOPBACK, inbox.port))
        closing.enter_context(_environment(settings_of_parts))
        started = Platform(state=state, dsn=dsn, inbox=inbox, keys=keys, password=password)
        settings = Settings(database_url=dsn, keys=state / "keys", addresses=started.addresses, poll_s=POLL_S, pool=4)
        started.addresses = settings.addresses
        for service in ALL:
            create(service, settings)
        bus = open_database(dsn, "bus", size=4)
        closing.callback(bus.close)
        _start(started, settings, bus, closing)
        yield started


def _start(started: Platform, settings: Settings, bus: PooledDatabase, closing: ExitStack) -> None:
    bell = Wakeup()
    publisher, subscriber = EmbeddedPublisher(bus), EmbeddedSubscriber(bus)
    for service in ALL:
        process = build(service, settings, wakeup=bell, make_keys=True)
        closing.callback(process.closing.close)
        started.processes[service.name] = process
        _see_whole(process, subscriber)
    for service in ALL:
        process = started.processes[service.name]
        verifier = started.keys.verifier(service.name, SERVICES)
        server, port = serve(apis_of(service, process.parts), verifier, address="127.0.0.1:0")
        closing.callback(server.stop, 1)
        started.addresses[service.name] = f"127.0.0.1:{port}"
    for service in ALL:
        process = started.processes[service.name]
        if service.seed is not None:
            service.seed(process.parts)
        started.workers += workers(process, publisher, subscriber, leased=False, one_thread=True)
    closing.enter_context(running(started.workers))


def _see_whole(process: Process, subscriber: Subscriber) -> None:
    """End the program with a line where the service's log was put back."""
    try:
        with process.app.session() as session:
            refuse_restored(session, subscriber, process.service.name)
    except LogBehindError as error:
        raise SystemExit(str(error)) from error


def ensure_database(server: postgres.EmbeddedPostgres, name: str) -> str:
    """The address of a database of this server, made where it is missing."""
    with psycopg.connect(server.dsn(), autocommit=True) as admin:
        if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            admin.execute(f"CREATE DATABASE {identifier(name)}".encode())
    return server.dsn(name)


def service_environment(base_url: str, password: str, *, smtp: tuple[str, int]) -> dict[str, str]:
    """What the services read from the environment; elsewhere an installation says it."""
    seeded = [
        {
            "user_id": one.user_id,
            "email": one.email,
            "password": password,
            "first_name": one.first_name,
            "last_name": one.last_name,
            "roles": [one.role],
        }
        for one in SEEDED
    ]
    return {
        "MANDATE_SEEDED_ACCOUNTS": json.dumps(seeded),
        "MANDATE_SMTP_HOST": smtp[0],
        "MANDATE_SMTP_PORT": str(smtp[1]),
        "MANDATE_SMTP_STARTTLS": "false",
        "MANDATE_BASE_URL": base_url,
    }


def make_keys(keys: Keyring) -> None:
    """Make every key of the installation, before several processes look for them."""
    keys.verifier("any", SERVICES)
    keys.sealing_public("notifier")
    keys.sealing_key(INSTALLATION)
    for name in SECRETS:
        keys.secret(name)


def password_of(state: Path) -> str:
    """The password of the seeded accounts, kept with the state; it meets the deck's rules (2.3)."""
    file = state / "demo-password"
    if not file.exists():
        file.touch(mode=0o600)
        letters = secrets.choice(("Dawn", "Reed", "Fern", "Moss", "Lark"))
        file.write_text(f"{letters}#{secrets.randbelow(9_000) + 1_000}-k")
    return file.read_text()


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Settings of parts that read the environment, for the time that the platform runs."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
