"""The link of M-21 (row 49): read, attest, sign, or refuse, in one's own name (PE-X-04, PE-X-05, X-22)."""

from __future__ import annotations

from mandate.enrollment.v1.service_pb2 import (
    DeclineSignatureRequest,
    GetApplicationResponse,
    SignApplicationRequest,
    Signature,
)
from starlette.responses import Response

from chassis.vocabulary import attestations
from services.portal.web import applications, papers, pecos, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = f"{applications.PATH}/sign"
AGREED = Field("agreed", "PE-X-04.agree", missing="PE-X-04.agree_missing", longest=3)
TEXT = Field("text", "PE-X-04.attestation", longest=200)
"""Version and hash of the statement as it was shown."""
SIGNATURE = Field("signature", "PE-X-04.attestation", longest=36)
REASON = Field("reason", "PE-X-04.reason", required=False, longest=500)


def show(visit: Visit) -> Response:
    """What is to be signed, and the statement."""
    return _page(visit, pecos.application(visit), visit.form(AGREED, TEXT, SIGNATURE))


def sign(visit: Visit) -> Response:
    """Sign with the very text that was shown. A second time changes nothing."""
    seen = pecos.application(visit)
    form = visit.form(AGREED, TEXT, SIGNATURE)
    form.read(visit.data)
    if form["text"] and form["text"] != attestation(visit):
        form.values["agreed"] = ""
        form.fail("agreed", "IA-EMP-08.changed")
    if form.errors:
        return _page(visit, seen, form, 422)
    request = SignApplicationRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        signature_id=form["signature"],
        attestation=form["text"],
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.SignApplication, request)
    except RefusedError as refused:
        return _page(visit, seen, form, form.not_taken(refused, visit.command_id(), {"attestation": "agreed"}))
    return visit.go(f"/applications/{seen.application.tracking_id}/sign?done=signed")


def ask_decline(visit: Visit) -> Response:
    """Before one refuses."""
    return _decline(visit, visit.form(REASON))


def decline(visit: Visit) -> Response:
    """Refuse to sign: the application is a draft again."""
    seen = pecos.application(visit)
    form = visit.form(REASON)
    form.read(visit.data)
    mine = _mine(seen)
    if mine is None:
        return visit.go(f"/applications/{seen.application.tracking_id}/sign")
    if form.errors:
        return _decline(visit, form, 422)
    request = DeclineSignatureRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        signature_id=mine.signature_id,
        reason=form["reason"],
    )
    try:
        pecos.command(visit, visit.portal.clients.enrollment.DeclineSignature, request)
    except RefusedError as refused:
        return _decline(visit, form, form.not_taken(refused, visit.command_id()))
    return visit.go("/home?done=signature_declined")


def attestation(visit: Visit) -> str:
    """Version, language and hash of the statement and the sentence at its box, as this person reads them."""
    return attestations.shown(visit.words.language)[attestations.SIGNATURE].mark


def _mine(seen: GetApplicationResponse) -> Signature | None:
    """The signature that waits for the reader."""
    return next((one for one in seen.signatures if one.yours), None)


def _why_not(visit: Visit, seen: GetApplicationResponse) -> str:
    """Why there is nothing to sign here, as the catalogue names it (PE-X-03, X-22)."""
    if seen.rejected_because == "SIGNATURES_MISSING":
        return "over"
    if seen.application.status == "PENDING_SIGNATURES":
        involved = {seen.application.provider_id, seen.application.receiving_provider_id}
        may_have_signed = bool(involved & standing.managed(visit).keys())
        return "preparer" if seen.yours_to_prepare and not may_have_signed else "given"
    return "complete" if all(one.status == "SIGNED" for one in seen.signatures) else "gone_on"


def _page(visit: Visit, seen: GetApplicationResponse, form: Form, status: int = 200) -> Response:
    mine = _mine(seen)
    return visit.page(
        "applications/sign.html",
        status,
        form=form,
        mine=mine,
        why_not="" if mine else _why_not(visit, seen),
        statement=attestation(visit),
        documents=[(one, papers.size(one.bytes)) for one in seen.documents if not one.HasField("ended_at")],
        types=applications.TYPES,
        state=pecos.state,
        **applications.context(visit, seen),
    )


def _decline(visit: Visit, form: Form, status: int = 200) -> Response:
    seen = pecos.application(visit)
    if _mine(seen) is None and not form.errors:
        return visit.go(f"/applications/{seen.application.tracking_id}/sign")
    return visit.page("applications/decline.html", status, form=form, **applications.context(visit, seen))


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, post=sign, audiences=(pecos.AUDIENCE,), unknown="no_signature"),
    Page(
        f"{PATH}/decline",
        Access.SIGNED_IN,
        get=ask_decline,
        post=decline,
        audiences=(pecos.AUDIENCE,),
        unknown="no_signature",
    ),
)
