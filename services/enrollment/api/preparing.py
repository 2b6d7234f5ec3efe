"""Preparing and signing over gRPC."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.enrollment.v1 import service_pb2 as pb

from chassis.application import Application as App
from chassis.documents.uploads import received
from chassis.server import Caller, receipt_message, uuid_of
from services.enrollment.commands import applications, documents, reading, signers, signing, submitting
from services.enrollment.commands.parts import Parts


class PreparingAnswers:
    """StartApplication to WithdrawApplication, and the signatures."""

    _app: App
    _parts: Parts

    def StartApplication(self, request: pb.StartApplicationRequest, caller: Caller) -> pb.StartApplicationResponse:
        """4.6."""
        record = request.enrollment_id
        receipt = self._app.execute(
            applications.start,
            caller.cause(request.command_id),
            parts=self._parts,
            provider_id=uuid_of(request.provider_id, field="provider_id"),
            form=request.form,
            purpose=request.purpose,
            enrollment_id=uuid_of(record, field="enrollment_id") if record else None,
        )
        return pb.StartApplicationResponse(
            receipt=receipt_message(receipt), tracking_id=reading.tracking_id(self._app, receipt.id)
        )

    def SaveTopic(self, request: pb.SaveTopicRequest, caller: Caller) -> pb.SaveTopicResponse:
        """4.6."""
        receipt = self._app.execute(
            applications.save_topic,
            caller.cause(request.command_id),
            parts=self._parts,
            application_id=uuid_of(request.application_id, field="application_id"),
            topic=request.topic,
            fields=dict(request.fields),
        )
        return pb.SaveTopicResponse(receipt=receipt_message(receipt))

    def UploadDocument(self, request: Iterator[pb.UploadDocumentRequest], caller: Caller) -> pb.UploadDocumentResponse:
        """D-42."""
        about, content = received(request, most=self._parts.settings.document_bytes)
        receipt = documents.upload(
            self._app,
            self._parts,
            caller.cause(about.command_id),
            application_id=uuid_of(about.application_id, field="application_id"),
            document_type=about.document_type,
            file_name=about.file_name,
            content=content,
        )
        return pb.UploadDocumentResponse(receipt=receipt_message(receipt))

    def DeleteDocument(self, request: pb.DeleteDocumentRequest, caller: Caller) -> pb.DeleteDocumentResponse:
        """PE-X-08."""
        receipt = self._app.execute(
            documents.delete,
            caller.cause(request.command_id),
            parts=self._parts,
            document_id=uuid_of(request.document_id, field="document_id"),
        )
        return pb.DeleteDocumentResponse(receipt=receipt_message(receipt))

    def SubmitApplication(self, request: pb.SubmitApplicationRequest, caller: Caller) -> pb.SubmitApplicationResponse:
        """PE-X-04, PE-X-05."""
        application_id = uuid_of(request.application_id, field="application_id")
        named = signers.read(
            [
                (one.capacity, uuid_of(one.provider_id, field=f"signers.{number}.provider_id"), one.name, one.email)
                for number, one in enumerate(request.signers)
            ]
        )
        receipt = submitting.submit(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            application_id=application_id,
            named=named,
            attestation=request.attestation,
        )
        return pb.SubmitApplicationResponse(
            receipt=receipt_message(receipt), status=reading.status(self._app, application_id)
        )

    def ReopenApplication(self, request: pb.ReopenApplicationRequest, caller: Caller) -> pb.ReopenApplicationResponse:
        """PE-REA-02."""
        receipt = self._app.execute(
            applications.reopen,
            caller.cause(request.command_id),
            parts=self._parts,
            application_id=uuid_of(request.application_id, field="application_id"),
        )
        return pb.ReopenApplicationResponse(receipt=receipt_message(receipt))

    def WithdrawApplication(
        self, request: pb.WithdrawApplicationRequest, caller: Caller
    ) -> pb.WithdrawApplicationResponse:
        """4.6."""
        receipt = self._app.execute(
            applications.withdraw,
            caller.cause(request.command_id),
            parts=self._parts,
            application_id=uuid_of(request.application_id, field="application_id"),
        )
        return pb.WithdrawApplicationResponse(receipt=receipt_message(receipt))

    def SignApplication(self, request: pb.SignApplicationRequest, caller: Caller) -> pb.SignApplicationResponse:
        """PE-X-05, X-22."""
        application_id = uuid_of(request.application_id, field="application_id")
        receipt = signing.sign(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            application_id=application_id,
            signature_id=uuid_of(request.signature_id, field="signature_id"),
            attestation=request.attestation,
        )
        return pb.SignApplicationResponse(
            receipt=receipt_message(receipt), status=reading.status(self._app, application_id)
        )

    def DeclineSignature(self, request: pb.DeclineSignatureRequest, caller: Caller) -> pb.DeclineSignatureResponse:
        """4.6."""
        receipt = signing.decline(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            application_id=uuid_of(request.application_id, field="application_id"),
            signature_id=uuid_of(request.signature_id, field="signature_id"),
            reason=request.reason,
        )
        return pb.DeclineSignatureResponse(receipt=receipt_message(receipt))

    def FileStatement(self, request: pb.FileStatementRequest, caller: Caller) -> pb.FileStatementResponse:
        """PE-BEN-03."""
        application_id = uuid_of(request.application_id, field="application_id")
        receipt = signing.file_statement(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            application_id=application_id,
            signature_id=uuid_of(request.signature_id, field="signature_id"),
            document_id=uuid_of(request.document_id, field="document_id"),
        )
        return pb.FileStatementResponse(
            receipt=receipt_message(receipt), status=reading.status(self._app, application_id)
        )

    def RequestSignatureAgain(
        self, request: pb.RequestSignatureAgainRequest, caller: Caller
    ) -> pb.RequestSignatureAgainResponse:
        """PE-REA-11."""
        receipt = signing.request_again(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            application_id=uuid_of(request.application_id, field="application_id"),
            signature_id=uuid_of(request.signature_id, field="signature_id"),
            email=request.email,
        )
        return pb.RequestSignatureAgainResponse(receipt=receipt_message(receipt))

    def _status(self, application_id: UUID) -> str:
        return reading.status(self._app, application_id)
