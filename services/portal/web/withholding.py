"""Providers withheld from a Staff End User, of those for whom the employer may act by a connection (D-40, X-20)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mandate.access.v1.service_pb2 import WithholdProvidersRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import STAFF_END_USER
from services.portal.web import connections, ending, matrix, naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.ending import Found
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

SHOWN = Field("shown", "D-40.provider", required=False, longest=36)
WITHHELD = Field("withheld", "D-40.withheld", required=False, longest=36)
FORM = (SHOWN, WITHHELD)
MOST = 80
"""Providers that one form has room for, each with two fields of its 200; more are searched by name first."""


@dataclass(frozen=True, slots=True)
class Reached:
    """One provider for whom the employer acts, or acted when it was withheld."""

    provider: naming.Employer
    functions: Sequence[str]
    """By which connections; none where these have ended."""
    usable: Sequence[str]
    """Those of them that the person may use at the employer."""


def show(visit: Visit) -> Response:
    """The providers of the employer, with a tick at those withheld."""
    found = _found(visit)
    return _page(visit, found, visit.form(*FORM), found.withheld)


def save(visit: Visit) -> Response:
    """Withhold those ticked; what the form does not show stays as it is."""
    found = _found(visit)
    form = visit.form(*FORM)
    form.read(visit.data)
    shown = {one.provider.id for one in _reached(visit, found)} & set(visit.many.get(SHOWN.name, ()))
    withheld = found.withheld - shown | shown & set(visit.many.get(WITHHELD.name, ()))
    request = WithholdProvidersRequest(
        command_id=visit.command_id(), association_id=found.id, provider_ids=sorted(withheld)
    )
    try:
        answer = visit.ask(visit.portal.clients.access.WithholdProviders, request, audience="access")
    except RefusedError as refused:
        return _page(visit, found, form, withheld, form.not_taken(refused, visit.command_id(), {"provider_ids": ""}))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/staff/{found.account_id}?done=providers_withheld")


def _page(visit: Visit, found: Found, form: Form, withheld: Iterable[str], status: int = 200) -> Response:
    ticked = frozenset(withheld)
    everybody = _reached(visit, found)
    wanted = matrix.wanted(visit)
    reached = [one for one in everybody if wanted.casefold() in one.provider.name.casefold()]
    reached.sort(key=lambda one: (one.provider.id not in ticked, one.provider.name.casefold()))
    lines = sorted(reached[:MOST], key=lambda one: one.provider.name.casefold())
    return visit.page(
        "staff/providers.html",
        status,
        form=form,
        member=found,
        functions=[name for name in naming.FUNCTIONS if name in found.functions],
        lines=lines,
        all=len(everybody),
        name=wanted,
        ticked=ticked,
    )


def _reached(visit: Visit, found: Found) -> list[Reached]:
    """For whom the employer may act now, and whoever is withheld already. Raises `RefusedError`."""
    functions: dict[str, set[str]] = {id_: set() for id_ in found.withheld}
    for one in connections.of_employer(visit, found.employer.id):
        is_in_force = one.surrogate_id == found.employer.id and one.status == "APPROVED"
        if is_in_force and one.function in naming.FUNCTIONS:  # an EHR connection of the past gives nothing (IA-EHR-04)
            functions.setdefault(one.provider_id, set()).add(one.function)
    names = naming.employers(visit, functions)
    return [
        Reached(
            names[id_],
            [name for name in naming.FUNCTIONS if name in has],
            [name for name in naming.FUNCTIONS if name in has and name in found.functions],
        )
        for id_, has in functions.items()
    ]


def _found(visit: Visit) -> Found:
    """A Staff End User whom the reader manages: from nobody else anything is withheld (D-40)."""
    found = ending.found(visit)
    if found.role_code != STAFF_END_USER:
        raise HTTPException(404)
    return found


PAGES = (Page("/staff/{person:uuid}/providers/{association:uuid}", Access.SIGNED_IN, get=show, post=save),)
