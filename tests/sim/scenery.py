"""What a run is copied from: a database with everything migrated and, for the whole telling, keys and a small month."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from chassis import nature, relay
from chassis.embedded.postgres import EmbeddedPostgres
from chassis.keys import Keyring
from chassis.migrate import open_database
from chassis.service import Parts, Service
from chassis.sim import Simulation
from chassis.vault import Vault, migrate_vault
from cli.month import load_month_into
from cli.platform import make_keys, service_environment
from services.access.__main__ import SERVICE as ACCESS
from services.connections.__main__ import SERVICE as CONNECTIONS
from services.enrollment.__main__ import SERVICE as ENROLLMENT
from services.identity.__main__ import SERVICE as IDENTITY
from services.notifier.__main__ import SERVICE as NOTIFIER
from services.registry.__main__ import SERVICE as REGISTRY
from tests.house import CATALOGUE, build
from tests.sim.witness import SERVICE as WITNESS

FEW: tuple[Service, ...] = (ACCESS, CONNECTIONS, WITNESS)
ALL: tuple[Service, ...] = (REGISTRY, IDENTITY, ACCESS, CONNECTIONS, ENROLLMENT, NOTIFIER)
CHEAP = {"MANDATE_HASH_MEMORY_KIB": "16", "MANDATE_HASH_PASSES": "1"}
"""Argon2id as it is, with parameters that cost nothing: a telling makes some eighty of them."""


@dataclass(frozen=True)
class Scenery:
    """A database to copy, and who plays on it."""

    database: str
    services: tuple[Service, ...]
    keys: Keyring | None = None
    """Where there are some, everything of the services stands: APIs, vault, calls between them, the sender."""
    password: str = field(default="", repr=False)
    """Of the seeded accounts."""
    progress: timedelta = relay.PROGRESS_EVERY
    """Between two Progress of a relay. Time leaps here: at every second, Progress would take all the turns."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


def few(postgres: EmbeddedPostgres) -> Scenery:
    """Two services and the witness: commands alone, quick to play."""
    return Scenery(build(postgres, FEW), FEW)


def whole(postgres: EmbeddedPostgres, folder: Path) -> Scenery:
    """All services, the cast in the registry, the desk's accounts; keys below `folder`, the same in every process."""
    real = nature.use(Simulation(0).nature())
    try:
        keys = Keyring(folder, make=True)
        make_keys(keys)
        name = build(postgres, ALL)
        dsn = postgres.dsn(name)
        migrate_vault(dsn)
        load_month_into(dsn, keys, others=0)
        password = f"Fern#{int.from_bytes(nature.random_bytes(4)) % 9_000 + 1_000}-k"
        environment = service_environment("https://portal.example", password, smtp=("localhost", 25)) | CHEAP
        with patch.dict("os.environ", environment):
            _seed(dsn, keys)
    finally:
        nature.use(real)
    return Scenery(name, ALL, keys, password, timedelta(seconds=10), environment)


def _seed(dsn: str, keys: Keyring) -> None:
    for service in ALL:
        if service.seed is not None:
            with _parts(service, dsn, keys) as parts:
                service.seed(parts)


@contextmanager
def _parts(service: Service, dsn: str, keys: Keyring) -> Iterator[Parts]:
    with ExitStack() as closing:
        own, vault = open_database(dsn, service.name, size=2), open_database(dsn, "vault", size=2)
        closing.callback(own.close)
        closing.callback(vault.close)
        app = service.application(own, CATALOGUE)
        yield Parts(app, None, keys, Vault(vault, keys.secret("vault.key")), channel=_nobody)


def _nobody(service: str) -> Any:
    raise KeyError(service)
