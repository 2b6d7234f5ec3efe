"""The composition root of the registry."""

from __future__ import annotations

from importlib.resources import files

from chassis.service import Service
from services.registry.api.servicer import api
from services.registry.application import RegistryApplication

SCRIPTS = files("services.registry") / "migrations"

SERVICE = Service(
    application=RegistryApplication,
    scripts=(SCRIPTS / "0001_providers.sql", SCRIPTS / "0002_eins.sql"),
    apis=lambda parts: [api(parts.app, parts.waiter)],
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
