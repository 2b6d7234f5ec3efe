"""Employer Information (row 22): for whom the person works, in which role and with what; leaving an employer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import grpc
from mandate.access.v1.service_pb2 import (
    Association,
    DisassociateRequest,
    DisassociateResponse,
    ListMyEmployersRequest,
    SelectMyEmployersRequest,
    ShowEinRequest,
)
from mandate.registry.v1.service_pb2 import SelectProvidersRequest
from starlette.exceptions import HTTPException
from starlette.responses import Response

from chassis.vocabulary.roles import manages
from services.portal.web import colleagues, naming, receipts, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.roster import PAGE, Cursor
from services.portal.web.visits import Visit

FILTERS: Mapping[str, Sequence[str]] = {
    "all": (),
    "approved": ("APPROVED",),
    "pending": ("APPROVED", "PENDING"),
    "ended": ("CANCELLED", "DISASSOCIATED", "REJECTED"),
}
"""The filter of IA-PROF-02, the default first: which statuses show; none means all."""

COLUMNS = ("employer", "role", "status", "pecos", "nppes")
WITH_EHR = (*COLUMNS[:-1], "ehr", COLUMNS[-1])
"""As the deck orders them; the retired function only where there is history to show (D-18, IA-EHR-03)."""
ORDERS = {column: "" if column == "employer" else column.upper() for column in WITH_EHR}
"""Column -> what access calls it: what orders employers before their names do."""
LONGEST = 100

LAST = Field("last", "D-08.understood", missing="D-08.missing", longest=3)
"""The extra confirmation of the last Authorized Official."""


@dataclass(frozen=True, slots=True)
class EmployerRow:
    """One employer of the person (IA-PROF-05)."""

    id: str
    employer: naming.Employer
    role: str
    role_code: str
    status: str
    """PENDING, APPROVED, REJECTED, CANCELLED or DISASSOCIATED (IA-PROF-06)."""
    pecos: bool
    ehr: bool
    """Of the past: it gives no right any more (IA-EHR-04)."""
    nppes: bool
    since: Any
    tracking_id: str = ""
    """Of a request that is pending (IA-PROF-07), the first one or a change of role."""
    request_id: str = ""
    """Of the same request, where access says it."""
    lacks_official: bool = False
    """Whether the employer has no Authorized Official now (D-08)."""
    shows_ein: bool = False
    """Whether the person may see the whole EIN (IA-CONF-06)."""

    @property
    def kind(self) -> str:
        """The look of the status."""
        return naming.KINDS.get(self.status, "")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address asks for: filter, name, order, the row that is open, the page."""

    path: str
    show: str
    name: str
    sort: str
    open: str
    at: str

    def link(self, **change: str) -> str:
        """The same view with something changed; what is as by default is left out."""
        default = {"show": "all", "name": "", "sort": "employer", "open": "", "at": ""}
        values = {name: getattr(self, name) for name in default} | change
        default["ein"] = ""  # asked for each time: no other link carries it on
        query = urlencode({key: value for key, value in values.items() if value != default[key]})
        return f"{self.path}?{query}#employers" if query else f"{self.path}#employers"

    def sort_link(self, column: str) -> str:
        """Sort by a column; by the same one again, the other way."""
        return self.link(sort=f"-{column}" if self.sort == column else column, at="")


def shown(visit: Visit, path: str) -> Shown:
    """Read the address. What it cannot mean counts as the default."""
    asked = visit.request.query_params
    show, sort = asked.get("show", ""), asked.get("sort", "")
    return Shown(
        path=path,
        show=show if show in FILTERS else "all",
        name=asked.get("name", "").strip()[:LONGEST],
        sort=sort if sort.removeprefix("-") in WITH_EHR else "employer",
        open=asked.get("open", ""),
        at=asked.get("at", ""),
    )


@dataclass(frozen=True, slots=True)
class Paged:
    """One page of the person's employers."""

    rows: Sequence[EmployerRow]
    found: int
    """How many are so in all."""
    skipped: int
    """How many of them stand before this page."""
    before: Cursor | None
    after: Cursor | None
    has_ehr: bool


def page(visit: Visit, view: Shown) -> Paged:
    """The page of a filter, a name, an order and a cursor (IA-PROF-02, IA-PROF-03). Raises `RefusedError`.

    Access says which employers and what orders them first, the registry which of them stand on the page by name.
    """
    access, registry = visit.portal.clients.access, visit.portal.clients.registry
    if access is None or registry is None:
        return Paged((), 0, 0, None, None, has_ehr=False)
    column, falls = view.sort.removeprefix("-"), view.sort.startswith("-")
    wanted = SelectMyEmployersRequest(statuses=FILTERS[view.show], order=ORDERS[column])
    mine = receipts.ask(visit, access.SelectMyEmployers, wanted, audience="access")
    sign = -1 if falls and ORDERS[column] else 1
    ranks = {id_: sign * rank for id_, rank in zip(mine.employer_ids, mine.ranks, strict=True)}
    request = SelectProvidersRequest(
        provider_ids=list(ranks),
        ranks=list(ranks.values()),
        name=view.name,
        limit=PAGE,
        descending=falls and not ORDERS[column],  # of other orders the ranks fall, and names order the others as ever
    )
    if at := Cursor.read(view.at):
        request.after, request.after_rank, request.before = at.id, at.rank, at.before
    found = receipts.ask(visit, registry.SelectProviders, request, audience="", service=receipts.REGISTRY)
    ids = list(found.provider_ids)
    associations = dict(zip(mine.employer_ids, mine.association_ids, strict=True))
    return Paged(
        rows=_rows(visit, [associations[id_] for id_ in ids]),
        found=found.found,
        skipped=found.skipped,
        before=Cursor(ids[0], ranks[ids[0]], before=True) if ids and found.skipped else None,
        after=Cursor(ids[-1], ranks[ids[-1]]) if ids and found.skipped + len(ids) < found.found else None,
        has_ehr=mine.has_ehr,
    )


