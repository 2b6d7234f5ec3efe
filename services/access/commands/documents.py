"""Documents that speak for a role request: added, taken back, refused, read (4.9, IA-CONF-03)."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from chassis.application import Application, once
from chassis.cause import Cause, Receipt
from chassis.documents import contents
from chassis.documents.contents import Kept
from chassis.documents.uploads import checked
from chassis.domain import NotAllowedError, NotFoundError
from chassis.vault import ShreddedError
from chassis.vocabulary.reasons import require_said
from chassis.vocabulary.roles import EUS
from services.access.commands.parts import Parts
from services.access.domain.document import Document, require_known
from services.access.domain.role_request import AlreadyDecidedError, OwnRequestError, RoleRequest, required, uploaded

NAME_CONTEXT = "access.Document.file_name"
REASON_CONTEXT = "access.Document.reason"


@once
def upload(
    app: Application,
    parts: Parts,
    cause: Cause,
    *,
    role_request_id: UUID,
    document_type: str,
    file_name: str,
    content: bytes,
) -> Receipt:
    """Add a document to the actor's own request; the receipt's id is the document's. Repeating it changes nothing."""
    require_known(document_type)
    name = checked(file_name, content, most=parts.settings.document_bytes)
    # judged before anything is kept; what counts is judged with the log
    owned(app, cause.actor, role_request_id).attach(document_id=cause.command_id, document_type=document_type)
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
    return app.execute(_upload, cause, role_request_id=role_request_id, document_type=document_type, kept=kept)


def _upload(app: Application, cause: Cause, *, role_request_id: UUID, document_type: str, kept: Kept) -> Receipt:
    request = owned(app, cause.actor, role_request_id)
    request.attach(document_id=cause.command_id, document_type=document_type)
    document = Document(
        id=cause.command_id,
        role_request_id=role_request_id,
        account_id=cause.actor,
        document_type=document_type,
        **asdict(kept),
    )
    return app.commit(document, request, cause=cause)


def delete(app: Application, cause: Cause, *, parts: Parts, document_id: UUID) -> Receipt:
    """Take a document of the actor's own request back. Repeating it changes nothing."""
    document: Document = app.repository.get(document_id, kind=Document)
    request = owned(app, cause.actor, document.role_request_id)
    if not document.is_deleted:
        request.detach(document_id=document_id)
        document.delete()
    receipt = app.commit(document, request, cause=cause)
    contents.drop(app, parts.store, document_id)
    return receipt


def refuse(app: Application, cause: Cause, *, parts: Parts, document_id: UUID, reason: str) -> Receipt:
    """Ask for another document in place of this one, in the name of External User Services. Repeating changes nothing.

    It counts no more, so the request leaves the queue until another is there; its owner reads why.
    """
    if EUS not in cause.roles:
        raise NotAllowedError("Only External User Services refuse a document.")
    require_said(reason)
    document: Document = app.repository.get(document_id, kind=Document)
    if document.account_id == cause.actor:
        raise OwnRequestError
    request: RoleRequest = app.repository.get(document.role_request_id, kind=RoleRequest)
    if document.is_deleted:
        raise NotFoundError
    if document.status == "UPLOADED":
        request.detach(document_id=document_id)
        sealed = sealed_for(parts, document.account_id, reason, REASON_CONTEXT)
        document.refuse(refused_by=cause.actor, reason=sealed)
    elif request.status != "PENDING":
        raise AlreadyDecidedError
    return app.commit(document, request, cause=cause)


def read(app: Application, parts: Parts, *, account_id: UUID, roles: frozenset[str], id: UUID) -> bytes:
    """What is in a document, for its owner and External User Services. Raises `NotFoundError`."""
    document: Document = app.repository.get(id, kind=Document)
    if document.is_deleted or (document.account_id != account_id and EUS not in roles):
        raise NotFoundError
    try:
        found = contents.get(app, parts.vault, parts.store, document_id=id)
    except ShreddedError:
        found = None
    if found is None:
        raise NotFoundError("What was in this document has been destroyed.")
    return found


def counted(app: Application, role_request_id: UUID) -> tuple[int, int]:
    """The n and the m of IA-CONF-04, from the own log."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    return uploaded(request.role, request.documents.values()), required(request.role)


def sealed_for(parts: Parts, owner_id: UUID, text: str, context: str) -> str:
    """Words about a document, sealed for its owner. Raises `NotFoundError` where the owner was erased."""
    try:
        return parts.vault.seal(owner_id, text, context)
    except ShreddedError:
        raise NotFoundError("The data of this document's owner have been destroyed.") from None


def opened(parts: Parts, *, owner_id: UUID, sealed: str, context: str) -> str:
    """What was sealed for the owner of a document; empty where there is nothing, or the key was shredded."""
    try:
        return parts.vault.open(owner_id, sealed, context) if sealed else ""
    except ShreddedError:
        return ""


def owned(app: Application, account_id: UUID, role_request_id: UUID) -> RoleRequest:
    """The person's own request; what is another's does not exist for them. Raises `NotFoundError`."""
    request: RoleRequest = app.repository.get(role_request_id, kind=RoleRequest)
    if request.account_id != account_id:
        raise NotFoundError
    return request
