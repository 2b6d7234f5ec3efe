"""Who could act for a provider at another time: the as-of page of auditors, answered by access."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from mandate.access.v1.service_pb2 import CouldAct, WhoCouldActRequest, WhoCouldActResponse
from mandate.identity.v1.people_service_pb2 import Person
from mandate.registry.v1.service_pb2 import SearchProvidersRequest
from starlette.responses import Response

from chassis.query import QueryError, moment
from chassis.vocabulary.npi import is_valid
from services.portal.web import naming
from services.portal.web.clients import RefusedError
from services.portal.web.clock import moment as moment_of
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = "/audit/as-of"
NPI = "npi:"
DEADLINE_S = 25
"""The whole log of access is read for each question."""

FIELDS = (
    Field("provider", "audit.provider", longest=60, missing="audit.provider_missing"),
    Field("function", "audit.function", longest=10, missing="error.UNKNOWN_FUNCTION"),
    Field("as_of", "audit.as_of", required=False, longest=40),
    Field("known_at", "audit.known_at", required=False, longest=40),
)
NAMES = tuple(field.name for field in FIELDS)


@dataclass(frozen=True, slots=True)
class Row:
    """A person who could act, with the chain."""

    id: str
    name: str
    user_id: str
    own_record: bool
    role: str
    employer: str
    association_id: str
    tracking_id: str
    connection_id: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the page says, with the command that says the same."""

    provider: str
    function: str
    position: int
    valid_at: str
    known_at: str
    rows: list[Row]
    not_known: list[str]
    command: str


def show(visit: Visit) -> Response:
    """The question, and its answer where one was asked."""
    form = visit.form(*FIELDS, values={"function": naming.FUNCTIONS[0]})
    asked = {name: value for name, value in visit.request.query_params.items() if name in NAMES}
    found, status = _find(visit, form, asked) if asked else (None, 200)
    return visit.page("audit/as_of.html", status, form=form, found=found, functions=naming.FUNCTIONS)


def _find(visit: Visit, form: Form, asked: Mapping[str, str]) -> tuple[Answer | None, int]:
    form.read(asked)
    request = WhoCouldActRequest(function=form["function"])
    for name, stamp in (("as_of", request.valid_at), ("known_at", request.known_at)):
        _read_moment(form, name, stamp)
    _read_provider(form)
    if form.errors:
        return None, 422
    try:
        request.provider_id = _provider(visit, form)
        if form.errors:
            return None, 422
        access = visit.portal.clients.access
        answer = visit.ask(access.WhoCouldAct, request, audience="access", deadline=DEADLINE_S)
    except RefusedError as refused:
        return None, form.not_taken(refused, "", {"provider_id": "provider"})
    return _answer(visit, form, request, answer), 200


def _read_moment(form: Form, name: str, stamp: Timestamp) -> None:
    if not form[name] or name in form.errors:
        return
    try:
        stamp.FromDatetime(moment(form[name]))
    except QueryError:
        form.fail(name, "audit.no_moment")


def _read_provider(form: Form) -> None:
    """An id, or `npi:` and a number; as the command line takes them."""
    typed = form["provider"]
    if typed.startswith(NPI):
        if not is_valid(typed.removeprefix(NPI)):
            form.fail("provider", "error.NPI_CRITERION")
        return
    try:
        UUID(typed)
    except ValueError:
        form.fail("provider", "audit.no_provider")


def _provider(visit: Visit, form: Form) -> str:
    """The id that was typed, or of the NPI that was."""
    typed = form["provider"]
    if not typed.startswith(NPI):
        return str(UUID(typed))
    request = SearchProvidersRequest(npi=typed.removeprefix(NPI))
    found = visit.ask(visit.portal.clients.registry.SearchProviders, request, audience="registry").providers
    if not found:
        form.fail("provider", "audit.unknown_npi")
        return ""
    return str(found[0].provider_id)


def _answer(visit: Visit, form: Form, request: WhoCouldActRequest, answer: WhoCouldActResponse) -> Answer:
    people = naming.people(visit, [*(one.account_id for one in answer.people), *answer.not_known])
    employed = {one.employer_id for one in answer.people if one.employer_id}
    providers = naming.providers(visit, {request.provider_id, *employed})
    names = {id_: provider.name for id_, provider in providers.items()}
    return Answer(
        provider=names.get(request.provider_id, request.provider_id),
        function=request.function,
        position=answer.position,
        valid_at=_utc(moment_of(answer.valid_at)),
        known_at=_utc(moment_of(answer.known_at)),
        rows=[_row(visit, one, people, names) for one in answer.people],
        not_known=[f"{naming.person(visit, people.get(one))} ({one})" for one in answer.not_known],
        command=_command(form, answer),
    )


def _row(visit: Visit, one: CouldAct, people: Mapping[str, Person], names: Mapping[str, str]) -> Row:
    person = people.get(one.account_id)
    return Row(
        id=one.account_id,
        name=naming.person(visit, person),
        user_id=person.user_id if person else "",
        own_record=one.own_record,
        role=naming.role(visit, one.role) if one.role else "",
        employer=names.get(one.employer_id, one.employer_id),
        association_id=one.association_id,
        tracking_id=one.tracking_id,
        connection_id=one.connection_id,
    )


def _command(form: Form, answer: WhoCouldActResponse) -> str:
    """The line that gives the same answer, tomorrow too: both moments are in it, whether they were typed or not."""
    then, known = answer.valid_at.ToJsonString(), answer.known_at.ToJsonString()
    words = ["mandate", "audit", "who-can", form["provider"], form["function"], "--as-of", then, "--known-at", known]
    return shlex.join(words)


def _utc(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%SZ")


PAGES = (Page(PATH, Access.AUDITOR, get=show, audiences=("access", "registry")),)
