"""Start an application by scenario (row 55): for whom, and whether it is a first enrollment or a change (4.6)."""

from __future__ import annotations

from dataclasses import dataclass

from mandate.access.v1.service_pb2 import ListAuthoritiesRequest
from mandate.enrollment.v1.service_pb2 import Enrollment, ListEnrollmentsRequest, StartApplicationRequest
from mandate.registry.v1.service_pb2 import Provider
from starlette.responses import Response

from services.portal.web import commands, naming, pecos, receipts
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

WHAT = Field("what", "PE-X-02.what", missing="PE-X-02.what_missing", longest=36)
"""The provider to enroll, or the record to change."""
AFTER = Field("after", "PE-X-02.what", required=False, longest=36)


@dataclass(frozen=True, slots=True)
class Choice:
    """One scenario for one provider."""

    id: str
    provider: Provider
    record: Enrollment | None
    """What is to be changed; None for a first enrollment."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A page of scenarios."""

    choices: list[Choice]
    organizations: list[str]
    """For whom the person may act too, but whose forms come on paper."""
    after: str
    next: str


def show(visit: Visit) -> Response:
    """For whom?"""
    return _page(visit, visit.form(WHAT, AFTER, values={"what": visit.request.query_params.get("enrollment", "")}))


def start(visit: Visit) -> Response:
    """Begin the draft."""
    form = visit.form(WHAT, AFTER)
    form.read(visit.data)
    if form.errors:
        return _page(visit, form, 422)
    offered = _offered(visit, form["after"])
    chosen = next((one for one in offered.choices if one.id == form["what"]), None) or _record(visit, form["what"])
    if chosen is None:
        form.fail("what", "PE-X-02.what_missing")
        return _page(visit, form, 422)
    request = StartApplicationRequest(
        command_id=visit.command_id(),
        provider_id=chosen.provider.provider_id,
        form=pecos.INDIVIDUAL,
        purpose="CHANGE" if chosen.record else "INITIAL",
        enrollment_id=chosen.record.enrollment_id if chosen.record else "",
    )
    try:
        answer = pecos.command(visit, visit.portal.clients.enrollment.StartApplication, request)
    except RefusedError as refused:
        return _page(visit, form, form.not_taken(refused, visit.command_id()))
    return visit.go(f"/applications/{answer.tracking_id}?done=application_started")


def _page(visit: Visit, form: Form, status: int = 200) -> Response:
    given = _record(visit, form["what"])
    cursor = form["after"] or visit.request.query_params.get("after", "")
    offered = Offered([given], [], "", "") if given else _offered(visit, cursor)
    return visit.page("applications/new.html", status, form=form, offered=offered, title_of=pecos.title)


def _record(visit: Visit, enrollment_id: str) -> Choice | None:
    """The one record that the address or the form names, where it can be changed."""
    found = [one for one in _records(visit, "") if one.enrollment_id == enrollment_id]
    if not found:
        return None
    [record] = found
    known = naming.providers(visit, [record.provider_id])
    return Choice(record.enrollment_id, known[record.provider_id], record) if known else None


def _offered(visit: Visit, cursor: str) -> Offered:
    after = cursor if commands.is_id(cursor) else ""
    assert visit.session is not None, "the page is for people who are signed in"
    request = ListAuthoritiesRequest(
        account_id=visit.session.account_id, function="PECOS", after=after, limit=pecos.PAGE + 1
    )
    ids = list(
        receipts.ask(visit, visit.portal.clients.access.ListAuthorities, request, audience="access").provider_ids
    )
    known = naming.providers(visit, ids[: pecos.PAGE])
    choices: list[Choice] = []
    for provider in sorted(known.values(), key=lambda one: one.name.casefold()):
        if not provider.is_organization:
            records = _records(visit, provider.provider_id)
            choices += [Choice(one.enrollment_id, provider, one) for one in records]
            choices += [] if records else [Choice(provider.provider_id, provider, None)]
    organizations = sorted(one.name for one in known.values() if one.is_organization)
    return Offered(choices, organizations, after, ids[pecos.PAGE - 1] if len(ids) > pecos.PAGE else "")


def _records(visit: Visit, provider_id: str) -> list[Enrollment]:
    """Approved records of a form that can be filled in here."""
    request = ListEnrollmentsRequest(provider_id=provider_id, limit=pecos.MOST)
    found = pecos.query(visit, visit.portal.clients.enrollment.ListEnrollments, request).enrollments
    return [one for one in found if one.status == "APPROVED" and one.form == pecos.INDIVIDUAL]


PAGES = (Page("/applications/new", Access.SIGNED_IN, get=show, post=start, audiences=(pecos.AUDIENCE,)),)
