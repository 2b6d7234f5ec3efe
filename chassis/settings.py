"""What an installation may set for any service: environment variables with the prefix `MANDATE_`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

SERVICES = ("identity", "access", "connections", "enrollment", "notifier", "registry", "portal")
"""Who may sign tokens of their own."""

INSTALLATION = "mandate.example"
"""The name of an installation that has given itself none."""


class _Files(EnvSettingsSource):
    """What files say whose names the environment gives: `X_FILE` in place of `X`."""

    def __init__(self, settings_class: type[BaseSettings]) -> None:
        super().__init__(settings_class)
        names = [f"{self.env_prefix}{field}".upper() for field in settings_class.model_fields]
        self.env_vars = {name.lower(): _text(name) for name in names if f"{name}_FILE" in os.environ}


def _text(name: str) -> str:
    """What the file of a variable holds, without the line's end. Raises `ValueError`."""
    file = Path(os.environ[f"{name}_FILE"])
    if name in os.environ:
        raise ValueError(f"{name} and {name}_FILE are both set: set one of them")
    try:
        return file.read_text().rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{name}_FILE names a file that cannot be read: {error}") from error


class FromEnvironment(BaseSettings):
    """Settings of which any may be given by a file, as secrets are mounted: `MANDATE_DATABASE_URL_FILE=/run/url`."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library passes it
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then files that it names."""
        return init_settings, env_settings, _Files(settings_cls)


class Settings(FromEnvironment):
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
    """Seconds after which a follower looks again though nobody woke it (1 for what Kafka wakes)."""
