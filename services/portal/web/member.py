"""Modify (row 44): which functions a Staff End User has at an employer, and letting somebody go (IA-MOD-01, 4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.access.v1.service_pb2 import (
    Association,
    DisassociateRequest,
    GrantFunctionRequest,
    WithdrawFunctionRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import STAFF_END_USER
from services.portal.web import colleagues, naming, receipts, staff
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

FUNCTION = Field("function", "IA-MOD-01.functions", required=False, longest=5)


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom the reader may modify."""

    id: str
    name: str
    employer: naming.Employer
    role: str
    role_code: str
    functions: frozenset[str]


def show(visit: Visit) -> Response:
    """The boxes as they are."""
    found = _found(visit)
    return _modify(visit, found, visit.form(FUNCTION), found.functions)


def save(visit: Visit) -> Response:
    """Grant what was ticked, withdraw what was not: one command each, only where something changes."""
    found = _found(visit)
    form = visit.form(FUNCTION)
    form.read(visit.data)
    ticked = frozenset(visit.many.get("function", ())) & frozenset(naming.FUNCTIONS)
    if form.errors:
        return _modify(visit, found, form, ticked, 422)
    access = visit.portal.clients.access
    try:
        for function in naming.FUNCTIONS:
            if (function in ticked) == (function in found.functions):
                continue
            command_id = visit.command_id(function)
            if function in ticked:
                grant = GrantFunctionRequest(command_id=command_id, association_id=found.id, function=function)
                answer = visit.ask(access.GrantFunction, grant, audience="access")
            else:
                take = WithdrawFunctionRequest(command_id=command_id, association_id=found.id, function=function)
                answer = visit.ask(access.WithdrawFunction, take, audience="access")
            receipts.remember(visit, answer.receipt)
    except RefusedError as refused:
        return _modify(visit, found, form, ticked, form.not_taken(refused, visit.command_id()))
    return visit.go("/staff?done=functions_saved")


def ask_end(visit: Visit) -> Response:
    """What the person will lose, before anything is lost."""
    return _end(visit, _found(visit), visit.form())


def end(visit: Visit) -> Response:
    """Let somebody go."""
    found = _found(visit)
    form = visit.form()
    form.read(visit.data)
    request = DisassociateRequest(command_id=visit.command_id(), association_id=found.id)
    try:
        answer = visit.ask(visit.portal.clients.access.Disassociate, request, audience="access")
    except RefusedError as refused:
        return _end(visit, found, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/staff?done=staff_ended")


def _modify(visit: Visit, found: Found, form: Form, ticked: frozenset[str], status: int = 200) -> Response:
    return visit.page(
        "staff/modify.html",
        status,
        form=form,
        member=found,
        ticked=ticked,
        functions=naming.FUNCTIONS,
        is_staff=found.role_code == STAFF_END_USER,
    )


def _end(visit: Visit, found: Found, form: Form, status: int = 200) -> Response:
    return visit.page("staff/end.html", status, form=form, member=found)


def _found(visit: Visit) -> Found:
    """The person of the address, where the reader manages people with that role; else there is no such page."""
    id_ = str(visit.request.path_params["association"])
    for employer_id, own_role in staff.require_manager(visit).items():
        one = next((one for one in colleagues.at(visit, employer_id) if one.association_id == id_), None)
        if one is not None and one.role in colleagues.BELOW.get(own_role, frozenset()):
            return _named(visit, one)
    raise HTTPException(404)


def _named(visit: Visit, one: Association) -> Found:
    return Found(
        id=one.association_id,
        name=naming.person(visit, naming.people(visit, [one.account_id]).get(one.account_id)),
        employer=naming.employers(visit, [one.employer_id])[one.employer_id],
        role=naming.role(visit, one.role),
        role_code=one.role,
        functions=frozenset(one.functions),
    )


PAGES = (
    Page("/staff/{association:uuid}", Access.SIGNED_IN, get=show, post=save),
    Page("/staff/{association:uuid}/end", Access.SIGNED_IN, get=ask_end, post=end),
)
