"""The composition root of the registry."""

from __future__ import annotations

from importlib.resources import files

from chassis.service import Service
from services.registry.api.servicer import api
from services.registry.application import RegistryApplication

SERVICE = Service(
    application=RegistryApplication,
    scripts=(files("services.registry") / "migrations" / "0001_providers.sql",),
    apis=lambda parts: [api(parts.app)],
)

if __name__ == "__main__":
    from chassis.main import main

    main(SERVICE)
