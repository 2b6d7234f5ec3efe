"""Asking for a role at an employer (rows 23 to 25, 27, 28): find it, choose the role, say what it needs.

Who is or was there already has come from My Profile, and is led back to it (D-39).
"""

from __future__ import annotations

from typing import Any

from mandate.access.v1.service_pb2 import Association, NamedOfficial, RequestRoleRequest, RequestRoleResponse
from mandate.registry.v1.service_pb2 import Provider
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary import attestations
from chassis.vocabulary.roles import ACCESS_MANAGER, AUTHORIZED_OFFICIAL, STAFF_END_USER
from services.portal.web import naming, receipts, searching, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

ROLE = Field("role", "IA-EMP-07.please", missing="IA-EMP-07.missing", longest=30)
AGREED = Field("agreed", "IA-EMP-08.agree", missing="IA-EMP-08.missing", longest=3)
TEXT = Field("text", "IA-EMP-08.title", longest=200)
"""Version and hash of the statement as it was shown."""

CONTACT = (
    Field("contact", "IA-EMP-06.identify", missing="IA-EMP-06.missing", longest=5),
    Field("contact_email", "IA-EMP-06.email", required=False),
    Field("confirm_contact_email", "IA-EMP-06.confirm", required=False),
)
OWN, OTHER = "own", "other"
OFFICIAL = (
    Field("official_name", "IA-EMP-09.name", missing="IA-EMP-09.name_missing", longest=100),
    Field("official_title", "IA-EMP-09.title", missing="IA-EMP-09.title_missing", longest=100),
    Field("official_phone", "IA-EMP-09.phone", missing="IA-EMP-09.phone_missing", longest=40),
    Field("official_email", "IA-EMP-09.email", missing="IA-EMP-09.email_missing"),
    Field("confirm_official_email", "IA-EMP-09.confirm", missing="IA-EMP-09.confirm_missing"),
)
NAMING = (ACCESS_MANAGER, STAFF_END_USER)
"""Who names an Authorized Official (IA-EMP-09)."""


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
    """Go on to what the role needs: the attestation, or the official's name."""
    form = visit.form(ROLE)
    form.read(visit.data)
    if form["role"] and form["role"] not in naming.ROLES:
        form.fail("role", "IA-EMP-07.missing")
    elif form["role"] and form["role"] == _held(standing.at(visit, _employer_id(visit))):
        form.fail("role", "error.SAME_ROLE")
    if form.errors:
        return _role(visit, form, 422)
    if form["role"] == AUTHORIZED_OFFICIAL:
        return visit.go(f"/employers/{_employer_id(visit)}/request/attest")
    return visit.go(f"/employers/{_employer_id(visit)}/request/official?role={form['role']}")


def show_official(visit: Visit) -> Response:
    """Who is Authorized Official there, and where mails about this employer go (IA-EMP-06, IA-EMP-09)."""
    role = visit.request.query_params.get("role", "")
    if role not in NAMING:
        return visit.go(f"/employers/{_employer_id(visit)}/request")
    return _official(visit, visit.form(ROLE, *CONTACT, *OFFICIAL, values={"role": role, "contact": OWN}))


def name_official(visit: Visit) -> Response:
    """Ask for the role of an Access Manager or Staff End User."""
    form = visit.form(ROLE, *CONTACT, *OFFICIAL)
    form.read(visit.data)
    if form["role"] not in NAMING:
        return visit.go(f"/employers/{_employer_id(visit)}/request")
    _judge_contact(form)
    if form.errors:
        return _official(visit, form, 422)
    official = NamedOfficial(
        name=form["official_name"],
        title=form["official_title"],
        phone=form["official_phone"],
        email=form["official_email"],
        confirm_email=form["confirm_official_email"],
    )
    try:
        return _ask(visit, form, role=form["role"], official=official)
    except RefusedError as refused:
        return _official(visit, form, form.not_taken(refused, visit.command_id()))


def show_attestation(visit: Visit) -> Response:
    """The whole text, and one box (IA-EMP-08)."""
    return _attest(visit, visit.form(AGREED, TEXT, *CONTACT, values={"contact": OWN}))


