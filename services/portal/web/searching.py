"""The boxes of a search for a provider, and what they find (IA-EMP-01, IA-EMP-04, IA-CONN-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mandate.registry.v1.service_pb2 import Provider, SearchProvidersRequest, SearchProvidersResponse

from chassis.vocabulary.addresses import STATES
from services.portal.web import naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.visits import Visit

BOXES = (
    Field("organization_name", "IA-EMP-01.organization_name", required=False, longest=100),
    Field("npi", "IA-EMP-01.npi", required=False, longest=20),
    Field("first_name", "IA-EMP-01.first_name", required=False, longest=60),
    Field("last_name", "IA-EMP-01.last_name", required=False, longest=60),
    Field("city", "IA-EMP-01.city", required=False, longest=60),
    Field("state", "IA-EMP-01.state", required=False, longest=2),
    Field("zip", "IA-EMP-01.zip", required=False, longest=12),
)
NAMES = tuple(field.name for field in BOXES)
LONGEST_CURSOR = 2_000


@dataclass(frozen=True, slots=True)
class Result:
    """One provider that was found (IA-EMP-04)."""

    id: str
    name: str
    doing_business_as: str
    npi: str
    """The first of them; empty where it has none (X-16)."""
    category: str
    ein: str
    address: str
    npis: Sequence[tuple[str, str]]
    """All: number and place."""
    other_names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results."""

    results: Sequence[Result]
    next: str
    """The query of the next page; empty at the end."""
    first: str
    """The query of the first page; empty where this is it."""
    narrow: bool
    """So many that it is better to give more boxes (D-47)."""


def read(visit: Visit) -> Form:
    """The boxes as the address has them."""
    form = visit.form(*BOXES)
    form.read({name: value for name, value in visit.request.query_params.items() if name in NAMES})
    return form


def is_asked(visit: Visit) -> bool:
    """Whether somebody has pressed Search."""
    return any(name in visit.request.query_params for name in NAMES)


def query(form: Form, **more: str) -> str:
    """The boxes as part of an address."""
    return urlencode({name: form[name] for name in NAMES if form[name]} | more)


def find(visit: Visit, form: Form, after: str) -> tuple[Found | None, int]:
    """Ask the registry in the person's name: what was found, and the status of the page.

    The rule that a search breaks is the registry's, and is shown at its box.
    """
    if form.errors:
        return None, 422
    request = SearchProvidersRequest(after=after[:LONGEST_CURSOR])
    for name in NAMES:
        setattr(request, name, form[name])
    try:
        answer: SearchProvidersResponse = receipts.ask(
            visit, visit.portal.clients.registry.SearchProviders, request, audience="registry"
        )
    except RefusedError as refused:
        # a broken rule of the whole search stands at its first box
        return None, form.not_taken(refused, "", {"": NAMES[0], "after": NAMES[0]})
    return (
        Found(
            results=[result(provider) for provider in answer.providers],
            next=query(form, after=answer.after) if answer.after else "",
            first=query(form) if after else "",
            narrow=answer.narrow,
        ),
        200,
    )


def result(provider: Provider) -> Result:
    """A provider as the table shows it."""
    npis = [(one.npi, naming.address(one.practice)) for one in provider.npis]
    return Result(
        id=provider.provider_id,
        name=provider.name,
        doing_business_as=provider.doing_business_as,
        npi=provider.npis[0].npi if provider.npis else "",
        category=provider.category,
        ein=naming.ein(provider),
        address=naming.address(provider.address),
        npis=npis,
        other_names=list(provider.other_names),
    )


def states() -> Sequence[tuple[str, str]]:
    """Codes and names of the states, by name."""
    return sorted(STATES.items(), key=lambda state: state[1])
