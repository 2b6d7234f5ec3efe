"""Asking for a role at an employer (rows 23 to 27): find it, choose the role, agree to the attestation."""

from __future__ import annotations

import hashlib

from mandate.access.v1.service_pb2 import RequestRoleRequest, RequestRoleResponse
from mandate.registry.v1.service_pb2 import Provider
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import AUTHORIZED_OFFICIAL
from services.portal.web import naming, receipts, searching
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

ROLE = Field("role", "IA-EMP-07.please", missing="IA-EMP-07.missing", longest=30)
AGREED = Field("agreed", "IA-EMP-08.agree", missing="IA-EMP-08.missing", longest=3)
TEXT = Field("text", "IA-EMP-08.title", longest=200)
"""Version and hash of the statement as it was shown."""

VERSION = "IA-EMP-08.2025-05"
"""Of the attestation's text; raised with every change of its words."""


def find(visit: Visit) -> Response:
    """The boxes, and what they find."""
    form = searching.read(visit)
    after = visit.request.query_params.get("after", "")
    found, status = searching.find(visit, form, after) if searching.is_asked(visit) else (None, 200)
    link = Markup('<a href="/connections">{}</a>').format(visit.words("IA-NAV-01.connections"))
    return visit.page(
        "employers/find.html", status, form=form, found=found, states=searching.states(), connections_link=link
    )


def show(visit: Visit) -> Response:
    """Which role?"""
    return _role(visit, visit.form(ROLE))


def choose(visit: Visit) -> Response:
    """Ask for the role; an Authorized Official reads the attestation first."""
    form = visit.form(ROLE)
    form.read(visit.data)
    if form["role"] and form["role"] not in naming.ROLES:
        form.fail("role", "IA-EMP-07.missing")
    if form.errors:
        return _role(visit, form, 422)
    if form["role"] == AUTHORIZED_OFFICIAL:
        return visit.go(f"/employers/{_employer_id(visit)}/request/attest")
    try:
        return _ask(visit, role=form["role"])
    except RefusedError as refused:
        return _role(visit, form, form.not_taken(refused, visit.command_id()))


def show_attestation(visit: Visit) -> Response:
    """The whole text, and one box (IA-EMP-08)."""
    return _attest(visit, visit.form(AGREED, TEXT))


def attest(visit: Visit) -> Response:
    """Agree to the very text that was shown, and ask."""
    form = visit.form(AGREED, TEXT)
    form.read(visit.data)
    if form["text"] and form["text"] != attestation(visit):
        form.values["agreed"] = ""
        form.fail("agreed", "IA-EMP-08.changed")
    if form.errors:
        return _attest(visit, form, 422)
    try:
        return _ask(visit, role=AUTHORIZED_OFFICIAL, attestation=form["text"])
    except RefusedError as refused:
        return _attest(visit, form, form.not_taken(refused, visit.command_id()))


def attestation(visit: Visit) -> str:
    """Version, language and hash of the statement and the sentence at its box, as this person reads them."""
    text = "\n".join(visit.words(key).unescape() for key in ("IA-EMP-08.text", "IA-EMP-08.agree"))
    return f"{VERSION}.{visit.words.language}:sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _ask(visit: Visit, *, role: str, attestation: str = "") -> Response:
    employer_id = _employer(visit).provider_id
    request = RequestRoleRequest(
        command_id=visit.command_id(), employer_id=employer_id, role=role, attestation=attestation
    )
    answer: RequestRoleResponse = visit.ask(visit.portal.clients.access.RequestRole, request, audience="access")
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/requests/{answer.receipt.id}")


def _role(visit: Visit, form: Form, status: int = 200) -> Response:
    choices = [(code, visit.words(key), visit.words(f"IA-EMP-07.{code}")) for code, key in naming.ROLES.items()]
    return visit.page("employers/request.html", status, form=form, employer=_shown(visit), choices=choices)


def _attest(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page("employers/attest.html", status, form=form, employer=_shown(visit), statement=attestation(visit))


def _employer_id(visit: Visit) -> str:
    return str(visit.request.path_params["employer"])


def _employer(visit: Visit) -> Provider:
    employer_id = _employer_id(visit)
    known = naming.providers(visit, [employer_id])
    if employer_id not in known:
        raise HTTPException(404)
    return known[employer_id]


def _shown(visit: Visit) -> searching.Result:
    return searching.result(_employer(visit))


PAGES = (
    Page("/employers/find", Access.SIGNED_IN, get=find, audiences=("registry",)),
    Page("/employers/{employer:uuid}/request", Access.SIGNED_IN, get=show, post=choose),
    Page("/employers/{employer:uuid}/request/attest", Access.SIGNED_IN, get=show_attestation, post=attest),
)
