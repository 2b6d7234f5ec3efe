"""View/Manage Reassignments (rows 47, 48, 57): the report, its file, what is pending, what can be done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from mandate.enrollment.v1.service_pb2 import (
    Enrollment,
    ListPendingReassignmentApplicationsRequest,
    ListReassignmentsRequest,
    ListReassignmentsResponse,
    Reassignment,
)
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from services.portal.web import clock, commands, enrollments, naming, pecos, report_csv
from services.portal.web.forms import Field, Form
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

PATH = f"{enrollments.RECORD}/reassignments"
COLUMNS = ("relationship", "name", "npi", "status", "medicare_id", "effective", "end", "due")
"""PE-REA-07, in order."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "reassignment": ("ACTIVE", "ENDED"),
    "enrollment": ("APPROVED", "DEACTIVATED", "REVOKED", "REJECTED"),
    "relationship": ("RECEIVING", "REASSIGNING"),
}
"""The filters (PE-REA-05)."""
FILTERS = tuple(Field(name, f"PE-REA-05.{name}", required=False, longest=20) for name in CHOICES)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report: the eight columns as the page shows them."""

    cells: Sequence[str]

    def named(self) -> list[tuple[str, str]]:
        """Every cell with the name of its column."""
        return list(zip(COLUMNS, self.cells, strict=True))


def show(visit: Visit) -> Response:
    """A page of the report, filtered as the address says."""
    seen = pecos.record(visit).enrollment
    form, chosen = _filters(visit)
    cursor = visit.request.query_params.get("after", "")
    after = cursor if commands.is_id(cursor) else ""
    found = _ask(visit, seen, chosen, after, pecos.PAGE)
    path = visit.request.url.path
    last = found.preceding + len(found.reassignments)
    return visit.page(
        "enrollments/reassignments.html",
        422 if form.errors else 200,
        form=form,
        card=_card(visit, seen),
        columns=COLUMNS,
        choices=CHOICES,
        chips=[(name, code, _link(path, chosen | {name: ""})) for name, code in chosen.items()],
        lines=_lines(visit, found.reassignments),
        first_number=found.preceding + 1 if found.reassignments else 0,
        last_number=last,
        total=found.total,
        kinds=pecos.KINDS,
        as_of=_now(visit),
        csv=_link(f"{path}.csv", chosen),
        first=_link(path, chosen) if after else "",
        next=_link(path, chosen | {"after": found.reassignments[-1].reassignment_id}) if last < found.total else "",
    )


def download(visit: Visit) -> Response:
    """The report as CSV, streamed page by page; what goes wrong at the first page is a page, later a broken file."""
    seen = pecos.record(visit).enrollment
    _, chosen = _filters(visit)
    found = _ask(visit, seen, chosen, "", pecos.MOST)
    head = [str(visit.words(f"PE-REA-07.{column}").unescape()) for column in COLUMNS]
    name = report_csv.file_name(visit.now(), visit.settings.zone)
    return visit.answer(
        StreamingResponse(
            report_csv.lines(head, _pages(visit, seen, chosen, found)),
            headers={"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"},
            media_type="text/csv; charset=utf-8",
        )
    )


def pending(visit: Visit) -> Response:
    """Pending Reassignments Applications (PE-REA-01, PE-REA-02)."""
    seen = pecos.record(visit).enrollment
    cursor = visit.request.query_params.get("after", "")
    after = cursor if commands.is_id(cursor) else ""
    request = ListPendingReassignmentApplicationsRequest(
        enrollment_id=seen.enrollment_id, after=after, limit=pecos.PAGE + 1
    )
    found = pecos.query(
        visit, visit.portal.clients.enrollment.ListPendingReassignmentApplications, request
    ).applications
    rows, path = found[: pecos.PAGE], visit.request.url.path
    return visit.page(
        "enrollments/pending.html",
        card=_card(visit, seen),
        rows=rows,
        names=naming.employers(visit, (one.provider_id for one in rows)),
        kinds=pecos.KINDS,
        first=path if after else "",
        next=_link(path, {"after": rows[-1].application_id}) if len(found) > pecos.PAGE else "",
    )


def manage(visit: Visit) -> Response:
    """What can be done about reassignments of this record (PE-REA-11)."""
    seen = pecos.record(visit).enrollment
    found = _ask(visit, seen, {"reassignment": "ACTIVE"}, "", pecos.MOST)
    return visit.page(
        "enrollments/manage.html",
        card=_card(visit, seen),
        columns=COLUMNS[:6],
        lines=_lines(visit, found.reassignments),
        total=found.total,
        kinds=pecos.KINDS,
    )


def _card(visit: Visit, seen: Enrollment) -> enrollments.Card:
    return enrollments.card(visit, seen, naming.employers(visit, [seen.provider_id])[seen.provider_id].name)


def _filters(visit: Visit) -> tuple[Form, dict[str, str]]:
    """The filters of the address; FILTER without a choice gets a message, and the list stays (PE-REA-05)."""
    asked = visit.request.query_params
    form = visit.form(*FILTERS)
    form.read({name: asked[name] for name in CHOICES if name in asked})
    chosen = {name: form[name] for name, codes in CHOICES.items() if form[name] in codes}
    if not chosen and any(name in asked for name in CHOICES):
        form.fail("reassignment", "PE-REA-05.nothing")
    return form, chosen


def _ask(
    visit: Visit, seen: Enrollment, chosen: Mapping[str, str], after: str, limit: int
) -> ListReassignmentsResponse:
    request = ListReassignmentsRequest(
        enrollment_id=seen.enrollment_id,
        reassignment_status=chosen.get("reassignment", ""),
        enrollment_status=chosen.get("enrollment", ""),
        relationship=chosen.get("relationship", ""),
        after=after,
        limit=limit,
    )
    answer: ListReassignmentsResponse = pecos.query(visit, visit.portal.clients.enrollment.ListReassignments, request)
    return answer


def _pages(
    visit: Visit, seen: Enrollment, chosen: Mapping[str, str], found: ListReassignmentsResponse
) -> Iterator[Sequence[Sequence[str]]]:
    while found.reassignments:
        yield [line.cells for line in _lines(visit, found.reassignments)]
        if len(found.reassignments) < pecos.MOST:
            return
        # tokens live for seconds, and a session that has ended reads no further
        visit.check_session(activity=False)
        if visit.session is None:
            raise HTTPException(404)
        found = _ask(visit, seen, chosen, found.reassignments[-1].reassignment_id, pecos.MOST)


def _lines(visit: Visit, found: Sequence[Reassignment]) -> list[Line]:
    names = naming.employers(visit, (one.provider_id for one in found))
    return [
        Line(
            (
                visit.words(f"PE-REA-08.{one.relationship}").unescape(),
                names[one.provider_id].name,
                one.npi,
                visit.words(f"PE-ENR-01.status.{one.enrollment_status}").unescape(),
                one.ptan,
                clock.day(one.effective_date),
                str(pecos.day(visit, one.end_date)),
                str(pecos.day(visit, one.revalidation_due_date)),
            )
        )
        for one in found
    ]


def _now(visit: Visit) -> str:
    now, zone = visit.now(), visit.settings.zone
    return f"{clock.day_and_time(now, zone)[:10]} {clock.time_of_day(now, zone)}"


def _link(path: str, query: Mapping[str, str]) -> str:
    text = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{text}" if text else path


PAGES = (
    Page(PATH, Access.SIGNED_IN, get=show, audiences=(pecos.AUDIENCE,)),
    Page(f"{PATH}.csv", Access.SIGNED_IN, get=download, audiences=(pecos.AUDIENCE,)),
    Page(f"{PATH}/pending", Access.SIGNED_IN, get=pending, audiences=(pecos.AUDIENCE,)),
    Page(f"{PATH}/manage", Access.SIGNED_IN, get=manage, audiences=(pecos.AUDIENCE,)),
)
