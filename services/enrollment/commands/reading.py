"""What people see of one application or record, from the own log; what somebody may not see does not exist for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.application import Application as App
from chassis.documents import contents
from chassis.domain import NotFoundError
from chassis.vault import ShreddedError, Vault
from chassis.vocabulary import tracking
from chassis.vocabulary.roles import MAC
from services.enrollment.commands import signers
from services.enrollment.commands.documents import NAME_CONTEXT as FILE_CONTEXT
from services.enrollment.commands.importing import NAME_CONTEXT as OFFICIAL_CONTEXT
from services.enrollment.commands.parts import Parts
from services.enrollment.domain import forms
from services.enrollment.domain.application import Application
from services.enrollment.domain.application_review import EDITABLE
from services.enrollment.domain.document import Document
from services.enrollment.domain.enrollment import Enrollment
from services.enrollment.projections import applications


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks."""

    account_id: UUID
    roles: frozenset[str]

    @property
    def is_contractor(self) -> bool:
        """Whether everything may be seen that was submitted."""
        return MAC in self.roles


@dataclass(frozen=True, slots=True)
class SeenSignature:
    """A needed signature; without an id before a submission, without the address for who does not prepare."""

    id: UUID | None
    capacity: str
    provider_id: UUID
    name: str = ""
    email: str = ""
    status: str = ""
    method: str = ""
    signed_at: datetime | None = None
    yours: bool = False


@dataclass(frozen=True, slots=True)
class SeenDocument:
    """A document as lists show it."""

    id: UUID
    document_type: str
    file_name: str
    media_type: str
    content_bytes: int
    uploaded_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class SeenApplication:
    """An application with all that belongs to it."""

    id: UUID
    topics: dict[str, dict[str, str]]
    documents: Sequence[SeenDocument]
    signatures: Sequence[SeenSignature]
    reason: str
    rejected_because: str
    enrollment_id: UUID | None
    missing_topics: Sequence[str]
    yours_to_prepare: bool


@dataclass(frozen=True, slots=True)
class SeenRecord:
    """What a card does not show of a record: officials as (name, capacity), and what the last application said."""

    officials: Sequence[tuple[str, str]]
    topics: dict[str, dict[str, str]]
    medicare_ids: Sequence[tuple[str, str]]
    npi: str


def form(name: str) -> Sequence[forms.Topic]:
    """What a form asks. Raises `UnknownFormError`."""
    return forms.topics_of(name)


def application(app: App, parts: Parts, reader: Reader, id: UUID) -> SeenApplication:
    """An application, for those who prepare or sign it and the contractor.

    Raises `NotFoundError`; `NoRightToActError` for whoever began or submitted it and may not act any more.
    """
    found = _visible(app, parts, reader, id)
    prepares = parts.rights.may_act(reader.account_id, found.provider_id)
    return SeenApplication(
        id=found.id,
        topics=found.topics,
        documents=_documents(app, parts, found),
        signatures=_signatures(app, parts, reader, found, prepares=prepares),
        reason=found.reason,
        rejected_because=found.rejected_because,
        enrollment_id=found.enrollment_id,
        missing_topics=forms.missing(found.form, found.topics) if found.status in EDITABLE else (),
        yours_to_prepare=prepares,
    )


def documents(app: App, parts: Parts, reader: Reader, application_id: UUID) -> Sequence[SeenDocument]:
    """The documents of an application, end-dated ones too, oldest first. Raises `NotFoundError`."""
    return _documents(app, parts, _visible(app, parts, reader, application_id))


def content(app: App, parts: Parts, reader: Reader, document_id: UUID) -> bytes:
    """What is in a document. Raises `NotFoundError`."""
    found: Document = app.repository.get(document_id, kind=Document)
    _visible(app, parts, reader, found.application_id)
    try:
        kept = contents.get(app, parts.vault, parts.store, document_id=found.id) if found.status != "DELETED" else None
    except ShreddedError:
        kept = None
    if kept is None:
        raise NotFoundError("What was in this document has been destroyed.")
    return kept


