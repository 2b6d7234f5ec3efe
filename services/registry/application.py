"""The registry: tables filled by COPY; its log begins with the first NPI application made here."""

from __future__ import annotations

from chassis.application import Application


class RegistryApplication(Application):
    """Who holds which NPI."""

    name = "registry"
