"""The contractor loads an approved record that came on paper (PE-BEN-01), with the official whom it lists (X-11)."""

from __future__ import annotations

import re

from mandate.enrollment.v1.service_pb2 import ImportEnrollmentRequest, Official
from mandate.registry.v1.service_pb2 import SearchProvidersRequest
from starlette.responses import Response

from services.portal.web import clock, pecos, searching
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

FORMS = ("855A", "855B", "855I", "855O", "855S")
"""PE-X-01."""
CAPACITIES = ("AUTHORIZED_OFFICIAL", "DELEGATED_OFFICIAL")
FIELDS = (
    Field("npi", "PE-REA-07.npi", longest=20),
    Field("form", "PE-ENR-01.type", missing="PE-X-05.choose", longest=4),
    Field("state", "PE-ENR-01.state", missing="PE-X-05.choose", longest=2),
    Field("specialty", "PE-ENR-01.specialty", longest=70),
    Field("contractor", "PE-ENR-01.contractor", longest=70),
    Field("practice_location", "PE-ENR-01.location", required=False, longest=60),
    Field("ptans", "PE-ENR-01.medicare_id", longest=200),
    Field("effective_month", "IA-UINF-01.month", required=False, longest=2),
    Field("effective_day", "IA-UINF-01.day", required=False, longest=2),
    Field("effective_year", "IA-UINF-01.year", required=False, longest=4),
    Field("official_name", "mac.official_name", required=False, longest=70),
    Field("official_ssn", "IA-UINF-01.ssn", required=False, secret=True, longest=11),
    Field("official_capacity", "mac.official_capacity", required=False, longest=19),
)
NAMES = {
    "effective_date": "effective_month",
    "ptan": "ptans",
    "officials.0.name": "official_name",
    "officials.0.ssn": "official_ssn",
    "officials.0.capacity": "official_capacity",
    **{f"ptans.{number}": "ptans" for number in range(100)},
}
"""Fields of the message: ours."""
OFFICIAL = ("official_name", "official_ssn", "official_capacity")


def show(visit: Visit) -> Response:
    """The record as it stands on paper."""
    return _page(visit, visit.form(*FIELDS))


def load(visit: Visit) -> Response:
    """Load it; an SSN goes on to enrollment and stays nowhere."""
    form = visit.form(*FIELDS)
    form.read(visit.data)
    day = clock.iso_day(form["effective_month"], form["effective_day"], form["effective_year"])
    if not day:
        form.fail("effective_month", "error.DATE_MALFORMED")
    listed = any(form[name] for name in OFFICIAL)
    for name in OFFICIAL if listed else ():
        if not form[name]:
            form.fail(name, "form.missing", label=visit.words(form.fields[name].label))
    provider_id = "" if form.errors else _provider_id(visit, form)
    if form.errors:
        return _page(visit, form, 422)
    request = ImportEnrollmentRequest(
        command_id=visit.command_id(),
        provider_id=provider_id,
        npi=form["npi"],
        form=form["form"],
        state=form["state"],
        specialty=form["specialty"],
        contractor=form["contractor"],
        ptans=re.split(r"[\s,;]+", form["ptans"]),
        effective_date=day,
        practice_location=form["practice_location"],
        officials=[_official(form)] if listed else [],
    )
    try:
        answer = pecos.command(visit, visit.portal.clients.enrollment.ImportEnrollment, request)
    except RefusedError as refused:
        return _page(visit, form, form.not_taken(refused, visit.command_id(), NAMES))
    return visit.go(f"/enrollments/{answer.receipt.id}?done=record_loaded")


def _official(form: Form) -> Official:
    ssn = "".join(form["official_ssn"].replace("-", "").split())
    return Official(name=form["official_name"], ssn=ssn, capacity=form["official_capacity"])


def _provider_id(visit: Visit, form: Form) -> str:
    """Whose NPI it is, by the registry."""
    try:
        answer = visit.ask(
            visit.portal.clients.registry.SearchProviders, SearchProvidersRequest(npi=form["npi"]), audience="registry"
        )
    except RefusedError as refused:
        form.not_taken(refused, visit.command_id(), {"": "npi"})
        return ""
    if len(answer.providers) != 1:
        form.fail("npi", "mac.npi_unknown")
        return ""
    return str(answer.providers[0].provider_id)


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    return visit.page(
        "mac/import.html", status, form=form, forms=FORMS, states=searching.states(), capacities=CAPACITIES
    )


PAGES = (Page("/mac/import", Access.MAC, get=show, post=load, audiences=(pecos.AUDIENCE, "registry")),)
