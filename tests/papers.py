"""Documents for tests that are not about documents: what External User Services must see before they approve (4.2)."""

from __future__ import annotations

from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.cause import Cause, Receipt
from services.access.domain.document import Document
from services.access.domain.role_request import SATISFIES, RoleRequest, required


def hand_in(app: Application, role_request_id: UUID) -> None:
    """Let one document of each kind speak for a request, where it needs any."""
    request: RoleRequest = app.repository.get(role_request_id)
    if required(request.role):
        for document_type in SATISFIES:
            app.execute(attach, Cause.of(request.account_id), id=role_request_id, document_type=document_type)


def attach(app: Application, cause: Cause, *, id: UUID, document_type: str) -> Receipt:
    """Let a document of this type, which nobody has looked into, speak for a request."""
    request: RoleRequest = app.repository.get(id)
    document = Document(
        id=nature.new_id(),
        role_request_id=id,
        account_id=cause.actor,
        document_type=document_type,
        file_name="",
        media_type="application/pdf",
        content_bytes=1,
        content_sha256="",
    )
    request.attach(document_id=document.id, document_type=document_type)
    return app.commit(request, document, cause=cause)
