"""Asks enrollment, which has sealed the addresses of signers, at the moment of sending (architecture 3, calls)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.enrollment.v1 import service_pb2, service_pb2_grpc

from services.notifier.adapters.calls import ask
from services.notifier.adapters.ports import Contact


class EnrollmentSigners:
    """Enrollment's SignerService; the channel carries the notifier's own token."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.SignerServiceStub(channel)  # type: ignore[no-untyped-call]

    def signer(self, application_id: UUID, signature_id: UUID) -> Contact | None:
        """The person as the submitter has named them; None where there is no such signature, or it was erased."""
        request = service_pb2.GetSignerRequest(application_id=str(application_id), signature_id=str(signature_id))
        found = ask("ENROLLMENT", self._service.GetSigner, request)
        return None if found is None else Contact(address=found.email, name=found.name)


class NoSigners:
    """Stands where no enrollment is part of the installation: nobody is asked to sign there."""

    def signer(self, _application_id: UUID, _signature_id: UUID) -> Contact | None:
        """Nobody is known."""
        return None
