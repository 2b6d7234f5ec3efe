"""Asks the registry for a provider's NPI when an application is started (architecture 3, calls)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.registry.v1 import service_pb2, service_pb2_grpc

from chassis.domain import DomainError

TIMEOUT_S = 3.0


class RegistrySilentError(DomainError):
    """The registry does not answer just now. Nothing was changed; try again in a minute."""

    transient = True


class RegistryNpis:
    """The registry's GetProviders."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.RegistryServiceStub(channel)  # type: ignore[no-untyped-call]

    def npi_of(self, provider_id: UUID) -> str | None:
        """The provider's first NPI; None where the registry knows none. Raises `RegistrySilentError`."""
        request = service_pb2.GetProvidersRequest(provider_ids=[str(provider_id)])
        try:
            answer = self._service.GetProviders(request, timeout=TIMEOUT_S)
        except grpc.RpcError:
            raise RegistrySilentError from None
        return next((npi.npi for provider in answer.providers for npi in provider.npis), None)
