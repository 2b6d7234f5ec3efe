"""Employer Information (row 22): for whom the person works, in which role and with what; leaving an employer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from mandate.access.v1.service_pb2 import Association, DisassociateRequest, DisassociateResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.portal.web import colleagues, naming, receipts, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

FILTERS: Mapping[str, frozenset[str]] = {
    "all": frozenset(),
    "approved": frozenset({"APPROVED"}),
    "pending": frozenset({"APPROVED", "PENDING"}),
    "ended": frozenset({"CANCELLED", "DISASSOCIATED", "REJECTED"}),
}
"""The filter of IA-PROF-02, the default first: which statuses show; none means all."""

COLUMNS = ("employer", "role", "status", "pecos", "nppes")
WITH_EHR = (*COLUMNS[:-1], "ehr", COLUMNS[-1])
"""As the deck orders them; the retired function only where there is history to show (D-18, IA-EHR-03)."""
STATUS_ORDER = ("PENDING", "APPROVED", "REJECTED", "CANCELLED", "DISASSOCIATED")
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

    @property
    def kind(self) -> str:
        """The look of the status."""
        return naming.KINDS.get(self.status, "")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the address asks for: filter, name, order, the row that is open."""

    path: str
    show: str
    name: str
    sort: str
    open: str

    def link(self, **change: str) -> str:
        """The same view with something changed; what is as by default is left out."""
        default = {"show": "all", "name": "", "sort": "employer", "open": ""}
        values = {"show": self.show, "name": self.name, "sort": self.sort, "open": self.open} | change
        query = urlencode({key: value for key, value in values.items() if value != default[key]})
        return f"{self.path}?{query}#employers" if query else f"{self.path}#employers"

    def sort_link(self, column: str) -> str:
        """Sort by a column; by the same one again, the other way."""
        return self.link(sort=f"-{column}" if self.sort == column else column)


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
    )


def rows(visit: Visit, view: Shown) -> Sequence[EmployerRow]:
    """The rows of a filter, a name and an order (IA-PROF-02, IA-PROF-03). Raises `RefusedError`."""
    statuses = FILTERS[view.show]
    found = [one for one in standing.associations(visit) if not statuses or one.status in statuses]
    names = naming.employers(visit, (one.employer_id for one in found))
    made = [_row(visit, one, names[one.employer_id]) for one in found]
    if view.name:
        made = [row for row in made if view.name.casefold() in row.employer.name.casefold()]
    made.sort(key=lambda row: row.employer.name.casefold())
    return sorted(made, key=_order(view.sort.removeprefix("-")), reverse=view.sort.startswith("-"))


def context(visit: Visit, path: str) -> dict[str, Any]:
    """What the part of the page needs."""
    view = shown(visit, path)
    found = rows(visit, view)
    columns = WITH_EHR if any(row.ehr for row in found) else COLUMNS
    return {"employers": found, "view": view, "filters": tuple(FILTERS), "columns": columns}


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
    mine = next((one for one in standing.associations(visit) if one.association_id == id_), None)
    if mine is None:
        raise HTTPException(404)
    return mine


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
        request_id=getattr(one, "role_request_id", ""),  # a field that access is yet to have
    )


def _order(column: str) -> Callable[[EmployerRow], Any]:
    return {
        "employer": lambda row: row.employer.name.casefold(),
        "role": lambda row: list(naming.ROLES).index(row.role_code) if row.role_code in naming.ROLES else 9,
        "status": lambda row: STATUS_ORDER.index(row.status) if row.status in STATUS_ORDER else 9,
        "pecos": lambda row: not row.pecos,
        "ehr": lambda row: not row.ehr,
        "nppes": lambda row: not row.nppes,
    }[column]


PAGES = (
    Page("/profile/employers", Access.SIGNED_IN, get=show),
    Page("/profile/employers/{association:uuid}/leave", Access.SIGNED_IN, get=ask_leave, post=leave),
)
