"""EnrollmentService and SignerService over gRPC: translate, call, translate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mandate.enrollment.v1 import service_pb2 as pb

from chassis.application import Application as App
from chassis.documents.uploads import PIECE_READ
from chassis.domain import NotAllowedError, NotFoundError
from chassis.server import Api, Caller, Rule, page_limit, uuid_of
from chassis.views import View
from chassis.waiting import Waiter
from services.enrollment.api import translate
from services.enrollment.api.contractor import ContractorAnswers
from services.enrollment.api.preparing import PreparingAnswers
from services.enrollment.commands import reading
from services.enrollment.commands.parts import Parts
from services.enrollment.commands.reading import Reader
from services.enrollment.projections import applications as application_list
from services.enrollment.projections import enrollments as enrollment_list
from services.enrollment.projections import reassignments as report
from services.enrollment.projections.applications import APPLICATIONS, DOCUMENTS
from services.enrollment.projections.enrollments import ENROLLMENTS, MEDICARE_IDS
from services.enrollment.projections.reassignments import REASSIGNMENTS

NOTIFIER = "notifier"
CARDS = [ENROLLMENTS, MEDICARE_IDS, REASSIGNMENTS, APPLICATIONS]


class EnrollmentServicer(PreparingAnswers, ContractorAnswers):
    """Answers for people: every decision is the commands' own."""

    def __init__(self, app: App, waiter: Waiter, parts: Parts) -> None:
        self._app, self._waiter, self._parts = app, waiter, parts

    def GetForm(self, request: pb.GetFormRequest, caller: Caller) -> pb.GetFormResponse:  # noqa: ARG002
        """What a form asks."""
        return pb.GetFormResponse(
            topics=[
                pb.TopicDefinition(
                    topic=topic.name,
                    required=topic.required,
                    fields=[
                        pb.FieldDefinition(
                            name=field.name,
                            required=field.required,
                            kind=field.kind,
                            choices=field.choices,
                            longest=field.longest,
                        )
                        for field in topic.fields
                    ],
                )
                for topic in reading.form(request.form)
            ]
        )

    def GetApplication(self, request: pb.GetApplicationRequest, caller: Caller) -> pb.GetApplicationResponse:
        """PE-REA-10."""
        self._wait(request, [APPLICATIONS, DOCUMENTS])
        id_ = (
            reading.id_by_tracking(self._app, request.tracking_id)
            if request.tracking_id
            else uuid_of(request.application_id, field="application_id")
        )
        seen = reading.application(self._app, self._parts, _reader(caller), id_)
        with self._app.session() as session:
            row = application_list.one(session, application_id=id_)
        if row is None:
            raise NotFoundError("The application has just been started. Try again in a moment.")
        return pb.GetApplicationResponse(
            application=translate.summary(row),
            topics=translate.topics(seen.topics),
            documents=translate.documents(seen.documents),
            signatures=translate.signatures(seen.signatures),
            reason=seen.reason,
            rejected_because=seen.rejected_because,
            enrollment_id=str(seen.enrollment_id or ""),
            missing_topics=seen.missing_topics,
            yours_to_prepare=seen.yours_to_prepare,
        )

    def ListApplications(self, request: pb.ListApplicationsRequest, caller: Caller) -> pb.ListApplicationsResponse:
        """Continue working on an application (PE-X-02)."""
        self._wait(request, [APPLICATIONS])
        after = uuid_of(request.after, field="after") if request.after else None
        providers = self._providers(caller, request.provider_id)
        with self._app.session() as session:
            rows = application_list.unfinished(
                session, provider_ids=providers, after=after, limit=page_limit(request.limit)
            )
        return pb.ListApplicationsResponse(applications=[translate.summary(row) for row in rows])

    def ListDocuments(self, request: pb.ListDocumentsRequest, caller: Caller) -> pb.ListDocumentsResponse:
        """PE-BEN-03."""
        self._wait(request, [DOCUMENTS])
        id_ = uuid_of(request.application_id, field="application_id")
        seen = reading.documents(self._app, self._parts, _reader(caller), id_)
        return pb.ListDocumentsResponse(documents=translate.documents(seen))

    def ReadDocument(self, request: pb.ReadDocumentRequest, caller: Caller) -> pb.ReadDocumentResponse:
        """A piece of the content."""
        id_ = uuid_of(request.document_id, field="document_id")
        content = reading.content(self._app, self._parts, _reader(caller), id_)
        start = max(0, request.offset)
        return pb.ReadDocumentResponse(piece=content[start : start + PIECE_READ])

    def ListEnrollments(self, request: pb.ListEnrollmentsRequest, caller: Caller) -> pb.ListEnrollmentsResponse:
        """PE-ENR-01."""
        self._wait(request, CARDS)
        after = uuid_of(request.after, field="after") if request.after else None
        providers = self._providers(caller, request.provider_id)
        with self._app.session() as session:
            rows = enrollment_list.cards(session, provider_ids=providers, after=after, limit=page_limit(request.limit))
        return pb.ListEnrollmentsResponse(enrollments=[self._card(row) for row in rows])

    def GetEnrollment(self, request: pb.GetEnrollmentRequest, caller: Caller) -> pb.GetEnrollmentResponse:
        """PE-REP-01."""
        self._wait(request, CARDS)
        id_ = uuid_of(request.enrollment_id, field="enrollment_id")
        seen = reading.record(self._app, self._parts, _reader(caller), id_)
        return pb.GetEnrollmentResponse(
            enrollment=self._card(self._row(id_)),
            officials=[pb.OfficialOnRecord(name=name, capacity=capacity) for name, capacity in seen.officials],
            topics=translate.topics(seen.topics),
        )

    def ListMedicareIds(self, request: pb.ListMedicareIdsRequest, caller: Caller) -> pb.ListMedicareIdsResponse:
        """PE-REP-01."""
        self._wait(request, [])
        id_ = uuid_of(request.enrollment_id, field="enrollment_id")
        seen = reading.record(self._app, self._parts, _reader(caller), id_)
        return pb.ListMedicareIdsResponse(
            medicare_ids=[pb.MedicareId(ptan=ptan, npi=seen.npi, effective_date=day) for ptan, day in seen.medicare_ids]
        )

    def ListPendingReassignmentApplications(
        self, request: pb.ListPendingReassignmentApplicationsRequest, caller: Caller
    ) -> pb.ListPendingReassignmentApplicationsResponse:
        """PE-REA-01, PE-REA-02."""
        self._wait(request, [APPLICATIONS, ENROLLMENTS])
        id_ = uuid_of(request.enrollment_id, field="enrollment_id")
        reading.record(self._app, self._parts, _reader(caller), id_)
        after = uuid_of(request.after, field="after") if request.after else None
        record = self._row(id_)
        with self._app.session() as session:
            rows = application_list.pending_reassignments(
                session, provider_id=record.provider_id, after=after, limit=page_limit(request.limit)
            )
            npis = enrollment_list.npis(session, provider_ids=[one.receiving_provider_id for one in rows])
        return pb.ListPendingReassignmentApplicationsResponse(
            applications=[
                self._pending(caller, row, record.provider_id, npis) for row in rows if row.receiving_provider_id
            ]
        )

    def ListReassignments(self, request: pb.ListReassignmentsRequest, caller: Caller) -> pb.ListReassignmentsResponse:
        """PE-REA-05 to PE-REA-09."""
        self._wait(request, [REASSIGNMENTS, ENROLLMENTS, MEDICARE_IDS])
        id_ = uuid_of(request.enrollment_id, field="enrollment_id")
        reading.record(self._app, self._parts, _reader(caller), id_)
        after = uuid_of(request.after, field="after") if request.after else None
        filters = report.Filters(request.reassignment_status, request.enrollment_status, request.relationship)
        with self._app.session() as session:
            page = report.report(
                session, enrollment_id=id_, filters=filters, after=after, limit=page_limit(request.limit)
            )
        return pb.ListReassignmentsResponse(
            reassignments=[translate.line(row) for row in page.rows], total=page.total, preceding=page.preceding
        )

    def _wait(self, request: Any, views: Sequence[View]) -> None:
        """Wait until the views, and what is known of the right to act, have come as far as the receipts."""
        self._waiter.wait(request.at_least, [*views, self._parts.rights.heard])

    def _providers(self, caller: Caller, asked: str) -> list[UUID]:
        """One provider, where the caller may act for it, or all for whom he may."""
        if not asked:
            return self._parts.rights.providers_of(caller.account_id)
        provider_id = uuid_of(asked, field="provider_id")
        return [provider_id] if self._parts.rights.may_act(caller.account_id, provider_id) else []

    def _row(self, enrollment_id: UUID) -> enrollment_list.EnrollmentRow:
        with self._app.session() as session:
            row = enrollment_list.card(session, enrollment_id=enrollment_id)
        if row is None:
            raise NotFoundError("The record has just been made. Try again in a moment.")
        return row

    def _card(self, row: enrollment_list.EnrollmentRow) -> pb.Enrollment:
        return translate.enrollment(row, posted_months=self._parts.settings.revalidation_posted_months)

    def _pending(
        self, caller: Caller, row: application_list.ApplicationRow, own: UUID, npis: dict[UUID, str]
    ) -> pb.PendingReassignmentApplication:
        """The other side of an application, and what the caller may do with it."""
        other = row.receiving_provider_id if row.provider_id == own else row.provider_id
        npi = npis.get(other, "") if other and other != row.provider_id else row.npi
        prepares = self._parts.rights.may_act(caller.account_id, row.provider_id)
        awaited = prepares and row.status == "PENDING_SIGNATURES"
        return pb.PendingReassignmentApplication(
            application_id=str(row.application_id),
            provider_id=str(other),
            npi=npi,
            status=row.status,
            tracking_id=row.tracking_id,
            actions=["MANAGE_SIGNATURES", "CORRECT_AND_RESUBMIT"] if awaited else [],
        )


