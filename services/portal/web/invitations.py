"""One invitation: confirmation after Add Staff, what became of it, sent again, taken back (IA-ADDS-05, 4.4)."""

from __future__ import annotations

from mandate.access.v1.service_pb2 import (
    GetInvitationRequest,
    ResendInvitationRequest,
    WithdrawInvitationRequest,
)
from starlette.responses import Response

from services.portal.web import invited, receipts, staff
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Form
from services.portal.web.invited import Invited
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/staff/invitations/{invitation:uuid}"


def find(visit: Visit, id_: str) -> Invited:
    """An invitation that the reader may withdraw. Raises `RefusedError`: for others there is none."""
    question = GetInvitationRequest(invitation_id=id_)
    answer = visit.ask(visit.portal.clients.access.GetInvitation, question, audience="access")
    return invited.rows(visit, [answer.invitation])[0]


def show(visit: Visit) -> Response:
    """Whom, to what, until when, and how it stands."""
    staff.require_manager(visit)
    return visit.page("staff/invitation.html", one=_found(visit))


def ask_withdraw(visit: Visit) -> Response:
    """What will happen, before it does."""
    staff.require_manager(visit)
    return _ask(visit, _found(visit), visit.form())


def withdraw(visit: Visit) -> Response:
    """Take it back."""
    staff.require_manager(visit)
    form = visit.form()
    form.read(visit.data)
    one = _found(visit)
    request = WithdrawInvitationRequest(command_id=visit.command_id(), invitation_id=one.id)
    try:
        answer = visit.ask(visit.portal.clients.access.WithdrawInvitation, request, audience="access")
    except RefusedError as refused:
        return _ask(visit, one, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/staff?done=invitation_withdrawn")


def ask_again(visit: Visit) -> Response:
    """What will happen, before it does."""
    staff.require_manager(visit)
    return _again(visit, _found(visit), visit.form())


def again(visit: Visit) -> Response:
    """Send it again: a new PIN to the same address, and the old one is dead."""
    staff.require_manager(visit)
    form = visit.form()
    form.read(visit.data)
    one = _found(visit)
    request = ResendInvitationRequest(command_id=visit.command_id(), invitation_id=one.id)
    try:
        answer = visit.ask(visit.portal.clients.access.ResendInvitation, request, audience="access")
    except RefusedError as refused:
        if "MAY_NOT_MANAGE" in refused.codes:  # somebody else invited to what the reader may not give
            form.fail("", "IA-ADDS-03.not_yours")
            return _again(visit, one, form, 422)
        return _again(visit, one, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/staff/invitations/{answer.receipt.id}?done=staff_invited")


def _again(visit: Visit, one: Invited, form: Form, status: int = 200) -> Response:
    if not one.may_go_again and not form.errors:
        return visit.go(f"/staff/invitations/{one.id}")
    return visit.page("staff/again.html", status, form=form, one=one)


def _ask(visit: Visit, one: Invited, form: Form, status: int = 200) -> Response:
    if not one.is_live and not form.errors:
        return visit.go(f"/staff/invitations/{one.id}")
    return visit.page("staff/withdraw.html", status, form=form, one=one)


def _found(visit: Visit) -> Invited:
    return find(visit, str(visit.request.path_params["invitation"]))


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show),
    Page(PATH + "/withdraw", Access.SIGNED_IN, get=ask_withdraw, post=withdraw),
    Page(PATH + "/again", Access.SIGNED_IN, get=ask_again, post=again),
)
