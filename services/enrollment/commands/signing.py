"""Signing and refusing, statements instead of signatures, and signatures that do not come in time (PE-X-03 to -05)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chassis import nature
from chassis.application import Application as App
from chassis.application import once
from chassis.cause import Cause, Receipt
from chassis.domain import DomainError
from chassis.stepping_up import require_recent
from chassis.vocabulary import addresses, attestations, eastern
from chassis.vocabulary.roles import MAC
from services.enrollment.commands import signers
from services.enrollment.commands.applications import prepared, voided
from services.enrollment.commands.parts import Parts, after_days
from services.enrollment.commands.rights import NoRightToActError
from services.enrollment.commands.signers import Person
from services.enrollment.domain.application import Application
from services.enrollment.domain.application_refusals import AttestationMissingError, WrongSignerError
from services.enrollment.domain.signatures import PRACTITIONER, Needed

LONGEST_REASON = 500


class EmailMalformedError(DomainError):
    """Write an e-mail address like name@example.com."""

    field = "email"


class ReasonTooLongError(DomainError):
    """Write at most 500 characters."""

    code = "FIELD_TOO_LONG"
    field = "reason"


@once
def sign(
    app: App, parts: Parts, cause: Cause, *, application_id: UUID, signature_id: UUID, attestation: str
) -> Receipt:
    """Sign in the actor's own name. Repeating it changes nothing."""
    if not attestation:
        raise AttestationMissingError
    attestations.require_known(attestations.SIGNATURE, attestation)
    _require_signer(app, parts, cause, application_id, signature_id)
    require_recent(cause)  # S-09
    return app.execute(_give, cause, application_id=application_id, signature_id=signature_id, attestation=attestation)


def _give(app: App, cause: Cause, *, application_id: UUID, signature_id: UUID, **how: Any) -> Receipt:
    """Let the application have a signature, by an attestation or by a document."""
    application: Application = app.repository.get(application_id, kind=Application)
    now = nature.now()
    filing_date = eastern.day_of(now).isoformat()
    application.sign(signature_id=signature_id, signed_by=cause.actor, now=now, filing_date=filing_date, **how)
    return app.commit(application, cause=cause)


@once
def decline(app: App, parts: Parts, cause: Cause, *, application_id: UUID, signature_id: UUID, reason: str) -> Receipt:
    """Refuse to sign in the actor's own name. Repeating it changes nothing."""
    if len(reason) > LONGEST_REASON:
        raise ReasonTooLongError
    _require_signer(app, parts, cause, application_id, signature_id)
    return app.execute(
        _decline, cause, parts=parts, application_id=application_id, signature_id=signature_id, reason=reason.strip()
    )


def _decline(app: App, cause: Cause, *, parts: Parts, application_id: UUID, signature_id: UUID, reason: str) -> Receipt:
    application: Application = app.repository.get(application_id, kind=Application)
    now = nature.now()
    application.decline(
        signature_id=signature_id,
        declined_by=cause.actor,
        reason=reason,
        now=now,
        expires_at=after_days(now, parts.settings.idle_draft_days),
    )
    return app.commit(application, cause=cause)


@once
def file_statement(
    app: App, parts: Parts, cause: Cause, *, application_id: UUID, signature_id: UUID, document_id: UUID
) -> Receipt:
    """Let an uploaded statement stand for a signature (PE-BEN-03). Repeating it changes nothing."""
    application = prepared(app, parts, cause, application_id)
    parts.rights.require_owner(cause.actor, application.provider_id)
    return app.execute(
        _give,
        cause,
        application_id=application_id,
        signature_id=signature_id,
        document_id=document_id,
    )


@once
def request_again(
    app: App, parts: Parts, cause: Cause, *, application_id: UUID, signature_id: UUID, email: str
) -> Receipt:
    """Send the mail to a signer again, to another address where one is given (PE-REA-11)."""
    application = prepared(app, parts, cause, application_id)
    one = application.signature(signature_id)
    sealed = one.sealed
    if email.strip():
        known = signers.person_of(parts, one)
        try:
            person = Person(known.name if known else "", addresses.email(email))
        except addresses.AddressError:
            raise EmailMalformedError from None
        sealed = signers.seal(parts, signature_id, person)
    return app.execute(_request_again, cause, application_id=application_id, signature_id=signature_id, sealed=sealed)


def _request_again(app: App, cause: Cause, *, application_id: UUID, signature_id: UUID, sealed: str) -> Receipt:
    application: Application = app.repository.get(application_id, kind=Application)
    application.request_again(signature_id=signature_id, signer=sealed, now=nature.now())
    return app.commit(application, cause=cause)


def expire(app: App, cause: Cause, *, id: UUID) -> Receipt:
    """Reject what lacks signatures when their time is over (D-23); the aggregate looks at the clock itself."""
    application: Application = app.repository.get(id, kind=Application)
    was = application.status
    application.expire_signatures(now=nature.now())
    failed = voided(app, application) if application.status != was else ()
    return app.commit(application, *failed, cause=cause)


def _require_signer(app: App, parts: Parts, cause: Cause, application_id: UUID, signature_id: UUID) -> None:
    """Let the person pass whose signature it is, and whom access lets act for that record at this moment (X-22, D-50).

    An official signs only what was submitted by somebody who may still act for the practitioner; the practitioner's
    own signature makes good for that.
    """
    application: Application = app.repository.get(application_id, kind=Application)
    is_own = cause.actor in {application.started_by, application.submitted_by}
    if not is_own and not signers.may_see(app, parts, cause.actor, application, is_contractor=MAC in cause.roles):
        raise WrongSignerError.hiding()  # that somebody applies is nobody else's to know
    needed = application.signature(signature_id).needed
    if not signers.may_sign(app, parts, cause.actor, application, needed):
        raise WrongSignerError(_whose(needed))
    parts.rights.require_owner(cause.actor, needed.provider_id)
    if needed.capacity == PRACTITIONER:
        return
    if not parts.rights.owner.may_act(application.submitted_by, application.provider_id):
        raise NoRightToActError(
            "Whoever submitted this application may not act for the provider any more. The provider, or somebody whom"
            " the provider lets act, can Correct & Re-submit it.",
            ["SUBMITTER"],
        )


def _whose(needed: Needed) -> str:
    if needed.capacity == PRACTITIONER:
        return "Only the practitioner signs this, nobody in his place (PE-X-05, X-22). Sign in with his own account."
    return (
        "Only an official whom the group's enrollment record lists, and who may act for the group, signs this (X-22)."
        " Ask the contractor who is listed."
    )
