"""One row for each reassignment: the Reassignment Report, from either side (PE-REA-05 to PE-REA-09)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.enrollment.domain.reassignment import Reassignment

REASSIGNMENTS = View(
    name="reassignments_v1",
    table="""
        reassignment_id uuid PRIMARY KEY, provider_id uuid NOT NULL, npi text NOT NULL, enrollment_id uuid,
        receiving_provider_id uuid NOT NULL, receiving_npi text NOT NULL, receiving_enrollment_id uuid NOT NULL,
        status text NOT NULL, effective_date text NOT NULL, end_date text NOT NULL
    """,
    indexes=("receiving_enrollment_id, reassignment_id", "enrollment_id, reassignment_id"),
)
RECEIVING, REASSIGNING = "RECEIVING", "REASSIGNING"
"""The relationship from the group's side, and from the individual's (PE-REA-08)."""


@REASSIGNMENTS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Reassignment."""
    match event:
        case Reassignment.Proposed():
            rows.put(
                event.originator_id,
                provider_id=event.provider_id,
                npi=event.npi,
                receiving_provider_id=event.receiving_provider_id,
                receiving_npi=event.receiving_npi,
                receiving_enrollment_id=event.receiving_enrollment_id,
                status="PENDING",
                effective_date="",
                end_date="",
            )
        case Reassignment.ProposedAgain(originator_id=id_):
            rows.change(id_, status="PENDING")
        case Reassignment.Established(originator_id=id_, enrollment_id=enrollment_id, effective_date=day):
            rows.change(id_, status="ACTIVE", enrollment_id=enrollment_id, effective_date=day, end_date="")
        case Reassignment.Voided(originator_id=id_):
            rows.change(id_, status="VOID")
        case Reassignment.Ended(originator_id=id_, end_date=day):
            rows.change(id_, status="ENDED", end_date=day)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A line of the report: the other side, and how the reassignment stands."""

    reassignment_id: UUID
    relationship: str
    provider_id: UUID
    npi: str
    enrollment_status: str
    ptan: str
    effective_date: str
    end_date: str
    revalidation_due_date: str
    status: str


REPORT = """
    WITH lines AS (
        SELECT reassignment_id, 'RECEIVING' AS relationship, provider_id, npi, enrollment_id AS other, status,
            effective_date, end_date
        FROM reassignments_v1 WHERE receiving_enrollment_id = %s AND status IN ('ACTIVE', 'ENDED')
        UNION ALL
        SELECT reassignment_id, 'REASSIGNING', receiving_provider_id, receiving_npi, receiving_enrollment_id, status,
            effective_date, end_date
        FROM reassignments_v1 WHERE enrollment_id = %s AND status IN ('ACTIVE', 'ENDED')
    ), report AS (
        SELECT l.*, e.status AS enrollment_status, e.revalidation_due_date FROM lines AS l
        JOIN enrollments_v1 AS e ON e.enrollment_id = l.other
        WHERE (%s = '' OR l.status = %s) AND (%s = '' OR e.status = %s) AND (%s = '' OR l.relationship = %s)
    )
"""
"""A change shows only once the contractor has processed it (PE-REA-06): what is pending is not in here."""


@dataclass(frozen=True, slots=True)
class Filters:
    """The three filters (PE-REA-05); an empty one lets all through."""

    reassignment_status: str = ""
    enrollment_status: str = ""
    relationship: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of the report, and where they stand in it (PE-REA-09)."""

    rows: list[ReportRow]
    total: int
    preceding: int


def report(db: Session, *, enrollment_id: UUID, filters: Filters, after: UUID | None, limit: int) -> Page:
    """A page of the report of a record, by keyset."""
    pairs = (filters.reassignment_status, filters.enrollment_status, filters.relationship)
    given = (enrollment_id, enrollment_id, *(text for one in pairs for text in (one, one)))
    counted = db.one(
        f"{REPORT} SELECT count(*), count(*) FILTER (WHERE reassignment_id <= %s) FROM report",  # noqa: S608
        (*given, after),
    )
    rows = db.run(
        f"{REPORT} SELECT reassignment_id, relationship, provider_id, npi, enrollment_status,"  # noqa: S608
        " coalesce((SELECT min(m.ptan) FROM medicare_ids_v1 AS m WHERE m.enrollment_id = other), ''),"
        " effective_date, end_date, revalidation_due_date, status FROM report"
        " WHERE %s::uuid IS NULL OR reassignment_id > %s ORDER BY reassignment_id LIMIT %s",
        (*given, after, after, limit),
    )
    total, preceding = counted or (0, 0)
    return Page([ReportRow(*row) for row in rows], total, preceding)
