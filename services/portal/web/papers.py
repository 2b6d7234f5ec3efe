"""The documents of a role request as pages show them (IA-CONF-03, IA-CONF-04), and as browsers save them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

import grpc
from mandate.access.v1.service_pb2 import Document, ListDocumentsRequest, ListDocumentsResponse, RoleRequest
from mandate.enrollment.v1 import service_pb2 as enrollment
from markupsafe import Markup
from starlette.responses import Response

from services.portal.web import receipts
from services.portal.web.clients import RefusedError
from services.portal.web.visits import Visit

AnyDocument = Document | enrollment.Document
"""Of a role request, or of an application."""

PROOF, CERTIFICATION = ("CP_575", "ALTERNATE"), ("CERTIFICATION",)
NEEDED = {"AUTHORIZED_OFFICIAL": (PROOF,), "ACCESS_MANAGER": (CERTIFICATION, PROOF)}
"""By role, what is needed; one type of each group will do (D-42). What counts is access's own number."""

ENDINGS = {
    "application/pdf": (".pdf",),
    "image/gif": (".gif",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/tiff": (".tif", ".tiff"),
}
MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One document (IA-CONF-03)."""

    id: str
    name: str
    type: Markup
    kind: str
    """`PDF, 1.2 MB`."""
    at: Any
    status: str = "UPLOADED"
    reason: str = ""
    """Why External User Services want another in its place."""
    comments: int = 0


@dataclass(frozen=True, slots=True)
class Papers:
    """What the part Document Management shows."""

    rows: list[Row]
    uploaded: int
    required: int
    missing: list[Markup]
    """What is still needed, in words."""


def of(visit: Visit, request: RoleRequest) -> Papers | None:
    """The documents of a request, for its owner and External User Services; None where there are none to show."""
    own = visit.is_by(request.account_id)
    if not request.documents_required or not (own or visit.is_eus):
        return None
    found = listed(visit, request.role_request_id)
    there = {one.document_type for one in found.documents if one.status != "REFUSED"}
    return Papers(
        rows=[row(visit, one) for one in found.documents],
        uploaded=found.documents_uploaded,
        required=found.documents_required,
        missing=[visit.words(f"IA-CONF-04.{group[0]}") for group in NEEDED[request.role] if not there & set(group)],
    )


def listed(visit: Visit, request_id: str) -> ListDocumentsResponse:
    """The documents as access has them. Raises `RefusedError`."""
    question = ListDocumentsRequest(role_request_id=request_id)
    answer: ListDocumentsResponse = receipts.ask(
        visit, visit.portal.clients.access.ListDocuments, question, audience="access"
    )
    return answer


def row(visit: Visit, document: Document) -> Row:
    """A document in words."""
    kind = document.media_type.rpartition("/")[2].upper()
    return Row(
        document.document_id, document.file_name, type_of(visit, document.document_type),
        f"{kind}, {size(document.bytes)}", document.uploaded_at,
        document.status, document.reason, len(document.comments),
    )  # fmt: skip


def type_of(visit: Visit, code: str) -> Markup:
    """The words of a document type."""
    key = f"IA-CONF-03.types.{code}"
    return visit.words(key) if key in visit.words else Markup.escape(code)


def size(bytes_: int) -> str:
    """`84 KB`, `1.2 MB`: as file lists say it."""
    return f"{bytes_ / MEGABYTE:.1f} MB" if bytes_ >= MEGABYTE else f"{max(1, round(bytes_ / 1024))} KB"


def saved(visit: Visit, document: AnyDocument, piece: Callable[[int], bytes]) -> Response:
    """A document to be saved, read from its service piece by piece: `piece(offset)`. Raises `RefusedError`."""
    content = bytearray()
    while len(content) < document.bytes:
        more = piece(len(content))
        if not more:  # half a document is worse than none
            raise RefusedError(grpc.StatusCode.UNAVAILABLE)
        content += more
    return visit.answer(Response(bytes(content), headers=headers(document), media_type=document.media_type))


HANDED_OUT = {
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
"""How a file is handed out: never shown or run on our origin (S-23)."""


def headers(document: AnyDocument) -> dict[str, str]:
    """With which a document is handed out: to be saved, never shown or run on our origin (S-23, RFC 6266)."""
    name = saved_as(document)
    plain = re.sub(r"[^A-Za-z0-9. _()-]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {**HANDED_OUT, "content-disposition": disposition}


def saved_as(document: AnyDocument) -> str:
    """The name that its owner gave, without paths and signs, ending as its content is: `scan.exe` is `scan.exe.pdf`."""
    name = "".join(sign if sign.isprintable() else "_" for sign in document.file_name)
    name = re.sub(r'[\\/:*?"<>|]', "_", name).strip(" .") or "document"
    endings = ENDINGS.get(document.media_type, (".bin",))
    return name if PurePosixPath(name).suffix.lower() in endings else f"{name}{endings[0]}"
