"""Asks the registry what employers and providers are called, and for their NPIs, while a mail is written."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.registry.v1 import service_pb2, service_pb2_grpc

from services.notifier.adapters.calls import ask
from services.notifier.adapters.ports import Party


class RegistryParties:
    """The registry's GetProviders; an employer's id is its provider id. All of it is public (NPPES)."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.RegistryServiceStub(channel)  # type: ignore[no-untyped-call]

    def party(self, id: UUID) -> Party | None:
        """The employer or provider, or None where the registry knows none."""
        request = service_pb2.GetProvidersRequest(provider_ids=[str(id)])
        answer = ask("REGISTRY", self._service.GetProviders, request)
        if answer is None or not answer.providers:
            return None
        [provider] = answer.providers
        return Party(name=provider.name, npis=tuple(npi.npi for npi in provider.npis))


class NoParties:
    """Stands where no registry is part of the installation: mails say "your employer" and the like."""

    def party(self, _id: UUID) -> Party | None:
        """Nobody is known."""
        return None
