"""Where the counting is done, and where it is shown."""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class ActivitySettings(BaseSettings):
    """From the environment, as all services have it."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", frozen=True, extra="ignore")

    bus_url: str
    """Kafka's bootstrap servers."""
    bus_tls: Path | None = None
    """Folder with `ca.crt`, `tls.crt` and `tls.key`: Kafka is spoken to by TLS, and told who we are."""
    folder: Path = Path("/tmp/mandate-activity")  # noqa: S108 - faust wants a folder, and keeps nothing in it
    host: str = "127.0.0.1"
    port: int = 0
    """Of its pages, for people and machines alike."""
