"""The three lists of My Staff as files that spreadsheets read and do not run (S-24)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from services.portal.web import colleagues, decisions, report_csv, roster, staff, staff_requests
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

Lines = Callable[[Visit, roster.Asked, roster.Roster], list[Sequence[str]]]

PLACE = ("IA-STAFF-03.name", "IA-SIGN-01.user_id", "IA-STAFF-03.employer", "IA-STAFF-03.number")
ACTIVE = (
    *PLACE, "IA-STAFF-03.role", "IA-STAFF-03.pecos", "IA-STAFF-03.ehr", "IA-STAFF-03.nppes", "IA-STAFF-03.since",
)  # fmt: skip
"""With the retired function, whether there is history of it or not: the head goes out before the last page is known."""
INACTIVE = (*PLACE, "IA-STAFF-04.role", "IA-STAFF-03.ended", "IA-STAFF-04.ended_by")
REQUESTS = (*PLACE, "IA-RREQ-01.current", "IA-RREQ-01.request", "IA-CONF-01.tracking", "IA-RREQ-01.since")


def active(visit: Visit) -> Response:
    """One line for each person and employer."""
    return _file(visit, colleagues.APPROVED, "active-staff", ACTIVE, _active)


def inactive(visit: Visit) -> Response:
    """One line for each person and employer."""
    return _file(visit, colleagues.ENDED, "inactive-staff", INACTIVE, _inactive)


def requests(visit: Visit) -> Response:
    """One line for each request."""
    return _file(visit, colleagues.PENDING, "role-requests", REQUESTS, _requests)


def _file(visit: Visit, list_: str, name: str, head: Sequence[str], lines: Lines) -> Response:
    """Streamed page by page; what goes wrong at the first page is a page, later a broken file."""
    wanted = staff.asked(visit, staff.shown(visit, visit.request.url.path, list_))
    pages = _pages(visit, wanted, lines)
    first = next(pages)
    file_name = report_csv.file_name(visit.now(), visit.settings.zone, name)
    return visit.answer(
        StreamingResponse(
            report_csv.lines([str(visit.words(one).unescape()) for one in head], _after(first, pages)),
            headers={"content-disposition": f'attachment; filename="{file_name}"', "x-content-type-options": "nosniff"},
            media_type="text/csv; charset=utf-8",
        )
    )


def _after(first: list[Sequence[str]], others: Iterator[list[Sequence[str]]]) -> Iterator[list[Sequence[str]]]:
    yield first
    yield from others


def _pages(visit: Visit, wanted: roster.Asked, lines: Lines) -> Iterator[list[Sequence[str]]]:
    for found in roster.pages(visit, wanted):
        yield lines(visit, wanted, found)
        # tokens live for seconds, and a session that has ended, or a role that was lost, reads no further
        visit.check_session(activity=False)
        if visit.session is None:
            raise HTTPException(404)


def _active(visit: Visit, wanted: roster.Asked, found: roster.Roster) -> list[Sequence[str]]:
    return [
        (
            *_place(one, post),
            post.role,
            *(_yes_no(visit, has) for has in (post.pecos, post.ehr, post.nppes)),
            visit.day(post.since),
        )
        for one in staff.members(visit, wanted, found.people)
        for post in one.posts
    ]


def _inactive(visit: Visit, wanted: roster.Asked, found: roster.Roster) -> list[Sequence[str]]:
    return [
        (*_place(one, post), post.role, visit.day(post.since), post.ended_by)
        for one in staff.members(visit, wanted, found.people)
        for post in one.posts
    ]


def _requests(visit: Visit, wanted: roster.Asked, found: roster.Roster) -> list[Sequence[str]]:
    return [
        (
            row.name,
            row.user_id,
            row.employer.name,
            row.employer.number,
            row.current_role,
            row.role,
            row.tracking_id,
            visit.day(row.requested_at),
        )
        for row in decisions.rows(visit, staff_requests.requests_of(visit, wanted, found.people))
    ]


def _place(one: staff.Member, post: staff.Post) -> tuple[str, str, str, str]:
    return one.name, one.user_id, post.employer.name, post.employer.number


def _yes_no(visit: Visit, has: bool) -> str:  # noqa: FBT001 - of a cell
    return str(visit.words("IA-PROF-05.yes" if has else "IA-PROF-05.no").unescape())


PAGES = (
    Page("/staff.csv", Access.SIGNED_IN, get=active),
    Page("/staff/inactive.csv", Access.SIGNED_IN, get=inactive),
    Page("/staff/requests.csv", Access.SIGNED_IN, get=requests),
)
