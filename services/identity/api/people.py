"""mandate.identity.v1.PeopleService: names for lists of ids, opened only to be shown."""

from __future__ import annotations

from uuid import UUID

import grpc
from mandate.identity.v1 import people_service_pb2 as m

from chassis.paging import Wanted
from chassis.server import Api, Caller, Detail, RefusedError
from services.identity.api import translate
from services.identity.api.calls import Calls, query
from services.identity.commands import people

MOST, MOST_OF_A_LIST = 200, 2000
"""Ids at once: for everybody, and to make pages of them."""
ASKERS = ("portal",)


class PeopleServicer(Calls):
    """One question."""

    @query
    def SelectPeople(self, request: m.SelectPeopleRequest, caller: Caller) -> m.SelectPeopleResponse:
        """The people of a page, by rank, last name, first name."""
        if caller.claims.service not in ASKERS:
            raise RefusedError(grpc.StatusCode.PERMISSION_DENIED, Detail("NOT_ALLOWED", "for the portal alone"))
        wanted = _wanted(request)
        beginning = people.Beginning(request.last_name_prefix, request.first_name_prefix)
        if not request.list:
            ids = _ids(request)
            found = people.select(
                self.app, self.parts, account_ids=ids, ranks=request.ranks, beginning=beginning, wanted=wanted
            )
            return _answer(found)
        if request.account_ids or not wanted.limit:
            detail = Detail("FIELD_MALFORMED", "a list takes the place of account_ids, and has a limit", "list")
            raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail)
        known = people.select_again(self.app, self.parts, list_=request.list, beginning=beginning, wanted=wanted)
        return _answer(known, request.list) if known else m.SelectPeopleResponse()


def _ids(request: m.SelectPeopleRequest) -> list[UUID]:
    most = MOST_OF_A_LIST if request.limit > 0 else MOST
    if len(request.account_ids) > most:
        detail = Detail("FIELD_TOO_LONG", f"at most {most} ids", "account_ids")
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail)
    if request.ranks and len(request.ranks) != len(request.account_ids):
        detail = Detail("FIELD_MALFORMED", "send one rank for each id, or none", "ranks")
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, detail)
    return [translate.required_id(one, "account_ids") for one in request.account_ids]


def _wanted(request: m.SelectPeopleRequest) -> Wanted:
    return Wanted(
        limit=min(request.limit, MOST) if request.limit > 0 else 0,
        after=translate.required_id(request.after, "after") if request.after else None,
        after_rank=request.after_rank,
        descending=request.descending,
        before=request.before,
    )


def _answer(found: people.Selected, list_: bytes = b"") -> m.SelectPeopleResponse:
    return m.SelectPeopleResponse(
        people=[
            m.Person(
                account_id=str(one.account_id),
                user_id=one.user_id,
                first_name=one.first_name,
                middle_name=one.middle_name,
                last_name=one.last_name,
            )
            for one in found.people
        ],
        ranks=found.ranks if list_ else (),
        found=found.found,
        skipped=found.skipped,
        list=list_,
    )


def people_api(servicer: PeopleServicer) -> Api:
    """The service, for `chassis.server.serve`."""
    return Api(
        descriptor=m.DESCRIPTOR.services_by_name["PeopleService"],
        servicer=servicer,
        rules={"SelectPeople": frozenset(ASKERS)},
    )
