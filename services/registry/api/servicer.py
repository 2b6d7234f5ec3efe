"""RegistryService over gRPC: translate, look up, translate."""

from __future__ import annotations

from collections.abc import Iterable

from mandate.registry.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.domain import NotFoundError
from chassis.paging import Wanted
from chassis.server import Api, Caller, Callers, Code, Detail, RefusedError, Rule, page_limit, receipt_message, uuid_of
from chassis.waiting import Waiter
from services.registry.commands import adding
from services.registry.projections import provider_names, provider_search
from services.registry.projections.added_employers import ADDED_EMPLOYERS
from services.registry.projections.provider_rows import Address, Provider, providers

MOST, MOST_OF_A_LIST = 200, 10_000
"""Ids at once: to be told of, and to make pages of them."""


class RegistryServicer:
    """Answers people and services alike: what the registry knows is public, but for the EIN."""

    def __init__(self, app: Application, waiter: Waiter) -> None:
        self._app, self._waiter = app, waiter

    def SearchProviders(self, request: pb.SearchProvidersRequest, _: Caller) -> pb.SearchProvidersResponse:
        """IA-EMP-01, IA-EMP-04."""
        self._waiter.wait(request.at_least, [ADDED_EMPLOYERS])
        with self._app.session() as session:
            page = provider_search.search(
                session.connection,
                organization_name=request.organization_name,
                npi=request.npi,
                first_name=request.first_name,
                last_name=request.last_name,
                city=request.city,
                state=request.state,
                zip=request.zip,
                after=request.after or None,
                limit=page_limit(request.limit),
            )
        return pb.SearchProvidersResponse(providers=_all(page.providers), after=page.after or "", narrow=page.narrow)

    def GetProviders(self, request: pb.GetProvidersRequest, _: Caller) -> pb.GetProvidersResponse:
        """IA-CONF-01."""
        if len(request.provider_ids) > MOST:
            raise RefusedError(Code.INVALID_ARGUMENT, Detail("TOO_MANY", f"ask for at most {MOST}", "provider_ids"))
        ids = [uuid_of(text, field="provider_ids") for text in request.provider_ids]
        self._waiter.wait(request.at_least, [ADDED_EMPLOYERS])
        with self._app.session() as session:
            found = providers(session.connection, ids, with_ein=True)
        return pb.GetProvidersResponse(providers=_all(found))

    def GetEin(self, request: pb.GetEinRequest, _: Caller) -> pb.GetEinResponse:
        """IA-CONF-06: access judges for whom."""
        with self._app.session() as session:
            found = providers(session.connection, [uuid_of(request.provider_id, field="provider_id")], with_ein=True)
        if not found or not found[0].ein:
            raise NotFoundError("The registry knows no EIN of it.")
        return pb.GetEinResponse(ein=found[0].ein)

    def SelectProviders(self, request: pb.SelectProvidersRequest, _: Caller) -> pb.SelectProvidersResponse:
        """IA-PROF-03, IA-PROF-05: a page of somebody's employers."""
        if len(request.provider_ids) > MOST_OF_A_LIST:
            detail = Detail("TOO_MANY", f"ask for at most {MOST_OF_A_LIST}", "provider_ids")
            raise RefusedError(Code.INVALID_ARGUMENT, detail)
        if request.ranks and len(request.ranks) != len(request.provider_ids):
            detail = Detail("FIELD_MALFORMED", "send one rank for each id, or none", "ranks")
            raise RefusedError(Code.INVALID_ARGUMENT, detail)
        ids = [uuid_of(text, field="provider_ids") for text in request.provider_ids]
        wanted = Wanted(
            limit=min(request.limit, MOST) if request.limit > 0 else 0,
            after=uuid_of(request.after, field="after") if request.after else None,
            after_rank=request.after_rank,
            descending=request.descending,
            before=request.before,
        )
        self._waiter.wait(request.at_least, [ADDED_EMPLOYERS])
        ranks = dict(zip(ids, request.ranks or [0] * len(ids), strict=True))
        with self._app.session() as session:
            found = provider_names.select(session.connection, ranks, part=request.name, wanted=wanted)
        return pb.SelectProvidersResponse(
            provider_ids=[str(one) for one in found.provider_ids], found=found.found, skipped=found.skipped
        )

    def FindBySsn(self, request: pb.FindBySsnRequest, _: Caller) -> pb.FindBySsnResponse:
        """D-01."""
        try:
            index = bytes.fromhex(request.ssn_index)
        except ValueError:
            raise RefusedError(
                Code.INVALID_ARGUMENT, Detail("FIELD_MALFORMED", "the index has 64 hex digits", "ssn_index")
            ) from None
        with self._app.session() as session:
            found = provider_search.by_ssn(session.connection, index)
        return pb.FindBySsnResponse(providers=_all(found))

    def AddEmployer(self, request: pb.AddEmployerRequest, caller: Caller) -> pb.AddEmployerResponse:
        """D-37."""
        cause = caller.cause(request.command_id)
        typed = {
            "legal_business_name": request.legal_business_name,
            "ein": request.ein,
            "category": request.category,
            "line_1": request.address.line1,
            "line_2": request.address.line2,
            "city": request.address.city,
            "state": request.address.state,
            "zip": request.address.zip,
            "phone": request.phone,
        }
        receipt = self._app.execute(adding.add, cause, typed=typed)
        return pb.AddEmployerResponse(receipt=receipt_message(receipt), joined=receipt.id != cause.command_id)


SERVICE = pb.DESCRIPTOR.services_by_name["RegistryService"]
RULES: dict[str, Callers] = {
    "SearchProviders": Rule.EITHER,
    "GetProviders": Rule.EITHER,
    "SelectProviders": Rule.EITHER,
    "FindBySsn": frozenset({"identity"}),
    "GetEin": frozenset({"access"}),
    "AddEmployer": Rule.USER,
}


def api(app: Application, waiter: Waiter) -> Api:
    """The service as the server takes it."""
    return Api(SERVICE, RegistryServicer(app, waiter), RULES)


def _all(found: Iterable[Provider]) -> list[pb.Provider]:
    return [
        pb.Provider(
            provider_id=str(one.provider_id),
            is_organization=one.is_organization,
            name=one.name,
            doing_business_as=one.doing_business_as,
            other_names=sorted({other.name for other in one.other_names}),
            npis=[
                pb.Npi(
                    npi=row.npi,
                    name=row.name,
                    practice=_address(row.practice),
                    mailing=_address(row.mailing),
                    phone=row.phone,
                )
                for row in one.npis
            ],
            ein_last_four=one.ein[-4:],
            category=one.category,
            address=_address(one.address),
            phone=one.phone,
        )
        for one in found
    ]


def _address(address: Address) -> pb.PostalAddress:
    return pb.PostalAddress(
        line1=address.line_1,
        line2=address.line_2,
        city=address.city,
        state=address.state,
        zip=address.zip,
        country=address.country,
    )
