"""Asks the registry for a provider's NPI when an application is started (architecture 3, calls)."""

from __future__ import annotations

from uuid import UUID

import grpc

from chassis.registry import RegistryLookup


class RegistryNpis:
    """The registry by gRPC."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._registry = RegistryLookup(channel)

    def npi_of(self, provider_id: UUID) -> str | None:
        """The provider's first NPI; None where the registry knows none. Raises `RegistrySilentError`."""
        provider = self._registry.find(provider_id)
        return next((npi.npi for npi in provider.npis), None) if provider else None
