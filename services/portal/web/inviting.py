"""Add Staff (row 41): who is invited, for which employers, in which role and with what (IA-ADDS-01 to IA-ADDS-05)."""

from __future__ import annotations

from collections.abc import Mapping

from mandate.access.v1.service_pb2 import InviteStaffRequest, InviteStaffResponse, Offer
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import STAFF_END_USER
from services.portal.web import colleagues, commands, invitations, matrix, naming, receipts, staff
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.matrix import Choice
from services.portal.web.pages import Access, Page
from services.portal.web.register.start import ADDRESS
from services.portal.web.visits import Visit

NAMES = (
    Field("first_name", "IA-ADDS-01.first_name", longest=35),
    Field("middle_name", "IA-ADDS-01.middle_name", required=False, longest=35),
    Field("last_name", "IA-ADDS-01.last_name", longest=35),
)
EMAIL = Field("email", "IA-ADDS-01.email", missing="IA-ADDS-01.email_missing")
CONFIRM = Field("confirm_email", "IA-ADDS-01.confirm", missing="IA-ADDS-01.confirm_missing")
REPLACES = Field("replaces", "IA-INV-01.title", required=False, longest=36)
"""The invitation that is sent again with changes: its PIN is dead then."""
FORM = (*NAMES, EMAIL, CONFIRM, REPLACES, *matrix.FIELDS)


def show(visit: Visit) -> Response:
    """Empty boxes; or filled in, from an invitation that is over or for somebody who has left (IA-STAFF-04)."""
    mine = staff.require_manager(visit)
    asked = visit.request.query_params
    values: Mapping[str, str] = {}
    choices: Mapping[str, Choice] = {}
    if again := asked.get("again", ""):
        values, choices = _of_invitation(visit, again)
    elif person := asked.get("person", ""):
        values, choices = _of_person(visit, person, mine)
    if len(mine) == 1 and not choices:
        choices = dict.fromkeys(mine, Choice(ticked=True))
    return _page(visit, visit.form(*FORM, values=values), mine, choices)


def submit(visit: Visit) -> Response:
    """Send the invitation; access judges it once more."""
    mine = staff.require_manager(visit)
    form = visit.form(*FORM)
    form.read(visit.data)
    choices = matrix.typed(visit, mine)
    _judge(form, choices, naming.employers(visit, mine))
    if form.errors:
        return _page(visit, form, mine, choices, 422)
    request = InviteStaffRequest(
        command_id=visit.command_id(),
        **{field.name: form[field.name] for field in (*NAMES, EMAIL, CONFIRM, REPLACES)},
        offers=[
            Offer(employer_id=id_, role=one.role, functions=sorted(one.functions) if one.role == STAFF_END_USER else ())
            for id_, one in choices.items()
            if one.ticked
        ],
    )
    try:
        answer: InviteStaffResponse = visit.ask(visit.portal.clients.access.InviteStaff, request, audience="access")
    except RefusedError as refused:
        return _page(visit, form, mine, choices, _refused(visit, form, refused))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/staff/invitations/{answer.receipt.id}?done=staff_invited")


def _judge(form: Form, choices: Mapping[str, Choice], names: Mapping[str, naming.Employer]) -> None:
    """Everything that can be seen from here, at once; the rules are those of access."""
    if form["email"] and not ADDRESS.fullmatch(form["email"]):
        form.fail("email", "error.EMAIL_MALFORMED")
    elif form["confirm_email"] and form["email"].casefold() != form["confirm_email"].casefold():
        form.fail("confirm_email", "error.EMAIL_MISMATCH")
    if not any(one.ticked for one in choices.values()):
        form.fail("employer", "error.NO_EMPLOYER")
    for id_, one in choices.items():
        if one.ticked and not one.role:
            form.fail(f"role-{id_}", "IA-ADDS-03.role_missing", employer=names[id_].name)
        elif one.role and not one.ticked:
            form.fail(f"role-{id_}", "IA-ADDS-03.not_ticked", employer=names[id_].name)


def _refused(visit: Visit, form: Form, refused: RefusedError) -> int:
    if "MAY_NOT_MANAGE" in refused.codes:  # a role was lost while the page was open
        form.fail("employer", "IA-ADDS-03.not_yours")
        return 422
    for detail in refused.details:
        if detail.code == "NAME_MALFORMED" and detail.field in form.fields:
            form.fail(detail.field, "IA-ADDS-01.name_malformed")
    return form.not_taken(refused, visit.command_id(), {"offers": "employer"})


def _of_invitation(visit: Visit, id_: str) -> tuple[dict[str, str], dict[str, Choice]]:
    """What is known of an invitation that is sent again. The name is one text there: first, middle, last is a guess."""
    if not commands.is_id(id_):
        raise HTTPException(404)
    one = invitations.find(visit, id_)
    first, _, rest = (one.name if one.email else "").partition(" ")
    middle, _, last = rest.rpartition(" ")
    values = {"first_name": first, "middle_name": middle, "last_name": last}
    values |= {"replaces": id_} if one.may_go_again else {}
    return values | {"email": one.email, "confirm_email": one.email}, {
        offer.employer.id: Choice(ticked=True, role=offer.role_code, functions=frozenset(offer.functions))
        for offer in one.offers
    }


def _of_person(visit: Visit, id_: str, mine: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Choice]]:
    """The name of somebody who worked for a managed employer, and where; of others nothing is told."""
    if not commands.is_id(id_):
        raise HTTPException(404)
    left = {one.employer_id: one for one in colleagues.of(visit, colleagues.ENDED, [id_])}
    person = naming.people(visit, [id_]).get(id_) if left else None
    if person is None:
        raise HTTPException(404)
    return {"first_name": person.first_name, "last_name": person.last_name}, {
        employer_id: Choice(
            ticked=True,
            role=one.role if one.role in colleagues.BELOW[mine[employer_id]] else "",
            functions=frozenset(one.functions),
        )
        for employer_id, one in left.items()
    }


def _page(
    visit: Visit, form: Form, mine: Mapping[str, str], choices: Mapping[str, Choice], status: int = 200
) -> Response:
    lines, count = matrix.lines(visit, mine, choices)
    return visit.page(
        "staff/invite.html",
        status,
        form=form,
        lines=lines,
        all=count,
        name=matrix.wanted(visit),
        role=lambda code: naming.role(visit, code),
        functions=naming.FUNCTIONS,
    )


PAGES = (Page("/staff/invite", Access.SIGNED_IN, get=show, post=submit),)
