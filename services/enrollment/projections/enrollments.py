"""One row for each enrollment record: the cards of Existing Enrollments (PE-ENR-01)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.database import Session
from chassis.views import Rows, View
from services.enrollment.domain.enrollment import Enrollment
from services.enrollment.domain.forms import GROUP_FORMS
from services.enrollment.projections.applications import PENDING_REASSIGNMENT

ENROLLMENTS = View(
    name="enrollments_v1",
    table="""
        enrollment_id uuid PRIMARY KEY, provider_id uuid NOT NULL, npi text NOT NULL, form text NOT NULL,
        state text NOT NULL, specialty text NOT NULL, contractor text NOT NULL, status text NOT NULL,
        effective_date text NOT NULL, revalidation_due_date text NOT NULL, practice_location text NOT NULL,
        origin text NOT NULL
    """,
    indexes=("provider_id, enrollment_id",),
)
MEDICARE_IDS = View(
    name="medicare_ids_v1",
    table="enrollment_id uuid, ptan text, effective_date text NOT NULL, PRIMARY KEY (enrollment_id, ptan)",
)


@ENROLLMENTS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Enrollment."""
    match event:
        case Enrollment.Established():
            rows.put(
                event.originator_id,
                provider_id=event.provider_id,
                npi=event.npi,
                form=event.form,
                state=event.state,
                specialty=event.specialty,
                contractor=event.contractor,
                status="APPROVED",
                effective_date=event.effective_date,
                revalidation_due_date="",
                practice_location=event.practice_location,
                origin=event.origin,
            )
        case Enrollment.RevalidationDateSet(originator_id=id_, due_date=due):
            rows.change(id_, revalidation_due_date=due)
        case Enrollment.Changed():
            rows.change(
                event.originator_id,
                state=event.state,
                specialty=event.specialty,
                practice_location=event.practice_location,
            )


@MEDICARE_IDS.fold
def fold_medicare_ids(event: object, rows: Rows) -> None:
    """Each Medicare ID of a record."""
    if isinstance(event, Enrollment.MedicareIdAssigned):
        rows.put(event.originator_id, event.ptan, effective_date=event.effective_date)


@dataclass(frozen=True, slots=True)
class EnrollmentRow:
    """A record as its card shows it."""

    enrollment_id: UUID
    provider_id: UUID
    npi: str
    form: str
    state: str
    specialty: str
    contractor: str
    status: str
    effective_date: str
    revalidation_due_date: str
    practice_location: str
    origin: str
    ptans: list[str]
    existing_reassignments: int
    pending_applications: int


CARD = """
    SELECT e.*,
        (SELECT coalesce(array_agg(m.ptan ORDER BY m.ptan), '{}') FROM medicare_ids_v1 AS m
            WHERE m.enrollment_id = e.enrollment_id),
        (SELECT count(*) FROM reassignments_v1 AS r WHERE r.status = 'ACTIVE'
            AND (r.enrollment_id = e.enrollment_id OR r.receiving_enrollment_id = e.enrollment_id)),
        (SELECT count(*) FROM applications_v1 AS a WHERE a.receiving_provider_id IS NOT NULL AND a.status = ANY(%s)
            AND (a.provider_id = e.provider_id OR a.receiving_provider_id = e.provider_id))
    FROM enrollments_v1 AS e
"""


def cards(db: Session, *, provider_ids: Sequence[UUID], after: UUID | None, limit: int) -> list[EnrollmentRow]:
    """A page of the records of these providers, by keyset."""
    rows = db.run(
        f"{CARD} WHERE e.provider_id = ANY(%s) AND (%s::uuid IS NULL OR e.enrollment_id > %s)"
        " ORDER BY e.enrollment_id LIMIT %s",
        (list(PENDING_REASSIGNMENT), list(provider_ids), after, after, limit),
    )
    return [EnrollmentRow(*row) for row in rows]


def card(db: Session, *, enrollment_id: UUID) -> EnrollmentRow | None:
    """One record, or None."""
    row = db.one(f"{CARD} WHERE e.enrollment_id = %s", (list(PENDING_REASSIGNMENT), enrollment_id))
    return EnrollmentRow(*row) if row else None


@dataclass(frozen=True, slots=True)
class Receiving:
    """A group's record to which benefits can go."""

    enrollment_id: UUID
    npi: str


def receiving(db: Session, *, provider_id: UUID) -> Receiving | None:
    """The group's approved record that receives reassigned benefits, the newest one; None where it has none."""
    row = db.one(
        "SELECT enrollment_id, npi FROM enrollments_v1 WHERE provider_id = %s AND status = 'APPROVED'"
        " AND form = ANY(%s) ORDER BY enrollment_id DESC LIMIT 1",
        (provider_id, list(GROUP_FORMS)),
    )
    return Receiving(*row) if row else None


def npis(db: Session, *, provider_ids: Sequence[UUID | None]) -> dict[UUID, str]:
    """The NPI of the first record of each provider."""
    rows = db.run(
        "SELECT DISTINCT ON (provider_id) provider_id, npi FROM enrollments_v1 WHERE provider_id = ANY(%s)"
        " ORDER BY provider_id, enrollment_id",
        ([one for one in provider_ids if one is not None],),
    )
    return dict(rows)