class SignerAnswers:
    """mandate.enrollment.v1.SignerService: where a signer is reached, for the notifier alone."""

    def __init__(self, app: App, parts: Parts) -> None:
        self._app, self._parts = app, parts

    def GetSigner(self, request: pb.GetSignerRequest, caller: Caller) -> pb.GetSignerResponse:
        """At this moment."""
        if caller.claims.service != NOTIFIER:
            raise NotAllowedError
        person = reading.signer(
            self._app,
            self._parts,
            application_id=uuid_of(request.application_id, field="application_id"),
            signature_id=uuid_of(request.signature_id, field="signature_id"),
        )
        return pb.GetSignerResponse(email=person.email, name=person.name)


RULES = {
    "GetForm": Rule.USER,
    "StartApplication": Rule.USER,
    "SaveTopic": Rule.USER,
    "UploadDocument": Rule.USER,
    "DeleteDocument": Rule.USER,
    "ListDocuments": Rule.USER,
    "ReadDocument": Rule.USER,
    "SubmitApplication": Rule.USER,
    "ReopenApplication": Rule.USER,
    "WithdrawApplication": Rule.USER,
    "SignApplication": Rule.USER,
    "DeclineSignature": Rule.USER,
    "FileStatement": Rule.USER,
    "RequestSignatureAgain": Rule.USER,
    "ImportEnrollment": Rule.USER,
    "ListContractorQueue": Rule.USER,
    "TakeUpApplication": Rule.USER,
    "RequestCorrections": Rule.USER,
    "ApproveApplication": Rule.USER,
    "DenyApplication": Rule.USER,
    "RejectApplication": Rule.USER,
    "ReturnApplication": Rule.USER,
    "GetApplication": Rule.USER,
    "ListApplications": Rule.USER,
    "ListEnrollments": Rule.USER,
    "GetEnrollment": Rule.USER,
    "ListMedicareIds": Rule.USER,
    "ListPendingReassignmentApplications": Rule.USER,
    "ListReassignments": Rule.USER,
}
"""Who may ask at all: people. What is whose, and what the contractor's alone, commands and readers judge."""
SIGNER_RULES = {"GetSigner": frozenset({NOTIFIER})}


def apis(app: App, waiter: Waiter, parts: Parts) -> list[Api]:
    """The services as the server takes them."""
    services = pb.DESCRIPTOR.services_by_name
    return [
        Api(services["EnrollmentService"], EnrollmentServicer(app, waiter, parts), RULES),
        Api(services["SignerService"], SignerAnswers(app, parts), SIGNER_RULES),
    ]


def _reader(caller: Caller) -> Reader:
    return Reader(caller.account_id, caller.roles)
