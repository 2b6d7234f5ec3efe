"""The registry, as other services ask it at command time which provider or employer an id is (docs/adr/0004)."""

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


class RegistryLookup:
    """The registry's GetProviders; an employer's id is its provider id. The channel carries the service's own token."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.RegistryServiceStub(channel)  # type: ignore[no-untyped-call]

    def find(self, provider_id: UUID) -> service_pb2.Provider | None:
        """The provider; None where the registry knows none. Raises `RegistrySilentError`."""
        request = service_pb2.GetProvidersRequest(provider_ids=[str(provider_id)])
        try:
            answer = self._service.GetProviders(request, timeout=TIMEOUT_S)
        except grpc.RpcError:
            raise RegistrySilentError from None
        return next(iter(answer.providers), None)

    def ein(self, provider_id: UUID) -> str:
        """The whole EIN, nine digits; empty where there is none. Raises `RegistrySilentError`. For access alone."""
        request = service_pb2.GetEinRequest(provider_id=str(provider_id))
        try:
            return str(self._service.GetEin(request, timeout=TIMEOUT_S).ein)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return ""
            raise RegistrySilentError from None

    def knows(self, provider_id: UUID) -> bool:
        """Whether it is anybody whom one may work for or be connected with. Raises `RegistrySilentError`."""
        return self.find(provider_id) is not None

    def is_organization(self, provider_id: UUID) -> bool | None:
        """Whether it is an organization, and no person; None where there is none. Raises `RegistrySilentError`."""
        found = self.find(provider_id)
        return found.is_organization if found is not None else None
