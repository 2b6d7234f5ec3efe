"""Sealers for the services of a house, with a key of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.database import PooledDatabase
from chassis.migrate import open_database, sealer_of
from chassis.sealer import Sealer, SealingKey
from chassis.settings import INSTALLATION
from tests.house import House

KEY = SealingKey(INSTALLATION, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


@dataclass
class Notary:
    """The sealers of a house."""

    databases: dict[str, PooledDatabase]
    key: SealingKey = KEY

    def sealer(self, service: str, **more: Any) -> Sealer:
        """A new sealer, as after a start."""
        arguments: dict[str, Any] = {"key": self.key, "every": timedelta(0)}
        return Sealer(self.databases[service], service, **(arguments | more))

    def seal(self, **more: Any) -> None:
        """Seal all that stands in the logs."""
        for service in self.databases:
            sealer = self.sealer(service, **more)
            while sealer.step():
                pass


@contextmanager
def notary_of(house: House) -> Iterator[Notary]:
    """The notary of a house, until it is closed."""
    with ExitStack() as closing:
        databases = {name: open_database(house.bus.dsn, name, size=2, role=sealer_of(name)) for name in house.rooms}
        for database in databases.values():
            closing.callback(database.close)
        yield Notary(databases)
