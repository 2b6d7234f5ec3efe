"""The people of the desk of External User Services (row 60): who works there, and who is invited to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mandate.identity.v1.desk_service_pb2 import (
    DeskInvitation,
    InviteToDeskRequest,
    ListDeskInvitationsRequest,
    ListDeskPeopleRequest,
    WithdrawDeskInvitationRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import clock, naming, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.invited import KINDS, LIVE
from services.portal.web.inviting import CONFIRM, EMAIL, NAMES
from services.portal.web.pages import Access, Page
from services.portal.web.register.start import ADDRESS
from services.portal.web.visits import Visit

PATH = "/eus/people"
FORM: Sequence[Field] = (NAMES[0], NAMES[2], EMAIL, CONFIRM)
PAGE = 200


@dataclass(frozen=True, slots=True)
class Invited:
    """One invitation to the desk."""

    id: str
    tracking_id: str
    name: str
    email: str
    inviter: str
    status: str
    invited_at: Any
    expires_at: Any

    @property
    def kind(self) -> str:
        """The look of the status."""
        return KINDS.get(self.status, "")

    @property
    def is_live(self) -> bool:
        """Whether it can be of use to somebody still."""
        return self.status in LIVE


def show(visit: Visit) -> Response:
    """Who is there, who is expected, and the boxes for the next one."""
    return _page(visit, visit.form(*FORM))


def invite(visit: Visit) -> Response:
    """Send a PIN; identity judges it once more."""
    form = visit.form(*FORM)
    form.read(visit.data)
    if form["email"] and not ADDRESS.fullmatch(form["email"]):
        form.fail("email", "error.EMAIL_MALFORMED")
    elif form["confirm_email"] and form["email"].casefold() != form["confirm_email"].casefold():
        form.fail("confirm_email", "error.EMAIL_MISMATCH")
    if form.errors:
        return _page(visit, form, 422)
    request = InviteToDeskRequest(command_id=visit.command_id(), **{field.name: form[field.name] for field in FORM})
    try:
        answer = visit.ask(visit.portal.clients.desk.InviteToDesk, request, audience="identity")
    except RefusedError as refused:
        for detail in refused.details:
            if detail.code == "NAME_MALFORMED" and detail.field in form.fields:
                form.fail(detail.field, "IA-ADDS-01.name_malformed")
        return _page(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{PATH}?done=staff_invited")


def ask_withdraw(visit: Visit) -> Response:
    """What will happen, before it does."""
    return _ask(visit, _found(visit), visit.form())


def withdraw(visit: Visit) -> Response:
    """Take an invitation back."""
    form = visit.form()
    form.read(visit.data)
    one = _found(visit)
    request = WithdrawDeskInvitationRequest(command_id=visit.command_id(), invitation_id=one.id)
    try:
        answer = visit.ask(visit.portal.clients.desk.WithdrawDeskInvitation, request, audience="identity")
    except RefusedError as refused:
        return _ask(visit, one, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{PATH}?done=invitation_withdrawn")


def _ask(visit: Visit, one: Invited, form: Form, status: int = 200) -> Response:
    return visit.page("eus/withdraw.html", status, form=form, one=one)


def _found(visit: Visit) -> Invited:
    id_ = str(visit.request.path_params["invitation"])
    found = next((one for one in _invitations(visit) if one.id == id_ and one.is_live), None)
    if found is None:
        raise HTTPException(404)
    return found


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    people = naming.people(visit, _people(visit))
    return visit.page(
        "eus/people.html", status, form=form, people=list(people.values()), invitations=_invitations(visit)
    )


def _people(visit: Visit) -> list[str]:
    found: list[str] = []
    while True:
        question = ListDeskPeopleRequest(after=found[-1] if found else "", limit=PAGE)
        answer = receipts.ask(visit, visit.portal.clients.desk.ListDeskPeople, question, audience="identity")
        found += answer.account_ids
        if len(answer.account_ids) < PAGE:
            return found


def _invitations(visit: Visit) -> list[Invited]:
    """Those that nobody has accepted, the newest first."""
    found: list[DeskInvitation] = []
    while True:
        question = ListDeskInvitationsRequest(after=found[-1].invitation_id if found else "", limit=PAGE)
        answer = receipts.ask(visit, visit.portal.clients.desk.ListDeskInvitations, question, audience="identity")
        found += answer.invitations
        if len(answer.invitations) < PAGE:
            break
    inviters = naming.people(visit, (one.invited_by for one in found))
    return [
        Invited(
            id=one.invitation_id,
            tracking_id=one.tracking_id,
            name=one.name or str(visit.words("naming.person")),
            email=one.email,
            inviter=naming.person(visit, inviters.get(one.invited_by)),
            status=_status(visit, one),
            invited_at=one.invited_at,
            expires_at=one.expires_at,
        )
        for one in reversed(found)
    ]


def _status(visit: Visit, one: DeskInvitation) -> str:
    """As it is at this moment: a PIN is dead at its hour, whether that was written down already or not (D-27)."""
    is_late = one.status == "ISSUED" and clock.moment(one.expires_at) <= visit.now()
    return "EXPIRED" if is_late else one.status


PAGES = (
    Page(PATH, Access.EUS, get=show, post=invite, audiences=("identity",)),
    Page(PATH + "/{invitation:uuid}/withdraw", Access.EUS, get=ask_withdraw, post=withdraw, audiences=("identity",)),
)
