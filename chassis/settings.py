"""What an installation may set for any service: environment variables with the prefix `MANDATE_`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("identity", "access", "connections", "enrollment", "notifier", "registry", "portal")
"""Who may sign tokens of their own."""

INSTALLATION = "mandate.example"
"""The name of an installation that has given itself none."""


class Settings(BaseSettings):
    """Settings of one process; a missing one that has no default stops it at start, all faults at once."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", frozen=True)

    database_url: str
    """libpq address of the service's database (without a schema)."""
    bus: Literal["embedded", "kafka"] = "embedded"
    bus_url: str = ""
    """Database of the embedded bus (empty: the service's own), or Kafka's bootstrap servers."""
    bus_tls: Path | None = None
    """Folder with `ca.crt`, `tls.crt` and `tls.key`: Kafka is spoken to by TLS, and told who we are."""
    makes_topics: bool = True
    """Whether `migrate` makes topics; not where an operator keeps them."""
    vault_url: str = ""
    """Database of the vault; empty: the service's own."""
    keys: Path
    """Folder of keys: <service>.pem signs, <service>.pub.pem checks; vault.key, notifier.x25519, …"""
    installation: str = INSTALLATION
    """A name of its own in the world, like a host's: what is sealed here begins with it, for ever."""
    seals: bool = True
    """Whether a worker seals its log too; not where the sealer is a process of its own."""
    host: str = "127.0.0.1"
    port: int = 0
    """gRPC; 0 takes a free one."""
    management_port: int = 0
    """Health and metrics; 0 takes a free one."""
    addresses: dict[str, str] = {}
    """Service -> gRPC address, as JSON."""
    pool: int = 8
    """Database sessions of this process."""
    poll_s: float = 0.1
    """Seconds after which a follower looks again though nobody woke it."""
