"""What is said about a document of a role request, and asking for another in its place (IA-CONF-03, 4.9, row 30)."""

from __future__ import annotations

from mandate.access.v1.service_pb2 import AddCommentRequest, RefuseDocumentRequest, RemoveCommentRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import commands, confirmation, documents, papers, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = f"{documents.PATH}/{{document:uuid}}"
TEXT = Field("text", "IA-CONF-03.comment", missing="IA-CONF-03.comment_missing", longest=500)
COMMENT = Field("comment", "IA-CONF-03.comments", longest=36)
REASON = Field("reason", "IA-RREQ-01.reason", missing="IA-RREQ-01.reason_missing", longest=500)


def show(visit: Visit) -> Response:
    """All comments, and a box for another."""
    return _comments(visit, visit.form(TEXT))


def add(visit: Visit) -> Response:
    """Say something."""
    form = visit.form(TEXT)
    if not form.read(visit.data):
        return _comments(visit, form, 422)
    document_id = str(visit.request.path_params["document"])
    request = AddCommentRequest(command_id=visit.command_id(), document_id=document_id, text=form["text"])
    try:
        answer = visit.ask(visit.portal.clients.access.AddComment, request, audience="access")
    except RefusedError as refused:
        return _comments(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{visit.request.url.path}?done=comment_added")


def remove(visit: Visit) -> Response:
    """Take an own comment back."""
    form, shown = visit.form(COMMENT), visit.form(TEXT)
    form.read(visit.data)
    if form.errors or not commands.is_id(form["comment"]):
        raise HTTPException(404)
    request = RemoveCommentRequest(
        command_id=visit.command_id(),
        document_id=str(visit.request.path_params["document"]),
        comment_id=form["comment"],
    )
    try:
        answer = visit.ask(visit.portal.clients.access.RemoveComment, request, audience="access")
    except RefusedError as refused:
        return _comments(visit, shown, shown.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"{visit.request.url.path.removesuffix('/delete')}?done=comment_deleted")


def ask_refuse(visit: Visit) -> Response:
    """Why another?"""
    return _refuse(visit, visit.form(REASON))


def refuse(visit: Visit) -> Response:
    """Ask for another document, with the reason that its owner reads."""
    form = visit.form(REASON)
    if not form.read(visit.data):
        return _refuse(visit, form, 422)
    request_id, document_id = (str(visit.request.path_params[name]) for name in ("request", "document"))
    request = RefuseDocumentRequest(command_id=visit.command_id(), document_id=document_id, reason=form["reason"])
    try:
        answer = visit.ask(visit.portal.clients.access.RefuseDocument, request, audience="access")
    except RefusedError as refused:
        return _refuse(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/requests/{request_id}?done=document_refused")


def _comments(visit: Visit, form: Form, status: int = 200) -> Response:
    request, document = confirmation.asked(visit), documents.shown(visit)
    own = visit.is_by(request.account_id)
    return visit.page(
        "employers/comments.html",
        status,
        form=form,
        request=request,
        row=papers.row(visit, document),
        comments=document.comments,
        own=own,
        pending=request.status == "PENDING",
    )


def _refuse(visit: Visit, form: Form, status: int = 200) -> Response:
    request, document = confirmation.asked(visit), documents.shown(visit)
    own = visit.is_by(request.account_id)
    if own or (document.status != "UPLOADED" and not form.errors):
        raise HTTPException(404)
    return visit.page(
        "employers/document_refuse.html", status, form=form, request=request, row=papers.row(visit, document)
    )


PAGES = (
    Page(f"{PATH}/comments", Access.SIGNED_IN, get=show, post=add),
    Page(f"{PATH}/comments/delete", Access.SIGNED_IN, post=remove),
    Page(f"{PATH}/refuse", Access.EUS, get=ask_refuse, post=refuse),
)
