"""An application (rows 55, 56): its task list, as it was submitted, and taking it back or up again (4.6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mandate.enrollment.v1.service_pb2 import (
    GetApplicationResponse,
    GetFormRequest,
    GetFormResponse,
    ReopenApplicationRequest,
    TopicDefinition,
    WithdrawApplicationRequest,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import naming, papers, pecos
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/applications/{tracking}"
TYPES = {"SUPPORTING": "PE-BEN-03.SUPPORTING", "SIGNED_STATEMENT": "PE-BEN-03.SIGNED_STATEMENT"}


def show(visit: Visit) -> Response:
    """What is done, what is left; or, once submitted, the application as it is (PE-REA-10)."""
    seen = pecos.application(visit)
    return visit.page(
        "applications/application.html",
        **context(visit, seen),
        topics=definitions(visit, seen.application.form),
        saved={topic.topic: topic.fields for topic in seen.topics},
        can_reopen=can_reopen(seen),
        editable=seen.yours_to_prepare and seen.application.status in pecos.CORRECTABLE,
        documents=[(one, papers.size(one.bytes)) for one in seen.documents],
        types=TYPES,
        state=pecos.state,
    )


def ask_withdraw(visit: Visit) -> Response:
    """Before it is taken back."""
    return _confirm(visit, visit.form(), "withdraw")


def withdraw(visit: Visit) -> Response:
    """Take it back before it is decided."""
    return _do(visit, "withdraw", visit.portal.clients.enrollment.WithdrawApplication, WithdrawApplicationRequest)


def ask_reopen(visit: Visit) -> Response:
    """Before signatures become void (PE-REA-02)."""
    return _confirm(visit, visit.form(), "reopen")


def reopen(visit: Visit) -> Response:
    """Correct & Re-submit: make a draft of it again."""
    return _do(visit, "reopen", visit.portal.clients.enrollment.ReopenApplication, ReopenApplicationRequest)


def context(visit: Visit, seen: GetApplicationResponse) -> dict[str, Any]:
    """What every page of an application shows."""
    groups = [topic.fields["receiving_provider_id"] for topic in seen.topics if "receiving_provider_id" in topic.fields]
    signing = [one.provider_id for one in seen.signatures]
    names = naming.employers(visit, [seen.application.provider_id, *groups, *signing])
    return {
        "seen": seen,
        "one": seen.application,
        "names": names,
        "provider": names[seen.application.provider_id],
        "path": f"/applications/{seen.application.tracking_id}",
        "kinds": pecos.KINDS,
        "decided": seen.application.status in pecos.DECIDED,
    }


def definitions(visit: Visit, form: str) -> list[TopicDefinition]:
    """What the form asks, topic by topic."""
    answer: GetFormResponse = visit.ask(
        visit.portal.clients.enrollment.GetForm, GetFormRequest(form=form), audience=pecos.AUDIENCE
    )
    return list(answer.topics)


def prepared(visit: Visit) -> GetApplicationResponse:
    """The application of the address, where the reader may prepare it; else there is no such page."""
    seen = pecos.application(visit)
    if not seen.yours_to_prepare:
        raise HTTPException(404)
    return seen


def can_reopen(seen: GetApplicationResponse) -> bool:
    """Whether Correct & Re-submit is possible (4.6)."""
    waits = seen.application.status == "PENDING_SIGNATURES"
    return seen.yours_to_prepare and (waits or seen.rejected_because == "SIGNATURES_MISSING")


def _do(visit: Visit, what: str, method: Callable[..., Any], request: Any) -> Response:
    form = visit.form()
    form.read(visit.data)
    seen = prepared(visit)
    order = request(command_id=visit.command_id(), application_id=seen.application.application_id)
    try:
        pecos.command(visit, method, order)
    except RefusedError as refused:
        return _confirm(visit, form, what, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/applications/{seen.application.tracking_id}?done=application_{what}")


def _confirm(visit: Visit, form: Form, what: str, status: int = 200) -> Response:
    seen = prepared(visit)
    allowed = can_reopen(seen) if what == "reopen" else seen.application.status not in pecos.DECIDED
    if not (allowed or form.errors):
        return visit.go(f"/applications/{seen.application.tracking_id}")
    return visit.page("applications/confirm.html", status, form=form, what=what, **context(visit, seen))


_AUDIENCES: dict[str, Any] = {"audiences": (pecos.AUDIENCE,), "unknown": "no_application"}

PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, **_AUDIENCES),
    Page(f"{PATH}/withdraw", Access.SIGNED_IN, get=ask_withdraw, post=withdraw, **_AUDIENCES),
    Page(f"{PATH}/reopen", Access.SIGNED_IN, get=ask_reopen, post=reopen, **_AUDIENCES),
)
