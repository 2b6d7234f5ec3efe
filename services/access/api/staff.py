"""The people of employers over gRPC: My Staff, the caller's own employers, and what managers change (2.6, 2.7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from mandate.access.v1 import service_pb2 as pb

from chassis import nature
from chassis.application import Application
from chassis.cause import Receipt
from chassis.database import Session
from chassis.domain import NotAllowedError, NotFoundError
from chassis.messages import timestamp
from chassis.server import Caller, Code, Detail, RefusedError, page_limit, receipt_message, uuid_of
from chassis.vocabulary.functions import active
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, EUS, manages
from chassis.waiting import Waiter
from services.access.commands import role_requests, staff
from services.access.commands.invitees import offers_of
from services.access.commands.parts import Parts
from services.access.projections import role_requests as request_list
from services.access.projections import staff_list, staff_people
from services.access.projections.authority import AuthorityFollower

MOST_PEOPLE = 200
"""Whose rows are asked for by name: as many as a page has."""
MOST_IDS = 2000
"""Of a page of people who are ids and no more."""


def people_of(ids: Sequence[str], field: str = "account_ids") -> list[UUID]:
    """The people, or what else of a page, that a list is asked about. Raises `RefusedError`."""
    if len(ids) > MOST_PEOPLE:
        detail = Detail("FIELD_TOO_LONG", f"at most {MOST_PEOPLE} ids", field)
        raise RefusedError(Code.INVALID_ARGUMENT, detail)
    return [uuid_of(one, field=field) for one in ids]


def typed_offers(offers: Sequence[pb.Offer]) -> list[tuple[UUID, str, tuple[str, ...]]]:
    """(employer, role, functions) as they were sent. Raises `RefusedError`."""
    return [(uuid_of(one.employer_id, field="employer_id"), one.role, tuple(one.functions)) for one in offers]


class StaffAnswers:
    """What a person sees of their own employers, a manager of staff, and what a manager or the desk does there."""

    _app: Application
    _parts: Parts
    _waiter: Waiter
    _authority: AuthorityFollower
    _withheld: Callable[[UUID, UUID], list[str]]

    def GrantFunction(self, request: pb.GrantFunctionRequest, caller: Caller) -> pb.GrantFunctionResponse:
        """4.3."""
        receipt = self._function(staff.grant_function, request, caller)
        return pb.GrantFunctionResponse(receipt=receipt_message(receipt))

    def WithdrawFunction(self, request: pb.WithdrawFunctionRequest, caller: Caller) -> pb.WithdrawFunctionResponse:
        """4.3."""
        receipt = self._function(staff.withdraw_function, request, caller)
        return pb.WithdrawFunctionResponse(receipt=receipt_message(receipt))

    def ModifyStaff(self, request: pb.ModifyStaffRequest, caller: Caller) -> pb.ModifyStaffResponse:
        """IA-MOD-01 to IA-MOD-03."""
        receipt = self._app.execute(
            staff.modify,
            caller.cause(request.command_id),
            account_id=uuid_of(request.account_id, field="account_id"),
            offers=offers_of(typed_offers(request.offers)),
        )
        return pb.ModifyStaffResponse(receipt=receipt_message(receipt))

    def Disassociate(self, request: pb.DisassociateRequest, caller: Caller) -> pb.DisassociateResponse:
        """4.3."""
        receipt = self._app.execute(
            staff.disassociate,
            caller.cause(request.command_id),
            association_id=uuid_of(request.association_id, field="association_id"),
            leaves_without_official=request.leaves_without_official,
        )
        return pb.DisassociateResponse(receipt=receipt_message(receipt))

    def ListMyEmployers(self, request: pb.ListMyEmployersRequest, caller: Caller) -> pb.ListMyEmployersResponse:
        """IA-PROF-05."""
        after = uuid_of(request.after, field="after") if request.after else None
        association_ids = people_of(request.association_ids, "association_ids")
        found = self._employers_of(
            request.at_least,
            caller.account_id,
            association_ids=association_ids,
            managed=request.managed,
            after=after,
            limit=page_limit(request.limit) if request.limit > 0 else None,
        )
        return pb.ListMyEmployersResponse(associations=found)

    def ShowEin(self, request: pb.ShowEinRequest, caller: Caller) -> pb.ShowEinResponse:
        """IA-CONF-06."""
        employer_id = uuid_of(request.employer_id, field="employer_id")
        if not manages(role_requests.role_at(self._app, caller.account_id, employer_id)):
            raise NotFoundError
        if not (ein := self._parts.registry.ein(employer_id)):
            raise NotFoundError
        return pb.ShowEinResponse(ein=ein)

    def ListEmployersOf(self, request: pb.ListEmployersOfRequest, caller: Caller) -> pb.ListEmployersOfResponse:
        """What ends when the desk closes an account (D-41)."""
        if EUS not in caller.roles:
            raise NotAllowedError("Only External User Services see the employers of others.")
        account_id = uuid_of(request.account_id, field="account_id")
        return pb.ListEmployersOfResponse(associations=self._employers_of(request.at_least, account_id))

    def SelectMyEmployers(self, request: pb.SelectMyEmployersRequest, caller: Caller) -> pb.SelectMyEmployersResponse:
        """IA-PROF-02, IA-PROF-05: ids alone, for names are the registry's."""
        if not set(request.statuses) <= {*staff_list.STATUSES}:
            raise _unknown("UNKNOWN_STATUS", "statuses", staff_list.STATUSES)
        if request.order not in staff_list.HELD_ORDERS:
            raise _unknown("UNKNOWN_ORDER", "order", [one for one in staff_list.HELD_ORDERS if one])
        functions = active(nature.now())
        self._waiter.wait(request.at_least, [staff_list.STAFF_LIST])
        with self._app.session() as session:
            rows = staff_list.held(
                session,
                account_id=caller.account_id,
                statuses=request.statuses,
                order=request.order,
                active=functions,
            )
            has_ehr = "EHR" in functions or staff_list.has_had(session, account_id=caller.account_id, function="EHR")
        return pb.SelectMyEmployersResponse(
            association_ids=[str(one.association_id) for one in rows],
            employer_ids=[str(one.employer_id) for one in rows],
            ranks=[one.rank for one in rows],
            has_ehr=has_ehr,
        )

    def ListStaff(self, request: pb.ListStaffRequest, caller: Caller) -> pb.ListStaffResponse:
        """IA-STAFF-03, IA-STAFF-04."""
        after = uuid_of(request.after, field="after") if request.after else None
        if request.status and request.status not in staff_list.STATUSES:
            raise _unknown("UNKNOWN_STATUS", "status", staff_list.STATUSES)
        account_ids = people_of(request.account_ids)
        self._waiter.wait(request.at_least, [staff_list.STAFF_LIST, self._authority])
        at = [uuid_of(request.employer_id, field="employer_id")] if request.employer_id else None
        with self._app.session() as session:
            rows = staff_list.of_managed(
                session,
                self._scope(session, caller, at),
                status=request.status or "APPROVED",
                account_ids=account_ids,
                after=after,
                limit=page_limit(request.limit),
            )
        shown = [_association(row, None) for row in rows]
        for one, row in zip(shown, rows, strict=True):
            one.withheld_provider_ids.extend(self._withheld(row.account_id, row.employer_id))
        return pb.ListStaffResponse(staff=shown)

    def SelectStaff(self, request: pb.SelectStaffRequest, caller: Caller) -> pb.SelectStaffResponse:
        """IA-STAFF-01: ids alone, for names are identity's."""
        if request.list not in staff_people.LISTS:
            raise _unknown("UNKNOWN_LIST", "list", staff_people.LISTS)
        orders = staff_people.orders(request.list)
        if request.order not in orders:
            raise _unknown("UNKNOWN_ORDER", "order", [one for one in orders if one])
        listed = staff_people.Listed(
            list=request.list,
            order=request.order,
            descending=request.descending,
            employer_ids=[uuid_of(one, field="employer_ids") for one in request.employer_ids],
            after=uuid_of(request.after, field="after") if request.after else None,
        )
        limit = min(request.limit, MOST_IDS) if request.limit > 0 else MOST_IDS
        self._waiter.wait(request.at_least, [staff_list.STAFF_LIST, request_list.ROLE_REQUESTS])
        with self._app.session() as session:
            scope = self._scope(session, caller)
            if request.digest_only:
                digest, last = staff_people.digest(session, scope, listed, limit=limit)
                return pb.SelectStaffResponse(digest=digest, next=str(last) if last else "")
            people = staff_people.ranked(session, scope, listed, limit=limit)
        return pb.SelectStaffResponse(
            account_ids=[str(one.account_id) for one in people], ranks=[one.rank for one in people]
        )

    def _employers_of(self, at_least: Sequence[Any], account_id: UUID, **which: Any) -> list[pb.Association]:
        self._waiter.wait(at_least, [staff_list.STAFF_LIST, request_list.ROLE_REQUESTS])
        with self._app.session() as session:
            rows = staff_list.employers_of(session, account_id=account_id, **which)
            waiting = request_list.open_requests(session, account_id=account_id)
            bare = staff_list.without_official(session, [row.employer_id for row in rows if row.status == "APPROVED"])
        found = [_association(row, waiting.get(row.employer_id)) for row in rows]
        for one, row in zip(found, rows, strict=True):
            one.lacks_official = row.employer_id in bare
        return found

    def _scope(self, session: Session, caller: Caller, at: Sequence[UUID] | None = None) -> staff_people.Scope:
        """What the caller sees: at all employers that they manage, or at these, by the own log. Raises for nobody."""
        if at is None:
            scope = staff_people.managed(session, account_id=caller.account_id)
        else:
            roles = {id_: role_requests.role_at(self._app, caller.account_id, id_) for id_ in at}
            scope = staff_people.Scope(
                caller.account_id,
                [id_ for id_ in at if EUS in caller.roles or roles[id_] == AUTHORIZED_OFFICIAL],
                [id_ for id_ in at if EUS not in caller.roles and roles[id_] == ACCESS_MANAGER],
            )
        if not (scope.as_official or scope.as_manager):
            raise NotAllowedError("Only an Authorized Official or Access Manager of an employer sees its people.")
        return scope

    def _function(
        self,
        command: role_requests.Command,
        request: pb.GrantFunctionRequest | pb.WithdrawFunctionRequest,
        caller: Caller,
    ) -> Receipt:
        return self._app.execute(
            command,
            caller.cause(request.command_id),
            association_id=uuid_of(request.association_id, field="association_id"),
            function=request.function,
        )


def _unknown(code: str, field: str, choices: Sequence[str]) -> RefusedError:
    return RefusedError(Code.INVALID_ARGUMENT, Detail(code, f"choose one of {', '.join(choices)}", field))


def _association(row: staff_list.StaffRow, waiting: tuple[UUID, str] | None) -> pb.Association:
    everything = row.status == "APPROVED" and manages(row.role)  # IA-PROF-08, IA-EMP-10
    return pb.Association(
        association_id=str(row.association_id),
        account_id=str(row.account_id),
        employer_id=str(row.employer_id),
        role=row.role,
        status=row.status,
        functions=active(nature.now()) if everything else row.functions,
        since=timestamp(row.since),
        tracking_id=waiting[1] if waiting else "",
        role_request_id=str(waiting[0]) if waiting else "",
        ended_by=str(row.ended_by) if row.ended_by else "",
    )
