"""Letting somebody go: what they will lose is said before anything is lost (4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.access.v1.service_pb2 import DisassociateRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import colleagues, naming, receipts, staff
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody has at an employer, where the reader manages it."""

    id: str
    account_id: str
    name: str
    employer: naming.Employer
    role: str
    role_code: str
    functions: frozenset[str]
    withheld: frozenset[str]
    """Providers for whom the person does not act by a connection (D-40)."""


def ask_end(visit: Visit) -> Response:
    """What the person will lose, before anything is lost."""
    return _end(visit, found(visit), visit.form())


def end(visit: Visit) -> Response:
    """Let somebody go."""
    member = found(visit)
    form = visit.form()
    form.read(visit.data)
    request = DisassociateRequest(command_id=visit.command_id(), association_id=member.id)
    try:
        answer = visit.ask(visit.portal.clients.access.Disassociate, request, audience="access")
    except RefusedError as refused:
        return _end(visit, member, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/staff?done=staff_ended")


def found(visit: Visit) -> Found:
    """What the address names, where the reader manages people with that role; else there is no such page."""
    id_, person = (str(visit.request.path_params[name]) for name in ("association", "person"))
    mine = staff.require_manager(visit)
    held = colleagues.of(visit, colleagues.APPROVED, [person])
    one = next((one for one in held if one.association_id == id_), None)
    if one is None or one.role not in colleagues.BELOW.get(mine.get(one.employer_id, ""), ()):
        raise HTTPException(404)
    return Found(
        id=one.association_id,
        account_id=person,
        name=naming.person(visit, naming.people(visit, [person]).get(person)),
        employer=naming.employers(visit, [one.employer_id])[one.employer_id],
        role=naming.role(visit, one.role),
        role_code=one.role,
        functions=frozenset(one.functions),
        withheld=frozenset(one.withheld_provider_ids),
    )


def _end(visit: Visit, member: Found, form: Form, status: int = 200) -> Response:
    return visit.page("staff/end.html", status, form=form, member=member)


PAGES = (Page("/staff/{person:uuid}/end/{association:uuid}", Access.SIGNED_IN, get=ask_end, post=end),)
