"""What the contractor does with an application (4.6), and the record that an approval makes or changes (4.7, 4.8)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application as App
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, DomainError, id_of
from services.enrollment.commands.applications import receiving_record, voided
from services.enrollment.commands.parts import Parts, after_days
from services.enrollment.commands.rights import require_contractor
from services.enrollment.domain import forms
from services.enrollment.domain.application import Application
from services.enrollment.domain.enrollment import (
    APPROVED,
    PECOS,
    Enrollment,
    NotEnrolledError,
    ptan_claim,
    revalidation_date,
)
from services.enrollment.domain.reassignment import Reassignment

PTAN = re.compile(r"[A-Z0-9]{2,10}")
LONGEST_REASON = 2_000


class ReasonRequiredError(DomainError):
    """Say why, in words that help."""

    code = "FIELD_REQUIRED"
    field = "reason"


class ReasonTooLongError(DomainError):
    """Write at most 2,000 characters."""

    code = "FIELD_TOO_LONG"
    field = "reason"


class DateMalformedError(DomainError):
    """Write the date as YYYY-MM-DD."""

    field = "effective_date"


class EffectiveTooEarlyError(DomainError):
    """An enrollment begins at most 30 days before its filing date (PE-X-12)."""

    field = "effective_date"


class PtanMalformedError(DomainError):
    """A Medicare ID has 2 to 10 letters and digits."""

    field = "ptan"


class PtanTakenError(DomainError):
    """Another record has this Medicare ID."""

    field = "ptan"


def take_up(app: App, cause: Cause, *, application_id: UUID) -> Receipt:
    """Begin the review. Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    application.take_up(started_by=cause.actor)
    return app.commit(application, cause=cause)


def request_corrections(app: App, cause: Cause, *, parts: Parts, application_id: UUID, reason: str) -> Receipt:
    """Ask for more, within 30 days (PE-X-10). Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    expires_at = after_days(nature.now(), parts.settings.correction_days)
    application.request_corrections(requested_by=cause.actor, reason=_said(reason), expires_at=expires_at)
    return app.commit(application, cause=cause)


def deny(app: App, cause: Cause, *, application_id: UUID, reason: str) -> Receipt:
    """Deny. Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    application.deny(denied_by=cause.actor, reason=_said(reason))
    return app.commit(application, *voided(app, application), cause=cause)


def reject(app: App, cause: Cause, *, application_id: UUID, reason: str) -> Receipt:
    """Reject. Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    application.reject(rejected_by=cause.actor, reason=_said(reason))
    return app.commit(application, *voided(app, application), cause=cause)


def give_back(app: App, cause: Cause, *, application_id: UUID, reason: str) -> Receipt:
    """Return it unprocessed (PE-X-11). Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    application.give_back(returned_by=cause.actor, reason=_said(reason))
    return app.commit(application, *voided(app, application), cause=cause)


def expire_corrections(app: App, cause: Cause, *, id: UUID) -> Receipt:
    """Reject what nobody has corrected in time (PE-X-10); the aggregate looks at the clock itself."""
    application: Application = app.repository.get(id, kind=Application)
    was = application.status
    application.expire_corrections(now=nature.now())
    failed = voided(app, application) if application.status != was else ()
    return app.commit(application, *failed, cause=cause)


def approve(app: App, cause: Cause, *, parts: Parts, application_id: UUID, effective_date: str, ptan: str) -> Receipt:
    """Approve: the record is established or changed, and its reassignment begins. Repeating it changes nothing."""
    application = _asked(app, cause, application_id)
    effective = day(effective_date)
    earliest = forms.day(application.filing_date) if application.filing_date else effective
    if effective < earliest - timedelta(days=parts.settings.backdating_days):
        raise EffectiveTooEarlyError
    changed: list[Aggregate] = []
    if application.purpose == forms.CHANGE and application.enrollment_id is not None:
        record: Enrollment = app.repository.get(application.enrollment_id, kind=Enrollment)
    else:
        record, claim = _established(app, cause, application, effective, ptan)
        changed.append(claim)
    was_undecided = application.status != "APPROVED"
    application.approve(enrollment_id=record.id, effective_date=effective.isoformat(), approved_by=cause.actor)
    if not was_undecided:
        return app.commit(application, cause=cause)
    record.change(application_id=application.id, changed_by=cause.actor, **_says(application, effective))
    changed += [record, *_begun(app, application, record, effective)]
    return app.commit(application, *changed, cause=cause)


def _established(
    app: App, cause: Cause, application: Application, effective: date, ptan: str
) -> tuple[Enrollment, Aggregate]:
    id_ = id_of("enrollment.Enrollment", application.id)
    ptan = ptan.strip().upper()
    claim = claimed(app, ptan, id_)
    known: Enrollment | None = app.repository.find(id_)
    if known is not None:
        return known, claim
    record = Enrollment(
        id=id_,
        provider_id=application.provider_id,
        npi=application.npi,
        form=application.form,
        contractor=application.contractor,
        origin=PECOS,
        application_id=application.id,
        officials=[],
        established_by=cause.actor,
        **_says(application, effective),
    )
    record.assign(ptan=ptan, effective_date=effective.isoformat())
    record.set_revalidation(due_date=revalidation_date(effective, application.form).isoformat())
    return record, claim


def claimed(app: App, ptan: str, enrollment_id: UUID) -> Aggregate:
    """The claim of a record on a Medicare ID. Raises `PtanMalformedError`, `PtanTakenError`."""
    if not PTAN.fullmatch(ptan):
        raise PtanMalformedError
    claim = app.repository.claim(ptan_claim(ptan), enrollment_id)
    if claim is None:
        raise PtanTakenError
    return claim


def _says(application: Application, effective: date) -> dict[str, str]:
    """What the record takes over from the application's topics."""
    who, where = application.topics["IDENTIFYING_INFORMATION"], application.topics["PRACTICE_LOCATION"]
    return {
        "state": who["state"],
        "specialty": who["specialty"],
        "practice_location": f"{where['city']}, {where['state']}",
        "effective_date": effective.isoformat(),
    }


def _begun(app: App, application: Application, record: Enrollment, effective: date) -> list[Aggregate]:
    """The reassignment that the application asked for, where the group is still enrolled (PE-X-06)."""
    group = receiving_record(app, application)
    if group is None or application.reassignment_id is None:
        return []
    if group.status != APPROVED:
        raise NotEnrolledError
    reassignment: Reassignment = app.repository.get(application.reassignment_id, kind=Reassignment)
    reassignment.establish(application_id=application.id, enrollment_id=record.id, effective_date=effective.isoformat())
    return [reassignment]


def day(text: str) -> date:
    """A date of a request. Raises `DateMalformedError`."""
    try:
        return forms.day(text)
    except ValueError:
        raise DateMalformedError from None


def _asked(app: App, cause: Cause, application_id: UUID) -> Application:
    require_contractor(cause.roles)
    application: Application = app.repository.get(application_id, kind=Application)
    return application


def _said(reason: str) -> str:
    if not reason.strip():
        raise ReasonRequiredError
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLongError
    return reason.strip()
