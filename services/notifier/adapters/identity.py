"""Asks identity, the owner of people's addresses, at the moment of sending (architecture 3, calls)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.identity.v1 import (
    contact_service_pb2,
    contact_service_pb2_grpc,
    desk_service_pb2,
    desk_service_pb2_grpc,
)

from services.notifier.adapters.calls import ask
from services.notifier.adapters.ports import EMAIL, Contact


class IdentityContacts:
    """Identity's ContactService, and its DeskService; the channel carries the notifier's own token."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = contact_service_pb2_grpc.ContactServiceStub(channel)  # type: ignore[no-untyped-call]
        self._desk: Any = desk_service_pb2_grpc.DeskServiceStub(channel)  # type: ignore[no-untyped-call]

    def newcomer(self, invitation_id: UUID) -> Contact | None:
        """The person as the desk has named them; None where there is no such invitation, or it was erased."""
        request = desk_service_pb2.GetDeskInviteeRequest(invitation_id=str(invitation_id))
        found = ask("IDENTITY", self._desk.GetDeskInvitee, request)
        return None if found is None else Contact(address=found.email, language=found.language, name=found.name)

    def contact(self, account_id: UUID, method_id: str = "") -> Contact | None:
        """The person as identity knows him now; None where he is not known, or erased."""
        request = contact_service_pb2.GetContactRequest(account_id=str(account_id), method_id=method_id)
        found = ask("IDENTITY", self._service.GetContact, request)
        if found is None:
            return None
        return Contact(
            address=found.destination or found.email,
            language=found.language,
            name=f"{found.first_name} {found.last_name}".strip(),
            user_id=found.user_id,
            kind=found.kind or EMAIL,
        )
