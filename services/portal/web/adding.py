"""Add Employer Not in List (row 26): for whom somebody works who is in no list (D-37)."""

from __future__ import annotations

from mandate.registry.v1.service_pb2 import AddEmployerRequest, AddEmployerResponse, PostalAddress
from starlette.responses import Response

from services.portal.web import receipts, searching
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

FORM = (
    Field("category", "X-16.category", missing="X-16.missing", longest=20),
    Field("legal_business_name", "IA-CONF-01.lbn", longest=100),
    Field("ein", "IA-CONF-01.ein", longest=40),
    Field("line_1", "IA-UINF-03.line1", longest=55),
    Field("line_2", "IA-UINF-03.line2", required=False, longest=55),
    Field("city", "IA-EMP-01.city", longest=40),
    Field("state", "IA-EMP-01.state", longest=2),
    Field("zip", "IA-EMP-01.zip", longest=12),
    Field("phone", "IA-CONF-01.phone", longest=40),
)
CATEGORIES = ("ORGANIZATION", "THIRD_PARTY")
"""An individual provider has an NPI, and is found by it."""


def show(visit: Visit) -> Response:
    """Empty boxes."""
    return _page(visit, visit.form(*FORM))


def add(visit: Visit) -> Response:
    """Add the employer, or join the one that has this EIN; then choose a role there."""
    form = visit.form(*FORM)
    if not form.read(visit.data):
        return _page(visit, form, 422)
    place = {"line1": form["line_1"], "line2": form["line_2"]} | {one: form[one] for one in ("city", "state", "zip")}
    request = AddEmployerRequest(
        command_id=visit.command_id(),
        legal_business_name=form["legal_business_name"],
        ein=form["ein"],
        category=form["category"],
        address=PostalAddress(**place),
        phone=form["phone"],
    )
    try:
        answer: AddEmployerResponse = visit.ask(visit.portal.clients.registry.AddEmployer, request, audience="registry")
    except RefusedError as refused:
        return _page(visit, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    told = "notice=employer_joined" if answer.joined else "done=employer_added"
    return visit.go(f"/employers/{answer.receipt.id}/request?{told}")


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    choices = [(code, visit.words(f"X-16.{code}"), visit.words(f"X-16.about.{code}")) for code in CATEGORIES]
    return visit.page("employers/new.html", status, form=form, choices=choices, states=searching.states())


PAGES = (Page("/employers/new", Access.SIGNED_IN, get=show, post=add, audiences=("registry",)),)
