"""Existing Enrollments (rows 45, 46): the cards, the record, the Medicare ID report (PE-ENR-01, PE-REP-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mandate.enrollment.v1.service_pb2 import (
    ApplicationSummary,
    Enrollment,
    ListApplicationsRequest,
    ListEnrollmentsRequest,
    ListMedicareIdsRequest,
)
from starlette.responses import Response

from services.portal.web import clock, commands, naming, pecos
from services.portal.web.pages import Access, Page
from services.portal.web.visits import Visit

RECORD = "/enrollments/{enrollment:uuid}"


@dataclass(frozen=True, slots=True)
class Card:
    """One enrollment as its card shows it (PE-ENR-01)."""

    of: Enrollment
    title: str
    provider: str
    path: str
    days_left: int
    may_change: bool
    """What MORE OPTIONS offers (PE-ENR-04): only an approved 855I can be changed here."""


def show(visit: Visit) -> Response:
    """The cards of all for whom the person may act, and what is unfinished."""
    cursor = visit.request.query_params.get("after", "")
    after = cursor if commands.is_id(cursor) else ""
    enrollment = visit.portal.clients.enrollment
    listed = pecos.query(
        visit, enrollment.ListEnrollments, ListEnrollmentsRequest(after=after, limit=pecos.PAGE + 1)
    ).enrollments
    started = pecos.query(visit, enrollment.ListApplications, ListApplicationsRequest(limit=pecos.MOST)).applications
    names = naming.employers(visit, _providers(listed, started))
    cards = [card(visit, one, names[one.provider_id].name) for one in listed[: pecos.PAGE]]
    return visit.page(
        "enrollments/list.html",
        cards=cards,
        unfinished=[] if after else [(one, names[one.provider_id].name) for one in started],
        names=names,
        kinds=pecos.KINDS,
        state=pecos.state,
        first="/enrollments" if after else "",
        next=f"/enrollments?after={cards[-1].of.enrollment_id}" if len(listed) > pecos.PAGE else "",
    )


def show_record(visit: Visit) -> Response:
    """The Approved Enrollment Record."""
    seen = pecos.record(visit)
    groups = [fields["receiving_provider_id"] for fields in _fields(seen.topics) if "receiving_provider_id" in fields]
    names = naming.employers(visit, [seen.enrollment.provider_id, *groups])
    return visit.page(
        "enrollments/record.html",
        card=card(visit, seen.enrollment, names[seen.enrollment.provider_id].name),
        officials=seen.officials,
        topics=seen.topics,
        names=names,
        kinds=pecos.KINDS,
        state=pecos.state,
    )


def medicare_ids(visit: Visit) -> Response:
    """The Medicare ID Report."""
    seen = pecos.record(visit).enrollment
    request = ListMedicareIdsRequest(enrollment_id=seen.enrollment_id)
    found = pecos.query(visit, visit.portal.clients.enrollment.ListMedicareIds, request)
    names = naming.employers(visit, [seen.provider_id])
    return visit.page(
        "enrollments/medicare_ids.html",
        card=card(visit, seen, names[seen.provider_id].name),
        rows=found.medicare_ids,
        kinds=pecos.KINDS,
    )


def card(visit: Visit, one: Enrollment, provider: str) -> Card:
    """An enrollment with its names."""
    left = clock.days_until(one.revalidation_due_date, visit.now(), visit.settings.zone)
    return Card(
        of=one,
        title=pecos.title(one),
        provider=provider,
        path=f"/enrollments/{one.enrollment_id}",
        days_left=left,
        may_change=one.status == "APPROVED" and one.form == pecos.INDIVIDUAL,
    )


def _providers(listed: Sequence[Enrollment], started: Sequence[ApplicationSummary]) -> list[str]:
    providers = [one.provider_id for one in listed]
    for one in started:
        providers += [one.provider_id, *([one.receiving_provider_id] if one.receiving_provider_id else [])]
    return providers


def _fields(topics: Any) -> list[Any]:
    return [topic.fields for topic in topics]


PAGES = (
    Page("/enrollments", Access.SIGNED_IN, get=show, audiences=(pecos.AUDIENCE,)),
    Page(RECORD, Access.SIGNED_IN, get=show_record, audiences=(pecos.AUDIENCE,)),
    Page(f"{RECORD}/medicare-ids", Access.SIGNED_IN, get=medicare_ids, audiences=(pecos.AUDIENCE,)),
)
