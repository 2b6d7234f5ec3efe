"""Papers over gRPC: their check codes, given to who prints them and told from others for anybody."""

from __future__ import annotations

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.server import Caller, Code, Detail, RefusedError, uuid_of
from services.access.commands import papers
from services.access.commands.parts import Parts

PORTAL = "portal"


class PaperAnswers:
    """CertifyPaper, VerifyPaper."""

    _app: Application
    _parts: Parts

    def CertifyPaper(self, request: pb.CertifyPaperRequest, caller: Caller) -> pb.CertifyPaperResponse:
        """IA-CONF-07."""
        code, day = papers.certify(
            self._app,
            self._parts,
            account_id=caller.account_id,
            roles=caller.roles,
            id=uuid_of(request.role_request_id, field="role_request_id"),
        )
        return pb.CertifyPaperResponse(check_code=code, made_on=day.isoformat())

    def VerifyPaper(self, request: pb.VerifyPaperRequest, caller: Caller) -> pb.VerifyPaperResponse:
        """By the portal, for whoever holds a paper."""
        if caller.claims.service != PORTAL:
            raise RefusedError(Code.PERMISSION_DENIED, Detail("NOT_ALLOWED", "for the portal only"))
        try:
            tracking_id, day = papers.verify(
                self._app,
                self._parts,
                tracking_id=request.tracking_id,
                code=request.check_code,
                address=caller.client_address,
            )
        except papers.TooManyChecksError as error:
            detail = Detail(error.code, str(error), retry_after_seconds=int(papers.HOUR.total_seconds()))
            raise RefusedError(Code.RESOURCE_EXHAUSTED, detail) from None
        return pb.VerifyPaperResponse(tracking_id=tracking_id, made_on=day.isoformat())
