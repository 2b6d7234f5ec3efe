"""What people see of one application or record, from the own log; what somebody may not see does not exist for them."""

from __future__ import annotations

from uuid import UUID

from chassis.application import Application as App
from chassis.domain import NotFoundError
from chassis.vault import ShreddedError
from chassis.vocabulary import tracking
from chassis.vocabulary.roles import MAC
from services.enrollment.commands import signers
from services.enrollment.commands.importing import NAME_CONTEXT
from services.enrollment.commands.parts import Parts
from services.enrollment.domain.application import Application
from services.enrollment.domain.document import Document
from services.enrollment.domain.enrollment import Enrollment, Official
from services.enrollment.projections import applications


def application(app: App, parts: Parts, account_id: UUID, roles: frozenset[str], id: UUID) -> Application:
    """An application, for those who prepare or sign it and the contractor. Raises `NotFoundError`."""
    found: Application = app.repository.get(id, kind=Application)
    if not (
        MAC in roles
        or parts.rights.may_act(account_id, found.provider_id)
        or signers.is_signer(app, parts, account_id, found)
    ):
        raise NotFoundError("There is no such application.")
    return found


def id_by_tracking(app: App, typed: str) -> UUID:
    """The application with a Tracking ID, as typed. Raises `NotFoundError`."""
    try:
        tracking_id = tracking.parse(typed)
    except tracking.TrackingIdError as error:
        raise NotFoundError(str(error)) from None
    with app.session() as session:
        found = applications.by_tracking(session, tracking_id=tracking_id)
    if found is None:
        raise NotFoundError("There is no such application.")
    return found


def record(app: App, parts: Parts, account_id: UUID, roles: frozenset[str], id: UUID) -> Enrollment:
    """A record, for those who may act for its provider and the contractor. Raises `NotFoundError`."""
    found: Enrollment = app.repository.get(id, kind=Enrollment)
    if not (MAC in roles or parts.rights.may_act(account_id, found.provider_id)):
        raise NotFoundError("There is no such enrollment.")
    return found


def topics_of(app: App, enrollment: Enrollment) -> dict[str, dict[str, str]]:
    """What the last approved application of a record said; nothing for one from paper."""
    if enrollment.application_id is None:
        return {}
    approved: Application = app.repository.get(enrollment.application_id, kind=Application)
    return approved.topics


def document(app: App, parts: Parts, account_id: UUID, roles: frozenset[str], id: UUID) -> Document:
    """A document, for those who see its application. Raises `NotFoundError`."""
    found: Document = app.repository.get(id, kind=Document)
    application(app, parts, account_id, roles, found.application_id)
    return found


def documents(app: App, application_id: UUID) -> list[Document]:
    """All documents of an application that are there or end-dated, oldest first."""
    with app.session() as session:
        ids = applications.documents(session, application_id=application_id)
    found: list[Document] = [app.repository.get(id_, kind=Document) for id_ in ids]
    return [one for one in found if one.status != "DELETED"]


def official_name(parts: Parts, official: Official) -> str:
    """Who is listed on a record; empty where it was shredded."""
    try:
        return parts.vault.open(official.person_id, official.name, NAME_CONTEXT)
    except ShreddedError:
        return ""
