"""My Connections (rows 31, 32): own employers, and for each who works for whom, function by function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandate.connections.v1.service_pb2 import (
    CancelConnectionRequest,
    Connection,
    EndConnectionRequest,
    ListConnectionsRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import naming, receipts, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PAGE = 200
LONGEST = 100
KINDS = naming.KINDS
LIVE = ("PENDING", "APPROVED")


@dataclass(frozen=True, slots=True)
class Partner:
    """The other side, with one line for each function (IA-CONN-03)."""

    who: naming.Employer
    lines: Sequence[Connection]


@dataclass(frozen=True, slots=True)
class Both:
    """The two tables of an employer (IA-CONN-02)."""

    providers: Sequence[Partner]
    surrogates: Sequence[Partner]


def show(visit: Visit) -> Response:
    """The list of own employers; one of them is open."""
    asked = visit.request.query_params
    name = asked.get("name", "").strip()[:LONGEST]
    mine = sorted(naming.employers(visit, standing.managed(visit)).values(), key=lambda one: one.name.casefold())
    shown = [one for one in mine if name.casefold() in one.name.casefold()]
    opened = shown[0].id if len(shown) == 1 else asked.get("open", "")
    both = _both(visit, opened) if any(one.id == opened for one in shown) else None
    return visit.page(
        "connections/list.html",
        employers=shown,
        all=len(mine),
        name=name,
        opened=opened,
        both=both,
        kinds=KINDS,
        functions=naming.FUNCTIONS,
    )


def ask_end(visit: Visit) -> Response:
    """What ends, before it does."""
    return _end(visit, visit.form())


def end(visit: Visit) -> Response:
    """Disconnect, or take the own side's request back: in the name of the employer of the address (4.5)."""
    form = visit.form()
    form.read(visit.data)
    party, one = _connection(visit)
    side = side_of(party, one)
    connections = visit.portal.clients.connections
    given = {"command_id": visit.command_id(), "connection_id": one.connection_id, "side": side}
    try:
        if one.status == "PENDING":
            answer = visit.ask(connections.CancelConnection, CancelConnectionRequest(**given), audience="connections")
        else:
            answer = visit.ask(connections.EndConnection, EndConnectionRequest(**given), audience="connections")
    except RefusedError as refused:
        return _end(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    done = "request_taken_back" if one.status == "PENDING" else "disconnected"
    return visit.go(f"/connections?open={party.id}&done={done}")


def party_of(visit: Visit) -> naming.Employer:
    """The employer of the address, where the person manages it; else there is no such page."""
    id_ = str(visit.request.path_params["party"])
    if id_ not in standing.managed(visit):
        raise HTTPException(404)
    return naming.employers(visit, [id_])[id_]


def side_of(party: naming.Employer, one: Connection) -> str:
    """The side on which an employer stands in a connection."""
    return "PROVIDER" if one.provider_id == party.id else "SURROGATE"


def of_employer(visit: Visit, employer_id: str) -> list[Connection]:
    """All connections of an employer, on either side. Raises `RefusedError`."""
    found: list[Connection] = []
    after = ""
    while True:
        request = ListConnectionsRequest(employer_id=employer_id, after=after, limit=PAGE)
        answer = receipts.ask(visit, visit.portal.clients.connections.ListConnections, request, audience="connections")
        found += answer.connections
        if len(answer.connections) < PAGE:
            return found
        after = answer.connections[-1].connection_id


def _both(visit: Visit, employer_id: str) -> Both:
    found = of_employer(visit, employer_id)
    names = naming.employers(visit, (side for one in found for side in (one.provider_id, one.surrogate_id)))
    mine = [one for one in found if one.provider_id == employer_id]
    theirs = [one for one in found if one.surrogate_id == employer_id]
    return Both(
        providers=_partners([(names[one.provider_id], one) for one in theirs]),
        surrogates=_partners([(names[one.surrogate_id], one) for one in mine]),
    )


def _partners(found: Sequence[tuple[naming.Employer, Connection]]) -> list[Partner]:
    groups: dict[str, tuple[naming.Employer, list[Connection]]] = {}
    for who, one in found:
        groups.setdefault(who.id, (who, []))[1].append(one)
    order = {function: at for at, function in enumerate(naming.FUNCTIONS)}
    partners = [
        Partner(who, sorted(lines, key=lambda one: order.get(one.function, len(order))))
        for who, lines in groups.values()
    ]
    # what lives first, then by name
    return sorted(
        partners, key=lambda one: (not any(line.status in LIVE for line in one.lines), one.who.name.casefold())
    )


def _connection(visit: Visit) -> tuple[naming.Employer, Connection]:
    party = party_of(visit)
    id_ = str(visit.request.path_params["connection"])
    one = next((one for one in of_employer(visit, party.id) if one.connection_id == id_), None)
    if one is None:
        raise HTTPException(404)
    return party, one


def _end(visit: Visit, form: Form, status: int = 200) -> Response:
    party, one = _connection(visit)
    asked = one.status == "PENDING" and one.initiator == side_of(party, one)
    if not asked and one.status != "APPROVED" and not form.errors:
        return visit.go(f"/connections?open={party.id}")
    names = naming.employers(visit, [one.provider_id, one.surrogate_id])
    return visit.page(
        "connections/end.html",
        status,
        form=form,
        one=one,
        party=party,
        provider=names[one.provider_id],
        surrogate=names[one.surrogate_id],
    )


PAGES = (
    Page("/connections", Access.SIGNED_IN, get=show),
    Page("/connections/{party:uuid}/{connection:uuid}/end", Access.SIGNED_IN, get=ask_end, post=end),
)
