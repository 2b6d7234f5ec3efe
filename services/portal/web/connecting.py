"""Find Provider and Add Surrogate (rows 33 to 36): search, functions, review, submit (IA-CONN-05, -07, -10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import grpc
from mandate.connections.v1.service_pb2 import RequestConnectionRequest
from mandate.registry.v1.service_pb2 import Provider
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import commands, naming, receipts, searching
from services.portal.web.clients import RefusedError
from services.portal.web.connections import party_of
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

OTHER = Field("other", "IA-CONN-05.other", missing="IA-CONN-05.other_missing", longest=36)
FUNCTION = Field("function", "IA-CONN-05.other", required=False, longest=5)
AFTER = Field("after", "IA-CONN-05.other", required=False, longest=searching.LONGEST_CURSOR)

DIRECTIONS = {"providers": "SURROGATE", "surrogates": "PROVIDER"}
"""What is looked for -> the side in whose name the person asks."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was chosen: whom, and for which functions."""

    other: Provider
    functions: Sequence[str]


def find(visit: Visit) -> Response:
    """The boxes, and what they find."""
    boxes = searching.read(visit)
    after = visit.request.query_params.get("after", "")
    return _find(visit, boxes, visit.form(OTHER, FUNCTION), asked=searching.is_asked(visit), after=after)


def choose(visit: Visit) -> Response:
    """One of them, and at least one function."""
    pick = visit.form(OTHER, FUNCTION, *searching.BOXES, AFTER)
    pick.read(visit.data)
    functions = _functions(visit.many.get("function", ()))
    if not functions:
        pick.fail("function", "IA-CONN-05.function_missing")
    if pick.errors:
        boxes = visit.form(*searching.BOXES, values={name: pick[name] for name in searching.NAMES})
        return _find(visit, boxes, pick, asked=True, after=pick["after"], status=422)
    query = urlencode([("other", pick["other"]), *(("function", function) for function in functions)])
    return visit.go(f"/connections/{party_of(visit).id}/{_direction(visit)}/review?{query}")


def review(visit: Visit) -> Response:
    """What will be asked, of whom."""
    asked = visit.request.query_params
    return _review(visit, visit.form(OTHER, FUNCTION), _wish(visit, asked.get("other", ""), asked.getlist("function")))


def submit(visit: Visit) -> Response:
    """Ask, function by function; what is refused for one does not stop the others."""
    form = visit.form(OTHER, FUNCTION)
    form.read(visit.data)
    wish = _wish(visit, form["other"], visit.many.get("function", ()))
    party, side, status = party_of(visit), DIRECTIONS[_direction(visit)], 200
    provider, surrogate = (
        (party.id, wish.other.provider_id) if side == "PROVIDER" else (wish.other.provider_id, party.id)
    )
    for function in wish.functions:
        request = RequestConnectionRequest(
            command_id=visit.command_id(function),
            provider_id=provider,
            surrogate_id=surrogate,
            function=function,
            side=side,
        )
        try:
            answer = visit.ask(visit.portal.clients.connections.RequestConnection, request, audience="connections")
        except RefusedError as refused:
            status = _not_asked(visit, form, refused, function)
            if refused.status is not grpc.StatusCode.FAILED_PRECONDITION:
                break
        else:
            receipts.remember(visit, answer.receipt)
    if form.errors:
        return _review(visit, form, wish, status)
    return visit.go(f"/connections?open={party.id}&done=connection_requested")


def _not_asked(visit: Visit, form: Form, refused: RefusedError, function: str) -> int:
    """The refusal, with the function that it is about."""
    about = visit.form()
    status = about.not_taken(refused, visit.command_id())
    form.command_id = about.command_id
    form.fail(f"function-{function}", "IA-CONN-07.failed", function=function, why=about.errors[""])
    return status


def _find(visit: Visit, boxes: Form, pick: Form, *, asked: bool, after: str, status: int = 200) -> Response:
    party = party_of(visit)
    found, search_status = searching.find(visit, boxes, after) if asked else (None, 200)
    return visit.page(
        "connections/find.html",
        max(status, search_status),
        form=boxes if boxes.errors else pick,
        boxes=boxes,
        pick=pick,
        ticked=visit.many.get("function", ()),
        party=party,
        direction=_direction(visit),
        path=f"/connections/{party.id}/{_direction(visit)}/new",
        found=found,
        after=after,
        names=searching.NAMES,
        states=searching.states(),
        functions=naming.FUNCTIONS,
    )


def _review(visit: Visit, form: Form, wish: Wish, status: int = 200) -> Response:
    party = party_of(visit)
    own = naming.providers(visit, [party.id]).get(party.id)
    return visit.page(
        "connections/review.html",
        status,
        form=form,
        party=party,
        own=own,
        other=wish.other,
        functions=wish.functions,
        direction=_direction(visit),
        place=naming.address,
        path=f"/connections/{party.id}/{_direction(visit)}",
    )


def _wish(visit: Visit, other: str, functions: Sequence[str]) -> Wish:
    known = naming.providers(visit, [other]) if commands.is_id(other) else {}
    chosen = _functions(functions)
    if other not in known or not chosen:
        raise HTTPException(404)
    return Wish(known[other], chosen)


def _functions(given: Sequence[str]) -> list[str]:
    return [function for function in naming.FUNCTIONS if function in given]


def _direction(visit: Visit) -> str:
    direction: str = visit.request.path_params["direction"]
    if direction not in DIRECTIONS:
        raise HTTPException(404)
    return direction


PAGES = (
    Page(
        "/connections/{party:uuid}/{direction}/new",
        Access.SIGNED_IN,
        get=find,
        post=choose,
        audiences=("registry",),
    ),
    Page("/connections/{party:uuid}/{direction}/review", Access.SIGNED_IN, get=review, post=submit),
)