def context(visit: Visit, path: str) -> dict[str, Any]:
    """What the part of the page needs."""
    view = shown(visit, path)
    found = page(visit, view)
    columns = WITH_EHR if found.has_ehr else COLUMNS
    return {
        "employers": found.rows,
        "page": found,
        "view": view,
        "filters": tuple(FILTERS),
        "columns": columns,
        "ein": _ein(visit, next((row for row in found.rows if row.id == view.open), None)),
    }


def _ein(visit: Visit, opened: EmployerRow | None) -> str:
    """`12-3456789` of the open row, where the reader asks for it and manages there (IA-CONF-06); else nothing."""
    if opened is None or not opened.shows_ein or visit.request.query_params.get("ein") != "1":
        return ""
    request = ShowEinRequest(employer_id=opened.employer.id)
    try:
        digits = str(visit.ask(visit.portal.clients.access.ShowEin, request, audience="access").ein)
    except RefusedError as refused:
        if refused.status is not grpc.StatusCode.NOT_FOUND:  # does not manage there any more, though the view says so
            raise
        return ""
    return f"{digits[:2]}-{digits[2:]}"


def show(visit: Visit) -> Response:
    """Employer Information alone."""
    return visit.page("profile/employers.html", **context(visit, "/profile/employers"))


def ask_leave(visit: Visit) -> Response:
    """What will be lost, before anything is."""
    mine = _mine(visit)
    return _leave(visit, mine, _leave_form(visit, mine))


def leave(visit: Visit) -> Response:
    """End the own association: nobody has to agree (4.3); the last official says twice that it is meant (D-08)."""
    mine = _mine(visit)
    form = _leave_form(visit, mine)
    if not form.read(visit.data):
        return _leave(visit, mine, form, 422)
    request = DisassociateRequest(
        command_id=visit.command_id(),
        association_id=mine.association_id,
        leaves_without_official=LAST.name in form.fields,
    )
    try:
        answer: DisassociateResponse = visit.ask(visit.portal.clients.access.Disassociate, request, audience="access")
    except RefusedError as refused:
        return _leave(visit, mine, form, form.not_taken(refused, visit.command_id()))
    receipts.remember(visit, answer.receipt)
    return visit.go("/profile/employers?done=disassociated")


def _leave_form(visit: Visit, mine: Association) -> Form:
    return visit.form(LAST) if colleagues.is_last_official(visit, mine) else visit.form()


def _leave(visit: Visit, mine: Association, form: Form, status: int = 200) -> Response:
    if mine.status != "APPROVED":
        return visit.go(f"/profile/employers?open={mine.association_id}#employers")
    row = _row(visit, mine, naming.employers(visit, [mine.employer_id])[mine.employer_id])
    return visit.page("profile/leave.html", status, form=form, row=row)


def _mine(visit: Visit) -> Association:
    """The person's own association of the address; of another's there is no such page."""
    id_ = str(visit.request.path_params["association"])
    mine = standing.associations(visit, ListMyEmployersRequest(association_ids=[id_]))
    if not mine:
        raise HTTPException(404)
    return mine[0]


def _rows(visit: Visit, association_ids: Sequence[str]) -> Sequence[EmployerRow]:
    """The rows of a page, in its order."""
    if not association_ids:
        return ()
    told = standing.associations(visit, ListMyEmployersRequest(association_ids=association_ids))
    names = naming.employers(visit, (one.employer_id for one in told))
    by_id = {one.association_id: _row(visit, one, names[one.employer_id]) for one in told}
    return [by_id[id_] for id_ in association_ids if id_ in by_id]  # gone between two questions


def _row(visit: Visit, one: Association, employer: naming.Employer) -> EmployerRow:
    return EmployerRow(
        id=one.association_id,
        employer=employer,
        role=naming.role(visit, one.role),
        role_code=one.role,
        status=one.status,
        pecos="PECOS" in one.functions,
        ehr="EHR" in one.functions,
        nppes="NPPES" in one.functions,
        since=one.since,
        tracking_id=one.tracking_id,
        request_id=one.role_request_id,
        lacks_official=one.lacks_official,
        shows_ein=one.status == "APPROVED" and manages(one.role) and employer.number.startswith("EIN"),
    )


PAGES = (
    Page("/profile/employers", Access.SIGNED_IN, get=show),
    Page("/profile/employers/{association:uuid}/leave", Access.SIGNED_IN, get=ask_leave, post=leave),
)
