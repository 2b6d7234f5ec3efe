"""Documents of an application: added, taken back, read (4.9, PE-X-08)."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from chassis.application import Application as App
from chassis.application import once
from chassis.cause import Cause, Receipt
from chassis.documents import contents
from chassis.documents.contents import Kept
from chassis.documents.uploads import checked
from services.enrollment.commands.applications import prepared
from services.enrollment.commands.parts import Parts
from services.enrollment.domain.document import TYPES, Document, UnknownDocumentTypeError

NAME_CONTEXT = "enrollment.Document.file_name"


@once
def upload(
    app: App, parts: Parts, cause: Cause, *, application_id: UUID, document_type: str, file_name: str, content: bytes
) -> Receipt:
    """Add a document to an application; the receipt's id is the document's. Repeating it changes nothing."""
    if document_type not in TYPES:
        raise UnknownDocumentTypeError
    name = checked(file_name, content, most=parts.settings.document_bytes)
    prepared(app, parts, cause, application_id)
    kept = contents.keep(
        app,
        parts.vault,
        parts.examiner,
        parts.store,
        document_id=cause.command_id,
        owner_id=cause.actor,
        file_name=name,
        name_context=NAME_CONTEXT,
        content=content,
    )
    return app.execute(
        _upload, cause, parts=parts, application_id=application_id, document_type=document_type, kept=kept
    )


def _upload(app: App, cause: Cause, *, parts: Parts, application_id: UUID, document_type: str, kept: Kept) -> Receipt:
    application = prepared(app, parts, cause, application_id)
    application.attach(document_id=cause.command_id, document_type=document_type)
    document = Document(
        id=cause.command_id,
        application_id=application_id,
        account_id=cause.actor,
        document_type=document_type,
        **asdict(kept),
    )
    return app.commit(document, application, cause=cause)


def delete(app: App, cause: Cause, *, parts: Parts, document_id: UUID) -> Receipt:
    """Take a document back: destroyed in a draft, end-dated once it was submitted. Repeating it changes nothing."""
    document: Document = app.repository.get(document_id, kind=Document)
    application = prepared(app, parts, cause, document.application_id)
    application.detach(document_id=document_id)
    document.remove(was_submitted=application.was_submitted)
    receipt = app.commit(document, application, cause=cause)
    if document.status == "DELETED":
        contents.drop(app, parts.store, document_id)
    return receipt