def attest(visit: Visit) -> Response:
    """Agree to the very text that was shown, and ask."""
    form = visit.form(AGREED, TEXT, *CONTACT)
    form.read(visit.data)
    _judge_contact(form)
    if form["text"] and form["text"] != attestation(visit):
        form.values["agreed"] = ""
        form.fail("agreed", "IA-EMP-08.changed")
    if form.errors:
        return _attest(visit, form, 422)
    try:
        return _ask(visit, form, role=AUTHORIZED_OFFICIAL, attestation=form["text"])
    except RefusedError as refused:
        return _attest(visit, form, form.not_taken(refused, visit.command_id(), {"attestation": "agreed"}))


def attestation(visit: Visit) -> str:
    """Version, language and hash of the statement and the sentence at its box, as this person reads them."""
    return attestations.shown(visit.words.language)[attestations.OFFICIAL].mark


def _ask(
    visit: Visit, form: Form, *, role: str, attestation: str = "", official: NamedOfficial | None = None
) -> Response:
    employer_id = _employer(visit).provider_id
    request = RequestRoleRequest(
        command_id=visit.command_id(),
        employer_id=employer_id,
        role=role,
        attestation=attestation,
        contact_email=form["contact_email"],
        confirm_contact_email=form["confirm_contact_email"],
        official=official,
    )
    answer: RequestRoleResponse = visit.ask(visit.portal.clients.access.RequestRole, request, audience="access")
    receipts.remember(visit, answer.receipt)
    return visit.go(f"/requests/{answer.receipt.id}")


def _judge_contact(form: Form) -> None:
    """One of the two, and not an address beside the wrong one."""
    typed = form["contact_email"] or form["confirm_contact_email"]
    if form["contact"] == OTHER and not form["contact_email"]:
        form.fail("contact_email", "IA-EMP-06.email_missing")
    elif form["contact"] != OTHER and (typed or form["contact"] != OWN):
        form.fail("contact", "IA-EMP-06.which")


def _role(visit: Visit, form: Form, status: int = 200) -> Response:
    shown = _shown(visit)
    offered = {code: key for code, key in naming.ROLES.items() if code != shown["held"]}  # D-39
    choices = [(code, visit.words(key), visit.words(f"IA-EMP-07.{code}")) for code, key in offered.items()]
    return visit.page("employers/request.html", status, form=form, choices=choices, **shown)


def _attest(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page("employers/attest.html", status, form=form, statement=attestation(visit), **_shown(visit))


def _official(visit: Visit, form: Form, status: int = 200) -> Response:
    role = naming.role(visit, form["role"])
    return visit.page("employers/official.html", status, form=form, role=role, **_shown(visit))


def _employer_id(visit: Visit) -> str:
    return str(visit.request.path_params["employer"])


def _employer(visit: Visit) -> Provider:
    employer_id = _employer_id(visit)
    known = naming.providers(visit, [employer_id])
    if employer_id not in known:
        raise HTTPException(404)
    return known[employer_id]


def _shown(visit: Visit) -> dict[str, Any]:
    """The employer, the person's role there, and the page from which they have come."""
    employer = searching.result(_employer(visit))
    mine = standing.at(visit, employer.id)
    held = _held(mine)
    return {
        "employer": employer,
        "held": held,
        "current_role": naming.role(visit, held) if held else "",
        "came_from": f"/profile/employers?open={mine.association_id}#employers" if mine else "/employers/find",
        "came_from_title": visit.words("IA-PROF-02.title" if mine else "IA-EMP-01.title"),
        "is_known": mine is not None,
    }


def _held(mine: Association | None) -> str:
    """The role that is held now; empty for none."""
    return mine.role if mine is not None and mine.status == "APPROVED" else ""


PAGES = (
    Page("/employers/find", Access.SIGNED_IN, get=find, audiences=("registry",)),
    Page("/employers/{employer:uuid}/request", Access.SIGNED_IN, get=show, post=choose),
    Page("/employers/{employer:uuid}/request/official", Access.SIGNED_IN, get=show_official, post=name_official),
    Page("/employers/{employer:uuid}/request/attest", Access.SIGNED_IN, get=show_attestation, post=attest),
)
