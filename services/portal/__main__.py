"""The composition root of the portal: `python -m services.portal` answers people, and holds no truth of its own."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis import logs
from chassis.client import channel
from chassis.keys import Keyring
from chassis.runtime import Stop
from services.portal.web.app import create_app
from services.portal.web.serving import Web, clients
from services.portal.web.settings import PortalSettings

logger = structlog.get_logger()


class PortalProcess(BaseSettings):
    """Where the portal answers, and whom it asks."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", frozen=True, extra="ignore")

    keys: Path
    addresses: dict[str, str]
    """Service -> gRPC address, as JSON."""
    host: str = "127.0.0.1"
    port: int = 8000


def main() -> None:
    """Serve until SIGTERM."""
    logs.configure()
    process = PortalProcess()  # type: ignore[call-arg]  # the environment gives what has no default
    settings = PortalSettings()  # type: ignore[call-arg]
    signer = Keyring(process.keys).signer("portal")
    stubs = clients(lambda name: channel(process.addresses[name], audience=name, signer=signer))
    stop = Stop().on_signals()
    web = Web(create_app(settings, stubs), host=process.host, port=process.port).start()
    logger.info("ready", service="portal", port=process.port)
    stop.wait()
    web.stop()


if __name__ == "__main__":
    main()
