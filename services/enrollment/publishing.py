"""What enrollment tells other services; what is not named here is private."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from mandate.enrollment.v1 import events_pb2, state_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.enrollment.domain import application_events as events
from services.enrollment.domain.application import Application
from services.enrollment.domain.enrollment import Enrollment
from services.enrollment.domain.reassignment import Reassignment
from services.enrollment.domain.signatures import SIGNED


def last_second(expires_at: datetime | None) -> Timestamp | None:
    """The end of the last day, 23:59:59, of what is too late from `expires_at` on (D-23)."""
    return timestamp(expires_at - timedelta(seconds=1)) if expires_at else None


def _which(application: Application) -> events_pb2.ApplicationReference:
    return events_pb2.ApplicationReference(
        application_id=str(application.id),
        tracking_id=application.tracking_id,
        provider_id=str(application.provider_id),
        form=application.form,
        submitted_by=str(application.submitted_by),
        contractor=application.contractor,
    )


def _submitted(event: Any, application: Application) -> events_pb2.ApplicationSubmitted:
    return events_pb2.ApplicationSubmitted(
        application=_which(application),
        submitted_at=timestamp(event.timestamp),
        sign_before=last_second(event.expires_at),
    )


def _signature_requested(event: Any, application: Application) -> events_pb2.SignatureRequested:
    return events_pb2.SignatureRequested(
        application=_which(application),
        signature_id=str(event.signature_id),
        requested_at=timestamp(event.timestamp),
        sign_before=last_second(application.sign_before),
    )


def _signed(event: events.Signed, application: Application) -> events_pb2.ApplicationSigned:
    return events_pb2.ApplicationSigned(
        application=_which(application),
        signature_id=str(event.signature_id),
        signed_by=str(event.signed_by),
        signed_at=timestamp(event.timestamp),
    )


def _declined(event: events.SignatureDeclined, application: Application) -> events_pb2.SignatureDeclined:
    return events_pb2.SignatureDeclined(
        application=_which(application),
        signature_id=str(event.signature_id),
        declined_by=str(event.declined_by),
        declined_at=timestamp(event.timestamp),
    )


def _received(event: events.Received, application: Application) -> events_pb2.ApplicationReceived:
    return events_pb2.ApplicationReceived(
        application=_which(application), filing_date=event.filing_date, received_at=timestamp(event.timestamp)
    )


def _corrections(event: events.CorrectionsRequested, application: Application) -> events_pb2.CorrectionsRequested:
    return events_pb2.CorrectionsRequested(
        application=_which(application),
        reason=event.reason,
        correct_before=last_second(event.expires_at),
        requested_at=timestamp(event.timestamp),
    )


def _approved(event: events.Approved, application: Application) -> events_pb2.ApplicationApproved:
    signers = {str(one.signed_by) for one in application.signatures.values() if one.status == SIGNED}
    return events_pb2.ApplicationApproved(
        application=_which(application),
        enrollment_id=str(event.enrollment_id),
        effective_date=event.effective_date,
        signer_account_ids=sorted(signers),
        approved_at=timestamp(event.timestamp),
    )


def _denied(event: events.Denied, application: Application) -> events_pb2.ApplicationDenied:
    return events_pb2.ApplicationDenied(
        application=_which(application), reason=event.reason, denied_at=timestamp(event.timestamp)
    )


def _rejected(event: events.Rejected, application: Application) -> events_pb2.ApplicationRejected:
    return events_pb2.ApplicationRejected(
        application=_which(application),
        cause=event.because,
        reason=event.reason,
        rejected_at=timestamp(event.timestamp),
    )


def _returned(event: events.Returned, application: Application) -> events_pb2.ApplicationReturned:
    return events_pb2.ApplicationReturned(
        application=_which(application), reason=event.reason, returned_at=timestamp(event.timestamp)
    )


def _withdrawn(event: events.Withdrawn, application: Application) -> events_pb2.ApplicationWithdrawn:
    return events_pb2.ApplicationWithdrawn(
        application=_which(application),
        withdrawn_by=str(event.withdrawn_by),
        withdrawn_at=timestamp(event.timestamp),
    )


def _established(event: Reassignment.Established, reassignment: Reassignment) -> events_pb2.ReassignmentEstablished:
    return events_pb2.ReassignmentEstablished(
        reassignment_id=str(reassignment.id),
        provider_id=str(reassignment.provider_id),
        receiving_provider_id=str(reassignment.receiving_provider_id),
        effective_date=event.effective_date,
        established_at=timestamp(event.timestamp),
    )


def _ended(event: Reassignment.Ended, reassignment: Reassignment) -> events_pb2.ReassignmentEnded:
    return events_pb2.ReassignmentEnded(
        reassignment_id=str(reassignment.id),
        provider_id=str(reassignment.provider_id),
        receiving_provider_id=str(reassignment.receiving_provider_id),
        end_date=event.end_date,
        ended_at=timestamp(event.timestamp),
    )


def enrollment_state(enrollment: Enrollment) -> state_pb2.EnrollmentState:
    """The whole public state of one record: officials as ids of persons, never by name."""
    return state_pb2.EnrollmentState(
        enrollment_id=str(enrollment.id),
        provider_id=str(enrollment.provider_id),
        form=enrollment.form,
        status=enrollment.status,
        officials=[
            state_pb2.ListedOfficial(person_id=str(one.person_id), capacity=one.capacity)
            for one in enrollment.officials
        ],
    )


PUBLISHING = Publishing(
    to_message={
        Application.Submitted: _submitted,
        Application.Resubmitted: _submitted,
        Application.SignatureRequested: _signature_requested,
        Application.SignatureRequestedAgain: _signature_requested,
        Application.Signed: _signed,
        Application.SignatureDeclined: _declined,
        Application.Received: _received,
        Application.CorrectionsRequested: _corrections,
        Application.Approved: _approved,
        Application.Denied: _denied,
        Application.Rejected: _rejected,
        Application.Returned: _returned,
        Application.Withdrawn: _withdrawn,
        Reassignment.Established: _established,
        Reassignment.Ended: _ended,
    },
    to_state={Enrollment: enrollment_state},
)
