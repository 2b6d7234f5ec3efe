"""Document Management of a role request (row 30): add, view and delete documents (IA-CONF-03, D-42)."""

from __future__ import annotations

from mandate.access.v1.service_pb2 import (
    DeleteDocumentRequest,
    Document,
    ReadDocumentRequest,
    RoleRequest,
    UploadDocumentRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import confirmation, naming, papers, receipts, uploads
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import BadFormError, Visit

PATH = "/requests/{request:uuid}/documents"
TYPE = Field("document_type", "IA-CONF-03.choose", missing="IA-CONF-03.choose_missing", longest=30)
FILE = Field("file", "IA-CONF-03.file", missing="IA-CONF-03.file_missing", longest=4096)
"""How long a name may be is judged by access."""


def ask_upload(visit: Visit) -> Response:
    """Which document, and what it is."""
    return _add(visit, visit.form(TYPE, FILE))


def upload(visit: Visit) -> Response:
    """Hand it in."""
    form = visit.form(TYPE, FILE)
    if not form.read(visit.data):
        return _add(visit, form, 422)
    file = visit.files.get("file")
    if file is None:
        raise BadFormError(FILE.name)
    if not file.is_whole:
        form.fail("file", "error.DOCUMENT_TOO_LARGE")
        return _add(visit, form, 422)
    request_id = str(visit.request.path_params["request"])
    about = UploadDocumentRequest.About(
        command_id=visit.command_id(),
        role_request_id=request_id,
        document_type=form["document_type"],
        file_name=file.name,
    )
    try:
        answer = visit.ask(
            visit.portal.clients.access.UploadDocument,
            uploads.pieces(about, file.content),
            audience="access",
            deadline=visit.settings.upload_seconds,
        )
    except RefusedError as refused:
        return _add(visit, form, form.not_taken(refused, visit.command_id(), {"file_name": "file"}))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/requests/{request_id}?done=document_added")


def view(visit: Visit) -> Response:
    """A document, to be saved. The owner and External User Services get it; for others there is none."""
    document = shown(visit)

    def piece(offset: int) -> bytes:
        request = ReadDocumentRequest(document_id=document.document_id, offset=offset)
        read: bytes = visit.ask(visit.portal.clients.access.ReadDocument, request, audience="access").piece
        return read

    return papers.saved(visit, document, piece)


def ask_delete(visit: Visit) -> Response:
    """Before a document is taken back."""
    return _delete(visit, visit.form())


def delete(visit: Visit) -> Response:
    """Take a document back."""
    form = visit.form()
    form.read(visit.data)
    request_id, document_id = (str(visit.request.path_params[name]) for name in ("request", "document"))
    request = DeleteDocumentRequest(command_id=visit.command_id(), document_id=document_id)
    try:
        answer = visit.ask(visit.portal.clients.access.DeleteDocument, request, audience="access")
    except RefusedError as refused:
        return _delete(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/requests/{request_id}?done=document_deleted")


def _add(visit: Visit, form: Form, status: int = 200) -> Response:
    request = _own(visit)
    if not request.documents_required or (request.status != "PENDING" and not form.errors):
        return visit.go(f"/requests/{request.role_request_id}")
    types = [code for group in papers.NEEDED[request.role] for code in group]
    return visit.page(
        "employers/document_add.html",
        status,
        form=form,
        request=request,
        choices=[(code, papers.type_of(visit, code), visit.words(f"IA-CONF-03.about.{code}")) for code in types],
        facts=_facts(visit, request),
        again=form.sent,
    )


def _delete(visit: Visit, form: Form, status: int = 200) -> Response:
    request = _own(visit)
    if request.status != "PENDING" and not form.errors:
        return visit.go(f"/requests/{request.role_request_id}")
    document = shown(visit)
    return visit.page(
        "employers/document_delete.html",
        status,
        form=form,
        request=request,
        row=papers.row(visit, document),
        facts=_facts(visit, request),
    )


def _own(visit: Visit) -> RoleRequest:
    """The request, where it is the reader's own; External User Services look and change nothing."""
    request = confirmation.asked(visit)
    if visit.session is None or request.account_id != visit.session.account_id:
        raise HTTPException(404)
    return request


def shown(visit: Visit) -> Document:
    """The document of the path, where it belongs to the request of the path."""
    request_id, document_id = (str(visit.request.path_params[name]) for name in ("request", "document"))
    found = [one for one in papers.listed(visit, request_id).documents if one.document_id == document_id]
    if not found:
        raise HTTPException(404)
    return found[0]


def _facts(visit: Visit, request: RoleRequest) -> tuple[str, str]:
    """Employer and role."""
    employer = naming.employers(visit, [request.employer_id])[request.employer_id]
    return employer.name, naming.role(visit, request.role)


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=ask_upload, post=upload, upload=True),
    Page(PATH + "/{document:uuid}", Access.SIGNED_IN, get=view),
    Page(PATH + "/{document:uuid}/delete", Access.SIGNED_IN, get=ask_delete, post=delete),
)
