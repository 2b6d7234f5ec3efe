"""MANAGE SIGNATURES (row 56): who signs, how it stands, the mail again, a statement instead (PE-REA-11)."""

from __future__ import annotations

from mandate.enrollment.v1.service_pb2 import (
    FileStatementRequest,
    GetApplicationResponse,
    RequestSignatureAgainRequest,
    Signature,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import applications, pecos
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = f"{applications.PATH}/signatures"
EMAIL = Field("email", "PE-X-04.email")
DOCUMENT = Field("document", "PE-REA-11.statement", missing="PE-REA-11.statement_missing", longest=36)


def show(visit: Visit) -> Response:
    """The signers, and how each stands."""
    seen = applications.prepared(visit)
    return visit.page(
        "applications/signatures.html",
        can_reopen=applications.can_reopen(seen),
        **applications.context(visit, seen),
    )


def ask_again(visit: Visit) -> Response:
    """To which address?"""
    seen, signature = _awaited(visit)
    return _again(visit, seen, signature, visit.form(EMAIL, values={"email": signature.email}))


def again(visit: Visit) -> Response:
    """Send the mail again."""
    seen, signature = _awaited(visit)
    form = visit.form(EMAIL)
    if not form.read(visit.data):
        return _again(visit, seen, signature, form, 422)
    request = RequestSignatureAgainRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        signature_id=signature.signature_id,
        email=form["email"],
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.RequestSignatureAgain, request)
    except RefusedError as refused:
        return _again(visit, seen, signature, form, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/applications/{seen.application.tracking_id}/signatures?done=signature_asked_again")


def ask_statement(visit: Visit) -> Response:
    """Which document?"""
    seen, signature = _awaited(visit)
    return _statement(visit, seen, signature, visit.form(DOCUMENT))


def statement(visit: Visit) -> Response:
    """Let an uploaded statement stand for a signature."""
    seen, signature = _awaited(visit)
    form = visit.form(DOCUMENT)
    if not form.read(visit.data):
        return _statement(visit, seen, signature, form, 422)
    request = FileStatementRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        signature_id=signature.signature_id,
        document_id=form["document"],
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.FileStatement, request)
    except RefusedError as refused:
        names = {"document_id": "document"}
        return _statement(visit, seen, signature, form, form.not_taken(refused, visit.command_id(), names))
    return visit.go(f"/applications/{seen.application.tracking_id}/signatures?done=statement_filed")


def _awaited(visit: Visit) -> tuple[GetApplicationResponse, Signature]:
    """The signature of the address, while it is awaited."""
    seen = applications.prepared(visit)
    id_ = str(visit.request.path_params["signature"])
    found = [one for one in seen.signatures if one.signature_id == id_]
    if not found or found[0].status != "REQUESTED":
        raise HTTPException(404)
    return seen, found[0]


def _again(visit: Visit, seen: GetApplicationResponse, signature: Signature, form: Form, status: int = 200) -> Response:
    return visit.page(
        "applications/again.html", status, form=form, signature=signature, **applications.context(visit, seen)
    )


def _statement(
    visit: Visit, seen: GetApplicationResponse, signature: Signature, form: Form, status: int = 200
) -> Response:
    statements = [
        (one.document_id, one.file_name, visit.day_and_time(one.uploaded_at))
        for one in seen.documents
        if one.document_type == "SIGNED_STATEMENT" and not one.HasField("ended_at")
    ]
    return visit.page(
        "applications/statement.html",
        status,
        form=form,
        signature=signature,
        statements=statements,
        **applications.context(visit, seen),
    )


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, audiences=(pecos.AUDIENCE,), unknown="no_application"),
    Page(
        f"{PATH}/{{signature:uuid}}/again",
        Access.SIGNED_IN,
        get=ask_again,
        post=again,
        audiences=(pecos.AUDIENCE,),
        unknown="no_application",
    ),
    Page(
        f"{PATH}/{{signature:uuid}}/statement",
        Access.SIGNED_IN,
        get=ask_statement,
        post=statement,
        audiences=(pecos.AUDIENCE,),
        unknown="no_application",
    ),
)
