"""Asks access, which has sealed the addresses that no account has, at the moment of sending (architecture 3, calls)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2, service_pb2_grpc

from services.notifier.adapters.calls import ask
from services.notifier.adapters.ports import Contact


class AccessAddresses:
    """Access's InviteeService; the channel carries the notifier's own token."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.InviteeServiceStub(channel)  # type: ignore[no-untyped-call]

    def invitee(self, invitation_id: UUID) -> Contact | None:
        """The person as whoever invites has named them; None where there is no such invitation, or it was erased."""
        request = service_pb2.GetInviteeRequest(invitation_id=str(invitation_id))
        found = ask("ACCESS", self._service.GetInvitee, request)
        return None if found is None else Contact(address=found.email, language=found.language, name=found.name)

    def official(self, role_request_id: UUID) -> Contact | None:
        """The official as the requester has named them; None where nobody was named, or they were erased."""
        request = service_pb2.GetNamedOfficialRequest(role_request_id=str(role_request_id))
        found = ask("ACCESS", self._service.GetNamedOfficial, request)
        return None if found is None else Contact(address=found.email, language=found.language, name=found.name)

    def at_employer(self, account_id: UUID, employer_id: UUID) -> str:
        """The address that the person has chosen for this employer, or nothing."""
        request = service_pb2.GetEmployerContactRequest(account_id=str(account_id), employer_id=str(employer_id))
        found = ask("ACCESS", self._service.GetEmployerContact, request)
        return "" if found is None else str(found.email)
