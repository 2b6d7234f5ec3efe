"""What ids are called: employers by the registry, people by identity, codes by the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mandate.identity.v1.people_service_pb2 import Person, SelectPeopleRequest
from mandate.registry.v1.service_pb2 import GetProvidersRequest, PostalAddress, Provider
from markupsafe import Markup

from services.portal.web import receipts
from services.portal.web.visits import Visit

AT_ONCE = 200
ROLES = {
    "AUTHORIZED_OFFICIAL": "IA-ROLE.official",
    "ACCESS_MANAGER": "IA-ROLE.manager",
    "STAFF_END_USER": "IA-ROLE.staff",
}
"""Keys of the roles, in the order in which pages offer them (IA-EMP-07)."""

FUNCTIONS = ("PECOS", "NPPES")
"""Business functions that can be asked for and granted; EHR is retired (IA-EHR-01)."""

KINDS = {"APPROVED": "ok", "PENDING": "wait", "REJECTED": "bad"}
"""The look of a status; the others are quiet."""


@dataclass(frozen=True, slots=True)
class Employer:
    """An employer or provider as lists show it."""

    id: str
    name: str
    number: str
    """`EIN **-***4417` or `NPI 2147359089` (IA-CONF-06); empty where neither is known."""
    npis: int = 0


def providers(visit: Visit, ids: Iterable[str]) -> dict[str, Provider]:
    """Providers by id, as the registry has them; unknown ones are missing. Raises `RefusedError`."""
    registry = visit.portal.clients.registry
    if registry is None:
        return {}
    found: dict[str, Provider] = {}
    for chunk in _chunks(ids):
        request = GetProvidersRequest(provider_ids=chunk)
        answer = receipts.ask(visit, registry.GetProviders, request, audience="", service=receipts.REGISTRY)
        found |= {provider.provider_id: provider for provider in answer.providers}
    return found


def employers(visit: Visit, ids: Iterable[str]) -> dict[str, Employer]:
    """Employers by id; one that the registry does not know is called so. Raises `RefusedError`."""
    wanted = list(ids)
    known = providers(visit, wanted)
    unknown = str(visit.words("naming.employer"))
    return {one: employer(known[one]) if one in known else Employer(one, unknown, "") for one in wanted}


def employer(provider: Provider) -> Employer:
    """A provider as lists show it."""
    if provider.is_organization:
        number = f"EIN {ein(provider)}" if provider.ein_last_four else ""
    else:
        number = f"NPI {provider.npis[0].npi}" if provider.npis else ""
    return Employer(provider.provider_id, provider.name, number, len(provider.npis))


def ein(provider: Provider) -> str:
    """The EIN, the last four digits kept (IA-CONF-06); empty where none is known."""
    return f"**-***{provider.ein_last_four}" if provider.ein_last_four else ""


def people(visit: Visit, ids: Iterable[str], *, last: str = "", first: str = "") -> dict[str, Person]:
    """People by id whose names begin so; the portal asks in its own name. Raises `RefusedError`."""
    service = visit.portal.clients.people
    if service is None:
        return {}
    found: dict[str, Person] = {}
    for chunk in _chunks(ids):
        request = SelectPeopleRequest(account_ids=chunk, last_name_prefix=last, first_name_prefix=first)
        found |= {person.account_id: person for person in visit.ask(service.SelectPeople, request).people}
    return found


def person(visit: Visit, found: Person | None) -> str:
    """`Marsh, Delia`; other words for somebody whose data was erased or who is not known."""
    if found is None or not found.last_name:
        return str(visit.words("naming.person"))
    return f"{found.last_name}, {found.first_name}"


def role(visit: Visit, code: str) -> Markup:
    """The words of a role."""
    return visit.words(ROLES[code]) if code in ROLES else Markup.escape(code)


def address(of: PostalAddress) -> str:
    """`Harrisburg, PA 17110-9436`, the street before it where there is one."""
    zip_code = f"{of.zip[:5]}-{of.zip[5:]}" if len(of.zip) == 9 and of.zip.isdecimal() else of.zip  # noqa: PLR2004
    place = " ".join(part for part in (f"{of.city}," if of.city else "", of.state, zip_code) if part)
    return ", ".join(part for part in (of.line1, of.line2, place) if part)


def _chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    distinct = list(dict.fromkeys(ids))
    return (distinct[start : start + AT_ONCE] for start in range(0, len(distinct), AT_ONCE))
