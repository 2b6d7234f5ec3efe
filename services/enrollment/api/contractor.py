"""The contractor's desk over gRPC (portal row 61)."""

from __future__ import annotations

from typing import Any

from mandate.common.v1.receipt_pb2 import Receipt
from mandate.enrollment.v1 import service_pb2 as pb

from chassis.application import Application as App
from chassis.server import Caller, page_limit, receipt_message, uuid_of
from chassis.waiting import Waiter
from services.enrollment.api import translate
from services.enrollment.commands import importing, reading, reviewing
from services.enrollment.commands.importing import Paper
from services.enrollment.commands.parts import Parts
from services.enrollment.commands.rights import require_contractor
from services.enrollment.projections import applications as application_list


class ContractorAnswers:
    """ImportEnrollment to ReturnApplication."""

    _app: App
    _waiter: Waiter
    _parts: Parts

    def ImportEnrollment(self, request: pb.ImportEnrollmentRequest, caller: Caller) -> pb.ImportEnrollmentResponse:
        """PE-BEN-01."""
        paper = Paper(
            provider_id=uuid_of(request.provider_id, field="provider_id"),
            npi=request.npi,
            form=request.form,
            state=request.state,
            specialty=request.specialty,
            contractor=request.contractor,
            ptans=list(request.ptans),
            effective_date=request.effective_date,
            revalidation_due_date=request.revalidation_due_date,
            practice_location=request.practice_location,
            officials=[(one.name, one.ssn, one.capacity) for one in request.officials],
        )
        receipt = importing.load(self._app, self._parts, caller.cause(request.command_id), paper=paper)
        return pb.ImportEnrollmentResponse(receipt=receipt_message(receipt))

    def ListContractorQueue(
        self, request: pb.ListContractorQueueRequest, caller: Caller
    ) -> pb.ListContractorQueueResponse:
        """Oldest first."""
        require_contractor(caller.roles)
        after = uuid_of(request.after, field="after") if request.after else None
        self._waiter.wait(request.at_least, [application_list.APPLICATIONS])
        with self._app.session() as session:
            rows = application_list.queue(session, status=request.status, after=after, limit=page_limit(request.limit))
        return pb.ListContractorQueueResponse(applications=[translate.summary(row) for row in rows])

    def TakeUpApplication(self, request: pb.TakeUpApplicationRequest, caller: Caller) -> pb.TakeUpApplicationResponse:
        """4.6."""
        return pb.TakeUpApplicationResponse(receipt=self._decide(reviewing.take_up, request, caller))

    def RequestCorrections(
        self, request: pb.RequestCorrectionsRequest, caller: Caller
    ) -> pb.RequestCorrectionsResponse:
        """PE-X-10."""
        receipt = self._decide(reviewing.request_corrections, request, caller, reason=request.reason, parts=self._parts)
        return pb.RequestCorrectionsResponse(receipt=receipt)

    def ApproveApplication(
        self, request: pb.ApproveApplicationRequest, caller: Caller
    ) -> pb.ApproveApplicationResponse:
        """4.7, 4.8."""
        receipt = self._decide(
            reviewing.approve,
            request,
            caller,
            parts=self._parts,
            effective_date=request.effective_date,
            ptan=request.ptan,
        )
        record = reading.enrollment_id(self._app, uuid_of(request.application_id, field="application_id"))
        return pb.ApproveApplicationResponse(receipt=receipt, enrollment_id=str(record or ""))

    def DenyApplication(self, request: pb.DenyApplicationRequest, caller: Caller) -> pb.DenyApplicationResponse:
        """4.6."""
        receipt = self._decide(reviewing.deny, request, caller, reason=request.reason)
        return pb.DenyApplicationResponse(receipt=receipt)

    def RejectApplication(self, request: pb.RejectApplicationRequest, caller: Caller) -> pb.RejectApplicationResponse:
        """4.6."""
        receipt = self._decide(reviewing.reject, request, caller, reason=request.reason)
        return pb.RejectApplicationResponse(receipt=receipt)

    def ReturnApplication(self, request: pb.ReturnApplicationRequest, caller: Caller) -> pb.ReturnApplicationResponse:
        """PE-X-11."""
        receipt = self._decide(reviewing.give_back, request, caller, reason=request.reason)
        return pb.ReturnApplicationResponse(receipt=receipt)

    def _decide(self, command: Any, request: Any, caller: Caller, **more: Any) -> Receipt:
        receipt = self._app.execute(
            command,
            caller.cause(request.command_id),
            application_id=uuid_of(request.application_id, field="application_id"),
            **more,
        )
        return receipt_message(receipt)
