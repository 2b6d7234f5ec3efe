"""Documents of an application (row 55): PDF or TIFF, added, seen, taken back (PE-BEN-03, PE-X-08, D-42)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.enrollment.v1.service_pb2 import (
    DeleteDocumentRequest,
    Document,
    GetApplicationResponse,
    ReadDocumentRequest,
    UploadDocumentRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import applications, papers, pecos, receipts, uploads
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import BadFormError, Visit

PATH = f"{applications.PATH}/documents"
STATEMENT = "SIGNED_STATEMENT"
TYPE = Field("document_type", "IA-CONF-03.choose", missing="IA-CONF-03.choose_missing", longest=30)
FILE = Field("file", "IA-CONF-03.file", missing="IA-CONF-03.file_missing", longest=4096)


def ask_upload(visit: Visit) -> Response:
    """Which document, and what it is."""
    return _add(visit, visit.form(TYPE, FILE, values={"document_type": visit.request.query_params.get("type", "")}))


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
    seen = applications.prepared(visit)
    about = UploadDocumentRequest.About(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        document_type=form["document_type"],
        file_name=file.name,
    )
    try:
        answer = visit.ask(
            visit.portal.clients.enrollment.UploadDocument,
            _stream(about, file.content),
            audience=pecos.AUDIENCE,
            deadline=visit.settings.upload_seconds,
        )
    except RefusedError as refused:
        if "DOCUMENT_KIND" in refused.codes:
            form.fail("file", "PE-BEN-03.kind")
        return _add(visit, form, form.not_taken(refused, visit.command_id(), {"file_name": "file"}))
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/applications/{seen.application.tracking_id}?done=document_added")


def view(visit: Visit) -> Response:
    """A document, to be saved, for the preparer, the signers and the contractor."""
    document = _document(visit, pecos.application(visit))

    def piece(offset: int) -> bytes:
        request = ReadDocumentRequest(document_id=document.document_id, offset=offset)
        read: bytes = visit.ask(visit.portal.clients.enrollment.ReadDocument, request, audience=pecos.AUDIENCE).piece
        return read

    return papers.saved(visit, document, piece)


def ask_delete(visit: Visit) -> Response:
    """Removing a document asks for confirmation (PE-X-08)."""
    return _delete(visit, visit.form())


def delete(visit: Visit) -> Response:
    """Take it back."""
    form = visit.form()
    form.read(visit.data)
    seen = applications.prepared(visit)
    request = DeleteDocumentRequest(
        command_id=visit.command_id(), document_id=str(visit.request.path_params["document"])
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.DeleteDocument, request)
    except RefusedError as refused:
        return _delete(visit, form, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/applications/{seen.application.tracking_id}?done=document_deleted")


def _add(visit: Visit, form: Form, status: int = 200) -> Response:
    seen = applications.prepared(visit)
    # a statement is taken while signatures are awaited too (PE-BEN-03)
    takes_all = seen.application.status in pecos.CORRECTABLE
    types = applications.TYPES if takes_all else {STATEMENT: applications.TYPES[STATEMENT]}
    if not (takes_all or seen.application.status == "PENDING_SIGNATURES" or form.errors):
        return visit.go(f"/applications/{seen.application.tracking_id}")
    choices = [(code, visit.words(key), visit.words(f"PE-BEN-03.about.{code}")) for code, key in types.items()]
    return visit.page(
        "applications/document_add.html",
        status,
        form=form,
        choices=choices,
        again=form.sent,
        **applications.context(visit, seen),
    )


def _delete(visit: Visit, form: Form, status: int = 200) -> Response:
    seen = applications.prepared(visit)
    document = _document(visit, seen)
    return visit.page(
        "applications/document_delete.html",
        status,
        form=form,
        document=document,
        size=papers.size(document.bytes),
        types=applications.TYPES,
        **applications.context(visit, seen),
    )


def _document(visit: Visit, seen: GetApplicationResponse) -> Document:
    """The document of the path, where it belongs to the application of the path."""
    id_ = str(visit.request.path_params["document"])
    found = [one for one in seen.documents if one.document_id == id_]
    if not found:
        raise HTTPException(404)
    return found[0]


def _stream(about: UploadDocumentRequest.About, content: bytes) -> Iterator[UploadDocumentRequest]:
    yield UploadDocumentRequest(about=about)
    yield from (UploadDocumentRequest(piece=piece) for piece in uploads.cut(content))


PAGES = (
    Page(
        PATH,
        Access.SIGNED_IN,
        get=ask_upload,
        post=upload,
        upload=True,
        audiences=(pecos.AUDIENCE,),
        unknown="no_application",
    ),
    Page(f"{PATH}/{{document:uuid}}", Access.SIGNED_IN, get=view, audiences=(pecos.AUDIENCE,)),
    Page(
        f"{PATH}/{{document:uuid}}/delete", Access.SIGNED_IN, get=ask_delete, post=delete, audiences=(pecos.AUDIENCE,)
    ),
)
