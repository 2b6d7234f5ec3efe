"""The paper of a role request: prefilled, to print, sign and hand in (IA-CONF-02, IA-CONF-07, portal.md 3.16).

A tagged PDF (PDF/UA-1), drawn from a page of ours; nothing is fetched for it but our own fonts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import structlog
from mandate.access.v1.service_pb2 import CertifyPaperRequest, CertifyPaperResponse, RoleRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import clock, confirmation, errors, naming, papers, templating
from services.portal.web.clients import RefusedError
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

FONTS = templating.STATIC / "vendor" / "uswds" / "fonts"

log = structlog.get_logger("portal")


class NoPangoError(Exception):
    """The library that draws text is not on this machine."""


def save(visit: Visit) -> Response:
    """The PDF, to be saved and printed; where nothing is to be signed there is none."""
    request = confirmation.asked(visit)
    try:
        answer: CertifyPaperResponse = visit.ask(
            visit.portal.clients.access.CertifyPaper,
            CertifyPaperRequest(role_request_id=request.role_request_id),
            audience="access",
        )
    except RefusedError as refused:
        if refused.codes & {"NO_DOCUMENTS_NEEDED", "ALREADY_DECIDED"}:
            raise HTTPException(404) from None
        raise
    try:
        content = drawn(_page(visit, request, answer))
    except NoPangoError:
        return errors.page(visit, "no_paper", 503)
    name = f"{request.role.lower().replace('_', '-')}-{templating.tracking(request.tracking_id)}.pdf"
    headers = {**papers.HANDED_OUT, "content-disposition": f'attachment; filename="{name}"'}
    return visit.answer(Response(content, headers=headers, media_type="application/pdf"))


def drawn(page: str) -> bytes:
    """A page as PDF/UA. Raises `NoPangoError`."""
    try:
        weasyprint: Any = import_module("weasyprint")
    except OSError as error:
        log.exception("no paper", needs="libpango-1.0-0 and libpangoft2-1.0-0", error=str(error))
        raise NoPangoError from error
    fonts = weasyprint.urls.URLFetcher(allowed_protocols=("file",))
    drawing = weasyprint.HTML(string=page, base_url=f"{FONTS.as_uri()}/", url_fetcher=fonts)
    content: bytes = drawing.write_pdf(pdf_variant="pdf/ua-1")
    return content


def _page(visit: Visit, request: RoleRequest, paper: CertifyPaperResponse) -> str:
    provider = naming.providers(visit, [request.employer_id]).get(request.employer_id)
    people = naming.people(visit, [request.account_id])
    return visit.portal.templates.get_template("employers/certification.html").render(
        visit=visit,
        t=visit.words,
        request=request,
        name=naming.person(visit, people.get(request.account_id)),
        role=naming.role(visit, request.role),
        provider=provider,
        ein=naming.ein(provider) if provider else "",
        place=naming.address,
        code=templating.tracking(paper.check_code),
        day=clock.day(paper.made_on),
        origin=_origin(visit),
    )


def _origin(visit: Visit) -> str:
    """Where the paper is checked: as the installation says, for a paper outlives whatever host was asked for it."""
    asked = visit.request.url
    return next(iter(visit.settings.origins), f"{asked.scheme}://{asked.netloc}")


PAGES = (Page("/requests/{request:uuid}/paper", Access.SIGNED_IN, get=save),)
