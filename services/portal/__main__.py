"""The composition root of the portal: `python -m services.portal` answers people, and holds no truth of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis import logs
from chassis.client import channel
from chassis.keys import Keyring
from chassis.management import Management
from chassis.metrics import Reading
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
    management_port: int = 0
    """Health and metrics; 0 takes a free one."""


class PortalHealth:
    """The portal has no loops and no database of its own, and says itself when a service does not answer."""

    name = "portal"

    def alive(self) -> bool:
        """It answers."""
        return True

    def ready(self) -> dict[str, Any]:
        """At once: a page says what is missing better than no page does."""
        return {"ready": True}

    def read(self) -> Sequence[Reading]:
        """Pages are counted; nothing is left to be read."""
        return ()


def main() -> None:
    """Serve until SIGTERM."""
    logs.configure()
    process = PortalProcess()  # type: ignore[call-arg]  # the environment gives what has no default
    settings = PortalSettings()  # type: ignore[call-arg]
    signer = Keyring(process.keys).signer("portal")
    stubs = clients(lambda name: channel(process.addresses[name], audience=name, signer=signer))
    stop = Stop().on_signals()
    web = Web(create_app(settings, stubs), host=process.host, port=process.port).start()
    management = Management(PortalHealth(), host=process.host, port=process.management_port)
    management.start()
    logger.info("ready", service="portal", port=process.port, management=management.port)
    stop.wait()
    management.draining = True
    web.stop()
    management.stop()


if __name__ == "__main__":
    main()
