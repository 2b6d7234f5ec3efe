"""Review and submit (row 55): who signs, and where the link goes (PE-X-04, PE-X-05)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mandate.enrollment.v1.service_pb2 import GetApplicationResponse, NamedSigner, Signature, SubmitApplicationRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import applications, pecos
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

LONGEST_NAME = 70


@dataclass(frozen=True, slots=True)
class Needed:
    """A signature that the submission needs, with its two boxes."""

    capacity: str
    provider_id: str
    name: str
    email: str


def show(visit: Visit) -> Response:
    """Everything once more, and who is to sign."""
    seen = _draft(visit)
    return _page(visit, seen, visit.form(*_fields(_needed(seen))))


def submit(visit: Visit) -> Response:
    """Send it: each signer gets a mail with a link."""
    seen = _draft(visit)
    needed = _needed(seen)
    form = visit.form(*_fields(needed))
    if not form.read(visit.data):
        return _page(visit, seen, form, 422)
    request = SubmitApplicationRequest(
        command_id=visit.command_id(),
        application_id=seen.application.application_id,
        signers=[
            NamedSigner(capacity=one.capacity, provider_id=one.provider_id, name=form[one.name], email=form[one.email])
            for one in needed
        ],
    )
    names = {f"signers.{n}.{part}": getattr(one, part) for n, one in enumerate(needed) for part in ("name", "email")}
    try:
        pecos.command(visit, visit.portal.clients.enrollment.SubmitApplication, request)
    except RefusedError as refused:
        return _page(visit, seen, form, form.not_taken(refused, visit.command_id(), names))
    return visit.go(f"/applications/{seen.application.tracking_id}/signatures?done=application_submitted")


def _draft(visit: Visit) -> GetApplicationResponse:
    seen = applications.prepared(visit)
    if seen.application.status not in pecos.CORRECTABLE:
        raise HTTPException(404)
    return seen


def _needed(seen: GetApplicationResponse) -> list[Needed]:
    """One for each signature, whatever became of those of an earlier submission."""
    distinct: dict[tuple[str, str], Signature] = {(one.capacity, one.provider_id): one for one in seen.signatures}
    return [
        Needed(capacity, provider_id, f"name_{n}", f"email_{n}")
        for n, (capacity, provider_id) in enumerate(distinct, start=1)
    ]


def _fields(needed: Sequence[Needed]) -> list[Field]:
    fields: list[Field] = []
    for one in needed:
        fields.append(Field(one.name, f"PE-X-04.name_of.{one.capacity}", longest=LONGEST_NAME))
        fields.append(Field(one.email, f"PE-X-04.email_of.{one.capacity}"))
    return fields


def _page(visit: Visit, seen: GetApplicationResponse, form: Form, status: int = 200) -> Response:
    return visit.page(
        "applications/review.html",
        status,
        form=form,
        needed=_needed(seen),
        state=pecos.state,
        **applications.context(visit, seen),
    )


PAGES = (
    Page(
        f"{applications.PATH}/review",
        Access.SIGNED_IN,
        get=show,
        post=submit,
        audiences=(pecos.AUDIENCE,),
        unknown="no_application",
    ),
)
