"""mandate.identity.v1.PeopleService: names for lists of ids, opened only to be shown."""

from __future__ import annotations

import grpc
from mandate.identity.v1 import people_service_pb2 as m

from chassis.server import Api, Caller, Detail, RefusedError, Rule
from services.identity.api import translate
from services.identity.api.calls import Calls, query
from services.identity.commands import people

MOST = 200
ASKERS = ("portal",)


class PeopleServicer(Calls):
    """One question."""

    @query
    def SelectPeople(self, request: m.SelectPeopleRequest, caller: Caller) -> m.SelectPeopleResponse:
        """The people of a page, by last name, then first name."""
        if caller.claims.service not in ASKERS:
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, Detail("NOT_ALLOWED", "for the portal alone"))
        if len(request.account_ids) > MOST:
            detail = Detail("FIELD_TOO_LONG", f"at most {MOST} ids", "account_ids")
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail)
        found = people.select(
            self.app,
            self.parts,
            account_ids=[translate.required_id(one, "account_ids") for one in request.account_ids],
            last_name_prefix=request.last_name_prefix,
            first_name_prefix=request.first_name_prefix,
        )
        return m.SelectPeopleResponse(
            people=[
                m.Person(
                    account_id=str(one.account_id),
                    user_id=one.user_id,
                    first_name=one.first_name,
                    middle_name=one.middle_name,
                    last_name=one.last_name,
                )
                for one in found
            ]
        )


def people_api(servicer: PeopleServicer) -> Api:
    """The service, for `chassis.server.serve`."""
    return Api(
        descriptor=m.DESCRIPTOR.services_by_name["PeopleService"],
        servicer=servicer,
        rules={"SelectPeople": Rule.SERVICE},
    )
