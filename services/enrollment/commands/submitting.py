"""Submitting: the form is complete, every needed signer is named, and access says yes at this moment (PE-X-04)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis import nature
from chassis.application import Application as App
from chassis.application import once
from chassis.cause import Cause, Receipt
from chassis.domain import Aggregate, Fault, FaultsError
from chassis.stepping_up import require_recent
from chassis.vocabulary import attestations, eastern
from services.enrollment.commands import signers
from services.enrollment.commands.applications import prepared
from services.enrollment.commands.parts import Parts, after_days
from services.enrollment.commands.signers import Named
from services.enrollment.domain import forms, signatures
from services.enrollment.domain.application import Application
from services.enrollment.domain.application_refusals import WrongSignerError
from services.enrollment.domain.application_review import EDITABLE
from services.enrollment.domain.enrollment import NotEnrolledError
from services.enrollment.domain.reassignment import Reassignment
from services.enrollment.domain.signatures import PRACTITIONER, Signer
from services.enrollment.projections import enrollments


@once
def submit(
    app: App, parts: Parts, cause: Cause, *, application_id: UUID, named: Sequence[Named], attestation: str
) -> Receipt:
    """Submit in the actor's name, who signs by it where he is the practitioner and attests. Repeating it is once."""
    application = prepared(app, parts, cause, application_id)
    parts.rights.require_owner(cause.actor, application.provider_id)
    _require_complete(application, named, present=bool(attestation))
    if attestation:
        attestations.require_known(attestations.SIGNATURE, attestation)
        if not parts.rights.is_own_record(cause.actor, application.provider_id):
            raise WrongSignerError
        require_recent(cause)  # S-09
    asked = signers.sealed(parts, cause.command_id, named)
    return app.execute(
        _submit, cause, parts=parts, application_id=application_id, asked=asked, named=named, attestation=attestation
    )


def _submit(
    app: App,
    cause: Cause,
    *,
    parts: Parts,
    application_id: UUID,
    asked: Sequence[Signer],
    named: Sequence[Named],
    attestation: str,
) -> Receipt:
    application = prepared(app, parts, cause, application_id)
    _require_complete(application, named, present=bool(attestation))
    now = nature.now()
    reassignment, former = _reassignment(app, application)
    application.submit(
        submitted_by=cause.actor,
        signers=asked,
        reassignment_id=reassignment.id if reassignment else None,
        expires_at=after_days(now, parts.settings.signature_days),
        now=now,
    )
    if attestation:
        application.sign_present(
            signature_id=signers.signature_id(cause.command_id, len(asked)),
            needed=next(one for one in application.needed if one.capacity == PRACTITIONER),
            signed_by=cause.actor,
            now=now,
            attestation=attestation,
            filing_date=eastern.day_of(now).isoformat(),
        )
    changed = [one for one in (reassignment, former) if one is not None]
    return app.commit(application, *changed, cause=cause)


def _require_complete(application: Application, named: Sequence[Named], *, present: bool) -> None:
    """See that every topic is there and every signer named. Raises `FaultsError` with all that is missing."""
    application.require(*EDITABLE)
    faults = [
        Fault("TOPIC_MISSING", f"topics.{one}", "fill in this topic first")
        for one in forms.missing(application.form, application.topics)
    ]
    faults += signatures.mismatches(application.needed, [one.needed for one in named], present=present)
    if faults:
        raise FaultsError(faults)


def _reassignment(app: App, application: Application) -> tuple[Reassignment | None, Aggregate | None]:
    """The reassignment that it proposes, and the one that an earlier submission proposed instead (4.8, PE-X-06)."""
    proposed: Reassignment | None = None
    if forms.REASSIGNMENT in application.topics:
        group = UUID(application.topics[forms.REASSIGNMENT]["receiving_provider_id"])
        with app.session() as session:
            record = enrollments.receiving(session, provider_id=group)
        if record is None:
            raise NotEnrolledError
        id_ = Reassignment.id_for(application.provider_id, record.enrollment_id)
        proposed = app.repository.find(id_)
        if proposed is None:
            proposed = Reassignment(
                id=id_,
                provider_id=application.provider_id,
                npi=application.npi,
                receiving_enrollment_id=record.enrollment_id,
                receiving_provider_id=group,
                receiving_npi=record.npi,
                application_id=application.id,
            )
        else:
            proposed.propose(application_id=application.id)
    former_id = application.reassignment_id
    if former_id is None or (proposed is not None and proposed.id == former_id):
        return proposed, None
    former: Reassignment = app.repository.get(former_id, kind=Reassignment)
    former.void(application_id=application.id)
    return proposed, former
