"""Preparing an application: started, saved topic by topic, reopened, withdrawn, abandoned (4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from chassis import nature
from chassis.application import Application as App
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, DomainError
from chassis.vocabulary import eastern, tracking
from services.enrollment.commands.parts import Parts, after_days
from services.enrollment.commands.rights import NoRightToActError
from services.enrollment.domain import forms
from services.enrollment.domain.application import Application
from services.enrollment.domain.enrollment import Enrollment
from services.enrollment.domain.reassignment import Reassignment
from services.enrollment.projections import enrollments


class UnknownProviderError(DomainError):
    """The registry knows no such provider."""

    field = "provider_id"


class NoSuchEnrollmentError(DomainError):
    """Choose an approved enrollment record of this provider to change."""

    field = "enrollment_id"


class NoReceivingEnrollmentError(DomainError):
    """Choose a group with an approved enrollment: benefits are reassigned to an enrolled group only (PE-X-06)."""

    field = "fields.receiving_provider_id"


def start(
    app: App, cause: Cause, *, parts: Parts, provider_id: UUID, form: str, purpose: str, enrollment_id: UUID | None
) -> Receipt:
    """Begin an application in the actor's name; the receipt's id is the application's."""
    forms.topics_of(form)
    if purpose not in forms.PURPOSES:
        raise forms.UnknownPurposeError
    parts.rights.require(cause.actor, provider_id)
    npi = parts.registry.npi_of(provider_id)  # before anything is loaded: meanwhile others would wait for their turn
    if npi is None:
        raise UnknownProviderError
    contractor = parts.settings.contractor
    if purpose == forms.CHANGE:
        record = app.repository.find(enrollment_id) if enrollment_id else None
        if not isinstance(record, Enrollment) or (record.provider_id, record.form) != (provider_id, form):
            raise NoSuchEnrollmentError
        contractor = record.contractor
    now = nature.now()
    application = Application(
        id=cause.command_id,
        provider_id=provider_id,
        npi=npi,
        form=form,
        purpose=purpose,
        enrollment_id=enrollment_id if purpose == forms.CHANGE else None,
        contractor=contractor,
        tracking_id=tracking.make_application(eastern.day_of(now), nature.random_bytes(8)),
        started_by=cause.actor,
        expires_at=after_days(now, parts.settings.idle_draft_days),
    )
    return app.commit(application, cause=cause)


def save_topic(
    app: App, cause: Cause, *, parts: Parts, application_id: UUID, topic: str, fields: Mapping[str, str]
) -> Receipt:
    """Keep a topic. The same again changes nothing."""
    application = prepared(app, parts, cause, application_id)
    kept = forms.judged(application.form, topic, fields)
    if topic == forms.REASSIGNMENT:
        with app.session() as session:
            group = UUID(kept["receiving_provider_id"])
            if group == application.provider_id or enrollments.receiving(session, provider_id=group) is None:
                raise NoReceivingEnrollmentError
    expires_at = after_days(nature.now(), parts.settings.idle_draft_days)
    application.save(topic=topic, fields=kept, saved_by=cause.actor, expires_at=expires_at)
    return app.commit(application, cause=cause)


def reopen(app: App, cause: Cause, *, parts: Parts, application_id: UUID) -> Receipt:
    """Correct & Re-submit: make a draft of it again (PE-REA-02). Repeating it changes nothing."""
    application = prepared(app, parts, cause, application_id)
    application.reopen(reopened_by=cause.actor, expires_at=after_days(nature.now(), parts.settings.idle_draft_days))
    return app.commit(application, cause=cause)


def withdraw(app: App, cause: Cause, *, parts: Parts, application_id: UUID) -> Receipt:
    """Take an application back before it is decided. Repeating it changes nothing."""
    application = prepared(app, parts, cause, application_id)
    application.withdraw(withdrawn_by=cause.actor)
    return app.commit(application, *voided(app, application), cause=cause)


def abandon(app: App, cause: Cause, *, id: UUID) -> Receipt:
    """Close an idle draft; the aggregate looks at the clock itself."""
    application: Application = app.repository.get(id, kind=Application)
    application.abandon(now=nature.now())
    failed = voided(app, application) if application.status == "ABANDONED" else ()
    return app.commit(application, *failed, cause=cause)


def prepared(app: App, parts: Parts, cause: Cause, application_id: UUID) -> Application:
    """The application, where the actor may prepare it.

    Raises `NotFoundError`, and `NoRightToActError`: who neither began nor submitted it may not know of it (D-50).
    """
    application: Application = app.repository.get(application_id, kind=Application)
    try:
        parts.rights.require(cause.actor, application.provider_id)
    except NoRightToActError as error:
        error.hides = cause.actor not in {application.started_by, application.submitted_by}
        raise
    return application


def voided(app: App, application: Application) -> list[Aggregate]:
    """The reassignment that it proposed, which falls with it (4.8)."""
    if application.reassignment_id is None:
        return []
    reassignment: Reassignment = app.repository.get(application.reassignment_id, kind=Reassignment)
    reassignment.void(application_id=application.id)
    return [reassignment]


def receiving_record(app: App, application: Application) -> Enrollment | None:
    """The group's record to which the benefits are to go; None where the application asks for no such thing."""
    if application.reassignment_id is None:
        return None
    reassignment: Reassignment = app.repository.get(application.reassignment_id, kind=Reassignment)
    record: Enrollment = app.repository.get(reassignment.receiving_enrollment_id, kind=Enrollment)
    return record
