"""mandate.identity.v1.ContactService: where a person is reached, for the notifier alone."""

from __future__ import annotations

from mandate.identity.v1 import contact_service_pb2 as m

from chassis.domain import NotAllowedError
from chassis.server import Api, Caller
from services.identity.api import translate
from services.identity.api.calls import Calls, query
from services.identity.commands import reading

NOTIFIER = "notifier"


class ContactServicer(Calls):
    """One question."""

    @query
    def GetContact(self, request: m.GetContactRequest, caller: Caller) -> m.GetContactResponse:
        """Where a message to a person goes at this moment."""
        if caller.claims.service != NOTIFIER:
            raise NotAllowedError
        found = reading.contact(
            self.app,
            self.parts,
            account_id=translate.required_id(request.account_id, "account_id"),
            method_id=translate.id_of(request.method_id, "method_id"),
        )
        return m.GetContactResponse(
            kind=found.kind,
            destination=found.destination,
            email=found.email,
            first_name=found.first_name,
            last_name=found.last_name,
            user_id=found.user_id,
            language=found.language,
        )


def contact_api(servicer: ContactServicer) -> Api:
    """The service, for `chassis.server.serve`."""
    return Api(
        descriptor=m.DESCRIPTOR.services_by_name["ContactService"],
        servicer=servicer,
        rules={"GetContact": frozenset({NOTIFIER})},
    )
