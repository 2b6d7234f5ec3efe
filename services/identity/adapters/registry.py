"""The registry as identity asks it: whose providers a Social Security number is (D-01, IA-DONE-02)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import grpc
import structlog
from mandate.registry.v1.service_pb2 import FindBySsnRequest
from mandate.registry.v1.service_pb2_grpc import RegistryServiceStub

TIMEOUT_S = 2.0

log = structlog.get_logger("identity")


class NoProviders:
    """An installation without a registry: nobody is known to be a provider, and nothing known before is forgotten."""

    def by_ssn(self, index: str) -> Sequence[UUID] | None:  # noqa: ARG002 - the port's form
        """Nothing is known."""
        return None


class RegistryLookup:
    """The registry by gRPC. Nobody is kept from signing in by its silence: what was known stays."""

    def __init__(self, channel: grpc.Channel) -> None:
        stub: Any = RegistryServiceStub
        self._stub = stub(channel)

    def by_ssn(self, index: str) -> Sequence[UUID] | None:
        """The providers of a person by the blind index; None where the registry does not answer in time."""
        try:
            answer = self._stub.FindBySsn(FindBySsnRequest(ssn_index=index), timeout=TIMEOUT_S)
        except grpc.RpcError as error:
            log.warning("registry does not answer", cause=type(error).__name__)
            return None
        return [UUID(one.provider_id) for one in answer.providers]
