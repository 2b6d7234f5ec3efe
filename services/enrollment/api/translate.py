"""From rows, and from what is seen, to messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from mandate.enrollment.v1 import service_pb2 as pb

from chassis import nature
from chassis.messages import timestamp
from chassis.vocabulary import eastern
from services.enrollment.commands.reading import SeenDocument, SeenSignature
from services.enrollment.projections.applications import ApplicationRow
from services.enrollment.projections.enrollments import EnrollmentRow
from services.enrollment.projections.reassignments import ReportRow


def summary(row: ApplicationRow) -> pb.ApplicationSummary:
    """An application as lists show it; what is too late from a moment on is due the second before."""
    return pb.ApplicationSummary(
        application_id=str(row.application_id),
        tracking_id=row.tracking_id,
        provider_id=str(row.provider_id),
        form=row.form,
        purpose=row.purpose,
        status=row.status,
        contractor=row.contractor,
        started_at=timestamp(row.started_at),
        since=timestamp(row.since),
        due_at=timestamp(row.due_at - timedelta(seconds=1) if row.due_at else None),
        receiving_provider_id=str(row.receiving_provider_id or ""),
        filing_date=row.filing_date,
    )


def topics(saved: Mapping[str, Mapping[str, str]]) -> list[pb.SavedTopic]:
    """Saved topics."""
    return [pb.SavedTopic(topic=topic, fields=dict(fields)) for topic, fields in saved.items()]


def documents(seen: Sequence[SeenDocument]) -> list[pb.Document]:
    """Documents of an application."""
    return [
        pb.Document(
            document_id=str(one.id),
            document_type=one.document_type,
            file_name=one.file_name,
            media_type=one.media_type,
            bytes=one.content_bytes,
            uploaded_at=timestamp(one.uploaded_at),
            ended_at=timestamp(one.ended_at),
        )
        for one in seen
    ]


def signatures(seen: Sequence[SeenSignature]) -> list[pb.Signature]:
    """Needed signatures."""
    return [
        pb.Signature(
            signature_id=str(one.id or ""),
            capacity=one.capacity,
            provider_id=str(one.provider_id),
            name=one.name,
            email=one.email,
            status=one.status,
            method=one.method,
            signed_at=timestamp(one.signed_at),
            yours=one.yours,
        )
        for one in seen
    ]


def enrollment(row: EnrollmentRow, *, posted_months: int) -> pb.Enrollment:
    """A card; the due date is posted so many months ahead, and "TBD" (empty) before (PE-X-13, PE-ENR-03)."""
    due = date.fromisoformat(row.revalidation_due_date) if row.revalidation_due_date else None
    is_posted = due is not None and _months_before(due, posted_months) <= eastern.day_of(nature.now())
    return pb.Enrollment(
        enrollment_id=str(row.enrollment_id),
        provider_id=str(row.provider_id),
        npi=row.npi,
        form=row.form,
        state=row.state,
        specialty=row.specialty,
        contractor=row.contractor,
        status=row.status,
        ptans=row.ptans,
        effective_date=row.effective_date,
        revalidation_due_date=row.revalidation_due_date if is_posted else "",
        revalidation_due=is_posted,
        practice_location=row.practice_location,
        existing_reassignments=row.existing_reassignments,
        pending_reassignment_applications=row.pending_applications,
        origin=row.origin,
    )


def line(row: ReportRow) -> pb.Reassignment:
    """A line of the report."""
    return pb.Reassignment(
        reassignment_id=str(row.reassignment_id),
        relationship=row.relationship,
        provider_id=str(row.provider_id),
        npi=row.npi,
        enrollment_status=row.enrollment_status,
        ptan=row.ptan,
        effective_date=row.effective_date,
        end_date=row.end_date,
        revalidation_due_date=row.revalidation_due_date,
        status=row.status,
    )


def _months_before(day: date, months: int) -> date:
    """The first day of the month so many months before."""
    years, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(years, month + 1, 1)
