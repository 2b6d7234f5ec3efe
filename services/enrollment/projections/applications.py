"""One row for each application, and one for each document: lists of what is unfinished, and the contractor's queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Session
from chassis.domain import Aggregate
from chassis.views import Rows, View
from services.enrollment.domain.application import Application
from services.enrollment.domain.application_review import OPEN, RESUBMITTED, SUBMITTED
from services.enrollment.domain.document import Document
from services.enrollment.domain.forms import REASSIGNMENT

QUEUE = ("SUBMITTED", "RESUBMITTED", "IN_PROCESS")
"""What waits for the contractor."""
PENDING_REASSIGNMENT = ("PENDING_SIGNATURES", *QUEUE, "RETURNED_FOR_CORRECTIONS")
"""Submitted and not decided (PE-REA-01)."""

APPLICATIONS = View(
    name="applications_v1",
    table="""
        application_id uuid PRIMARY KEY, tracking_id text NOT NULL, provider_id uuid NOT NULL, npi text NOT NULL,
        form text NOT NULL, purpose text NOT NULL, status text NOT NULL, contractor text NOT NULL,
        started_at timestamptz NOT NULL, since timestamptz NOT NULL, due_at timestamptz,
        receiving_provider_id uuid, filing_date text NOT NULL
    """,
    indexes=(
        "tracking_id",
        "provider_id, status, application_id",
        "status, application_id",
        "receiving_provider_id, status, application_id",
    ),
)
DOCUMENTS = View(
    name="documents_v1",
    table="document_id uuid PRIMARY KEY, application_id uuid NOT NULL",
    indexes=("application_id, document_id",),
)

BECOMES: dict[type, str] = {
    Application.ReviewStarted: "IN_PROCESS",
    Application.Approved: "APPROVED",
    Application.Denied: "DENIED",
    Application.Rejected: "REJECTED",
    Application.Returned: "RETURNED",
    Application.Withdrawn: "WITHDRAWN",
    Application.Abandoned: "ABANDONED",
}
"""Events after which nothing is due."""


@APPLICATIONS.fold
def fold(event: object, rows: Rows) -> None:
    """Events of Application."""
    match event:
        case Application.Started():
            rows.put(
                event.originator_id,
                tracking_id=event.tracking_id,
                provider_id=event.provider_id,
                npi=event.npi,
                form=event.form,
                purpose=event.purpose,
                status="DRAFT",
                contractor=event.contractor,
                started_at=event.timestamp,
                since=event.timestamp,
                filing_date="",
            )
        case Application.TopicSaved(originator_id=id_, topic=topic, fields=fields) if topic == REASSIGNMENT:
            rows.change(id_, receiving_provider_id=UUID(fields["receiving_provider_id"]))
        case (
            Application.Submitted(originator_id=id_, expires_at=due, timestamp=at)
            | Application.Resubmitted(originator_id=id_, expires_at=due, timestamp=at)
        ):
            rows.change(id_, status="PENDING_SIGNATURES", since=at, due_at=due)
        case Application.SignatureDeclined(originator_id=id_, timestamp=at):
            rows.change(id_, status="DRAFT", since=at, due_at=None)
        case Application.Reopened(originator_id=id_, timestamp=at):
            rows.change(id_, status="DRAFT", since=at, due_at=None)
        case Application.Received(originator_id=id_, filing_date=day, again=again, timestamp=at):
            rows.change(id_, status=RESUBMITTED if again else SUBMITTED, since=at, due_at=None, filing_date=day)
        case Application.CorrectionsRequested(originator_id=id_, expires_at=due, timestamp=at):
            rows.change(id_, status="RETURNED_FOR_CORRECTIONS", since=at, due_at=due)
        case Aggregate.Event() if type(event) in BECOMES:
            rows.change(event.originator_id, status=BECOMES[type(event)], since=event.timestamp, due_at=None)


@DOCUMENTS.fold
def fold_documents(event: object, rows: Rows) -> None:
    """Events of Document."""
    match event:
        case Document.Uploaded(originator_id=id_, application_id=application_id):
            rows.put(id_, application_id=application_id)
        case Document.Deleted(originator_id=id_):
            rows.drop(id_)


@dataclass(frozen=True, slots=True)
class ApplicationRow:
    """An application as lists show it."""

    application_id: UUID
    tracking_id: str
    provider_id: UUID
    npi: str
    form: str
    purpose: str
    status: str
    contractor: str
    started_at: datetime
    since: datetime
    due_at: datetime | None
    receiving_provider_id: UUID | None
    filing_date: str


def by_tracking(db: Session, *, tracking_id: str) -> UUID | None:
    """The application with a Tracking ID, ungrouped."""
    row = db.one("SELECT application_id FROM applications_v1 WHERE tracking_id = %s", (tracking_id,))
    return row[0] if row else None


def one(db: Session, *, application_id: UUID) -> ApplicationRow | None:
    """One application, or None."""
    row = db.one("SELECT * FROM applications_v1 WHERE application_id = %s", (application_id,))
    return ApplicationRow(*row) if row else None


def unfinished(db: Session, *, provider_ids: Sequence[UUID], after: UUID | None, limit: int) -> list[ApplicationRow]:
    """A page of these providers' applications that are not decided, newest first (ids are time-ordered)."""
    rows = db.run(
        "SELECT * FROM applications_v1 WHERE provider_id = ANY(%s) AND status = ANY(%s)"
        " AND (%s::uuid IS NULL OR application_id < %s) ORDER BY application_id DESC LIMIT %s",
        (list(provider_ids), list(OPEN), after, after, limit),
    )
    return [ApplicationRow(*row) for row in rows]


def queue(db: Session, *, status: str, after: UUID | None, limit: int) -> list[ApplicationRow]:
    """A page of what waits for the contractor, oldest first; one state, or all where it is empty."""
    rows = db.run(
        "SELECT * FROM applications_v1 WHERE status = ANY(%s)"
        " AND (%s::uuid IS NULL OR application_id > %s) ORDER BY application_id LIMIT %s",
        ([status] if status in QUEUE else list(QUEUE), after, after, limit),
    )
    return [ApplicationRow(*row) for row in rows]


def pending_reassignments(db: Session, *, provider_id: UUID, after: UUID | None, limit: int) -> list[ApplicationRow]:
    """A page of the submitted applications for a reassignment from or to a provider, oldest first (PE-REA-01)."""
    rows = db.run(
        "SELECT * FROM applications_v1 WHERE (provider_id = %s OR receiving_provider_id = %s)"
        " AND receiving_provider_id IS NOT NULL AND status = ANY(%s)"
        " AND (%s::uuid IS NULL OR application_id > %s) ORDER BY application_id LIMIT %s",
        (provider_id, provider_id, list(PENDING_REASSIGNMENT), after, after, limit),
    )
    return [ApplicationRow(*row) for row in rows]


def documents(db: Session, *, application_id: UUID) -> list[UUID]:
    """The documents of an application, oldest first."""
    rows = db.run(
        "SELECT document_id FROM documents_v1 WHERE application_id = %s ORDER BY document_id", (application_id,)
    )
    return [document_id for (document_id,) in rows]