def id_by_tracking(app: App, typed: str) -> UUID:
    """The application with a Tracking ID, as typed. Raises `NotFoundError`."""
    try:
        tracking_id = tracking.parse(typed)
    except tracking.TrackingIdError as error:
        raise NotFoundError(str(error)) from None
    with app.session() as session:
        found = applications.by_tracking(session, tracking_id=tracking_id)
    if found is None:
        raise NotFoundError
    return found


def record(app: App, parts: Parts, reader: Reader, id: UUID) -> SeenRecord:
    """A record, for those who may act for its provider and the contractor. Raises `NotFoundError`."""
    found: Enrollment = app.repository.get(id, kind=Enrollment)
    if not (reader.is_contractor or parts.rights.may_act(reader.account_id, found.provider_id)):
        raise NotFoundError
    said: Application | None = app.repository.find(found.application_id) if found.application_id else None
    return SeenRecord(
        officials=[
            (_opened(parts.vault, one.person_id, one.name, OFFICIAL_CONTEXT), one.capacity) for one in found.officials
        ],
        topics=said.topics if said else {},
        medicare_ids=[(one["ptan"], one["effective_date"]) for one in found.ptans],
        npi=found.npi,
    )


def signer(app: App, parts: Parts, *, application_id: UUID, signature_id: UUID) -> signers.Person:
    """Who is to sign, for the notifier alone. Raises `NotFoundError`."""
    found: Application = app.repository.get(application_id, kind=Application)
    person = signers.person_of(parts, found.signature(signature_id))
    if person is None:
        raise NotFoundError("This person's data have been destroyed.")
    return person


def status(app: App, id: UUID) -> str:
    """How an application stands."""
    found: Application = app.repository.get(id, kind=Application)
    return found.status


def enrollment_id(app: App, id: UUID) -> UUID | None:
    """The record that an approved application has made or changed."""
    found: Application = app.repository.get(id, kind=Application)
    return found.enrollment_id


def tracking_id(app: App, id: UUID) -> str:
    """The Tracking ID of an application, ungrouped."""
    found: Application = app.repository.get(id, kind=Application)
    return found.tracking_id


def _visible(app: App, parts: Parts, reader: Reader, id: UUID) -> Application:
    found: Application = app.repository.get(id, kind=Application)
    if not signers.may_see(app, parts, reader.account_id, found, is_contractor=reader.is_contractor):
        if reader.account_id in {found.started_by, found.submitted_by}:
            # they know that it exists, and learn why it goes on without them (D-50)
            parts.rights.require(reader.account_id, found.provider_id)
        raise NotFoundError
    return found


def _signatures(app: App, parts: Parts, reader: Reader, found: Application, *, prepares: bool) -> list[SeenSignature]:
    if not found.signatures:
        return [SeenSignature(None, one.capacity, one.provider_id) for one in found.needed]
    seen = []
    for one in found.signatures.values():
        person = signers.person_of(parts, one)
        seen.append(
            SeenSignature(
                id=one.id,
                capacity=one.needed.capacity,
                provider_id=one.needed.provider_id,
                name=person.name if person else "",
                email=person.email if person and prepares else "",
                status=one.status,
                method=one.method,
                signed_at=one.signed_at,
                yours=one.status == "REQUESTED" and signers.may_sign(app, parts, reader.account_id, found, one.needed),
            )
        )
    return seen


def _documents(app: App, parts: Parts, found: Application) -> list[SeenDocument]:
    with app.session() as session:
        ids = applications.documents(session, application_id=found.id)
    kept: list[Document] = [app.repository.get(id_, kind=Document) for id_ in ids]
    return [
        SeenDocument(
            id=one.id,
            document_type=one.document_type,
            file_name=_opened(parts.vault, one.account_id, one.file_name, FILE_CONTEXT),
            media_type=one.media_type,
            content_bytes=one.content_bytes,
            uploaded_at=one.created_on,
            ended_at=one.modified_on if one.status == "END_DATED" else None,
        )
        for one in kept
        if one.status != "DELETED"
    ]


def _opened(vault: Vault, owner_id: UUID, sealed: str, context: str) -> str:
    """A sealed value; empty where its key was shredded."""
    try:
        return vault.open(owner_id, sealed, context)
    except ShreddedError:
        return ""
