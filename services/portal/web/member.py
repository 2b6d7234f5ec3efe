"""Modify (row 44): a person's role and functions at all employers of the manager (IA-MOD-01 to IA-MOD-03)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mandate.access.v1.service_pb2 import Association, ModifyStaffRequest, Offer
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import ACCESS_MANAGER, STAFF_END_USER
from services.portal.web import colleagues, matrix, naming, receipts, staff
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.matrix import Choice, Line
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

ALL_ROLE = Field("all_role", "IA-MOD-03.role", required=False, longest=20)
ALL = (
    ALL_ROLE,
    *(Field(f"all_{name.lower()}", "IA-MOD-03.functions", required=False, longest=3) for name in naming.FUNCTIONS),
)
"""The line above the employers that sets all of them at once (IA-MOD-03)."""
FORM = (*ALL, *matrix.FIELDS)


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom the reader may modify."""

    id: str
    name: str
    user_id: str
    posts: Mapping[str, Association]
    """Employer -> what the person has there, where the reader may change it."""
    closed: frozenset[str]
    """Employers at which the person has what the reader may not change."""


def show(visit: Visit) -> Response:
    """The matrix as it is."""
    found = _found(visit)
    return _page(visit, found, visit.form(*FORM), _held(found))


def save(visit: Visit) -> Response:
    """Save all of it, or set all lines from the line above and show them first (IA-MOD-03)."""
    found = _found(visit)
    mine = _open(visit, found)
    form = visit.form(*FORM)
    form.read(visit.data)
    shown = set(visit.many.get(matrix.SHOWN.name, ()))
    choices = _held(found) | {id_: one for id_, one in matrix.typed(visit, mine).items() if id_ in shown}
    if visit.data.get("do") == "all":
        return _page(visit, found, visit.form(*FORM), _set_all(visit, form, mine, choices))
    names = naming.employers(visit, mine)
    for id_, one in choices.items():
        if not one.role and id_ in found.posts:
            form.fail(f"role-{id_}", "IA-MOD-01.role_missing", employer=names[id_].name)
        elif not one.role and one.functions:
            form.fail(f"role-{id_}", "IA-ADDS-03.role_missing", employer=names[id_].name)
    if form.errors:
        return _page(visit, found, form, choices, 422)
    request = ModifyStaffRequest(
        command_id=visit.command_id(),
        account_id=found.id,
        offers=[
            Offer(employer_id=id_, role=one.role, functions=sorted(one.functions) if one.role == STAFF_END_USER else ())
            for id_, one in choices.items()
            if one.role
        ],
    )
    try:
        answer = visit.ask(visit.portal.clients.access.ModifyStaff, request, audience="access")
    except RefusedError as refused:
        if "MAY_NOT_MANAGE" in refused.codes:  # a role was lost, or changed, while the page was open
            form.fail("", "IA-ADDS-03.not_yours")
            return _page(visit, found, form, choices, 422)
        return _page(visit, found, form, choices, form.not_taken(refused, visit.command_id(), {"offers": ""}))
    receipts.remember(visit, answer.receipt)
    return visit.go("/staff?done=staff_modified")


def _set_all(visit: Visit, form: Form, mine: Mapping[str, str], choices: Mapping[str, Choice]) -> dict[str, Choice]:
    """Every line shown as the line above says; a role that the reader may not give stays as it was."""
    role = form[ALL_ROLE.name]
    ticked = frozenset(name for name in naming.FUNCTIONS if visit.data.get(f"all_{name.lower()}"))
    found = {**choices}
    for id_ in mine.keys() & set(visit.many.get(matrix.SHOWN.name, ())):
        given = role if role in colleagues.BELOW.get(mine[id_], ()) else choices.get(id_, Choice()).role
        everything = given == ACCESS_MANAGER  # IA-MOD-02
        found[id_] = Choice(role=given, functions=frozenset(naming.FUNCTIONS) if everything else ticked)
    return found


def _held(found: Found) -> dict[str, Choice]:
    return {id_: Choice(role=one.role, functions=frozenset(one.functions)) for id_, one in found.posts.items()}


def _page(visit: Visit, found: Found, form: Form, choices: Mapping[str, Choice], status: int = 200) -> Response:
    lines, count = matrix.lines(visit, _open(visit, found), choices)
    held = _held(found)
    return visit.page(
        "staff/modify.html",
        status,
        form=form,
        member=found,
        lines=lines,
        all=count,
        name=matrix.wanted(visit),
        changes=[line for line in lines if line.choice != held.get(line.employer.id, Choice())],
        held=held,
        withholdable=[id_ for id_, one in found.posts.items() if one.role == STAFF_END_USER],
        closed=list(naming.employers(visit, sorted(found.closed)).values()),
        role=lambda code: naming.role(visit, code),
        roles=_roles(lines),
        functions=naming.FUNCTIONS,
    )


def _roles(lines: Sequence[Line]) -> list[str]:
    """What the line above offers: whatever may be given at one of the employers."""
    return [role for role in matrix.OFFERED if any(role in line.roles for line in lines)]


def _open(visit: Visit, found: Found) -> dict[str, str]:
    """The reader's employers at which the person's role may be given or changed."""
    return {id_: role for id_, role in staff.require_manager(visit).items() if id_ not in found.closed}


def _found(visit: Visit) -> Found:
    """The person of the address, where the reader manages them somewhere; else there is no such page."""
    id_ = str(visit.request.path_params["person"])
    mine = staff.require_manager(visit)
    held = {one.employer_id: one for one in colleagues.of(visit, colleagues.APPROVED, [id_])}
    posts = {at: one for at, one in held.items() if one.role in colleagues.BELOW.get(mine.get(at, ""), ())}
    if not posts:
        raise HTTPException(404)
    person = naming.people(visit, [id_]).get(id_)
    user_id = person.user_id if person else ""
    return Found(id_, naming.person(visit, person), user_id, posts, frozenset(held.keys() - posts.keys()))


PAGES = (Page("/staff/{person:uuid}", Access.SIGNED_IN, get=show, post=save),)
