"""The right to act over gRPC: yes or no, why, and for whom."""

from __future__ import annotations

from uuid import UUID

from mandate.access.v1 import service_pb2 as pb
from mandate_kit.authority import Answer

from chassis.application import Application
from chassis.domain import NotAllowedError
from chassis.messages import timestamp
from chassis.server import Caller, Code, Detail, RefusedError, page_limit, receipt_message, uuid_of
from chassis.service import Parts
from chassis.vocabulary.functions import require_known
from chassis.vocabulary.roles import AUDITOR, EUS, manages
from chassis.waiting import Waiter
from services.access.commands import staff
from services.access.projections.authority import AuthorityFollower

MOST = 200
"""Questions of one batch."""


def authority_of(parts: Parts) -> AuthorityFollower:
    """The one index of this process."""
    found: AuthorityFollower = parts.in_memory.setdefault("authority", AuthorityFollower(parts.app))
    return found


class AuthorityAnswers:
    """The right to act, answered from memory: one question, many, why, for whom; and what is withheld (D-40)."""

    def __init__(self, app: Application, waiter: Waiter, authority: AuthorityFollower) -> None:
        self._app, self._waiter, self._authority = app, waiter, authority

    def CheckAuthority(self, request: pb.CheckAuthorityRequest, caller: Caller) -> pb.CheckAuthorityResponse:
        """4.5."""
        account_id, provider_id = self._asked(request, caller)
        allowed = self._authority.index.can_act(account_id, provider_id, request.function)
        return pb.CheckAuthorityResponse(allowed=allowed)

    def BatchCheckAuthority(
        self, request: pb.BatchCheckAuthorityRequest, caller: Caller
    ) -> pb.BatchCheckAuthorityResponse:
        """4.5, many at once: all are answered by what is known at one moment."""
        if len(request.questions) > MOST:
            raise RefusedError(
                Code.INVALID_ARGUMENT, Detail("FIELD_TOO_LONG", f"ask at most {MOST} questions at once", "questions")
            )
        asked = []
        for one in request.questions:
            require_known(one.function)
            about = uuid_of(one.account_id, field="account_id"), uuid_of(one.provider_id, field="provider_id")
            asked.append((*about, one.function))
        for account_id in {account_id for account_id, _, _ in asked}:
            self._require_may_ask(caller, account_id)
        self._waiter.wait(request.at_least, [self._authority])
        return pb.BatchCheckAuthorityResponse(allowed=[self._authority.index.can_act(*one) for one in asked])

    def WithholdProviders(self, request: pb.WithholdProvidersRequest, caller: Caller) -> pb.WithholdProvidersResponse:
        """D-40."""
        receipt = self._app.execute(
            staff.withhold,
            caller.cause(request.command_id),
            association_id=uuid_of(request.association_id, field="association_id"),
            provider_ids=[uuid_of(one, field="provider_ids") for one in request.provider_ids],
        )
        return pb.WithholdProvidersResponse(receipt=receipt_message(receipt))

    def _withheld(self, account_id: UUID, employer_id: UUID) -> list[str]:
        found = self._authority.index.association(account_id, employer_id)
        return sorted(str(one) for one in found.withheld_provider_ids) if found else []

    def ExplainAuthority(self, request: pb.ExplainAuthorityRequest, caller: Caller) -> pb.ExplainAuthorityResponse:
        """4.5, X-20."""
        account_id, provider_id = self._asked(request, caller)
        answer = self._authority.index.explain(account_id, provider_id, request.function)
        explained = _explained(answer)
        if answer.association is not None:
            self._origin(answer.association.association_id, explained)
        return explained

    def _origin(self, association_id: UUID, explained: pb.ExplainAuthorityResponse) -> None:
        """What the association came of: an invitation, or a request."""
        came_of = staff.origin(self._app, association_id)
        explained.invitation_id = str(came_of.invitation_id or "")
        explained.invitation_tracking_id = came_of.invitation_tracking_id
        explained.role_request_id = str(came_of.role_request_id or "")

    def ListAuthorities(self, request: pb.ListAuthoritiesRequest, caller: Caller) -> pb.ListAuthoritiesResponse:
        """4.5."""
        account_id = uuid_of(request.account_id, field="account_id")
        after = uuid_of(request.after, field="after") if request.after else UUID(int=0)
        require_known(request.function)
        self._require_may_ask(caller, account_id)
        self._waiter.wait(request.at_least, [self._authority])
        found = [one for one in self._authority.index.providers_for(account_id, request.function) if one > after]
        return pb.ListAuthoritiesResponse(provider_ids=[str(one) for one in found[: page_limit(request.limit)]])

    def _asked(
        self, request: pb.CheckAuthorityRequest | pb.ExplainAuthorityRequest, caller: Caller
    ) -> tuple[UUID, UUID]:
        account_id = uuid_of(request.account_id, field="account_id")
        provider_id = uuid_of(request.provider_id, field="provider_id")
        require_known(request.function)
        self._require_may_ask(caller, account_id)
        self._waiter.wait(request.at_least, [self._authority])
        return account_id, provider_id

    def _require_may_ask(self, caller: Caller, account_id: UUID) -> None:
        """Oneself, one's people, and those whose work it is; a service asks for itself."""
        if caller.claims.service is not None or caller.account_id == account_id or caller.roles & {EUS, AUDITOR}:
            return
        theirs = self._authority.index.associations_of(account_id)
        for member in theirs:
            mine = self._authority.index.association(caller.account_id, member.employer_id)
            if mine is not None and mine.status == "APPROVED" and manages(mine.role):
                return
        raise NotAllowedError("You may ask about yourself and about people at an employer that you manage.")


def _explained(answer: Answer) -> pb.ExplainAuthorityResponse:
    association, connection = answer.association, answer.connection
    return pb.ExplainAuthorityResponse(
        allowed=answer.allowed,
        own_record=answer.own_record,
        association_id=str(association.association_id) if association else "",
        employer_id=str(association.employer_id) if association else "",
        role=association.role if association else "",
        connection_id=str(connection.connection_id) if connection else "",
        tracking_id=connection.tracking_id if connection else "",
        missing=[
            pb.MissingPart(
                what=one.what,
                supplied_by=one.supplied_by,
                employer_id=str(one.employer_id) if one.employer_id else "",
                status=one.status,
                since=timestamp(one.since),
                changed_by=str(one.changed_by or ""),
            )
            for one in answer.missing
        ],
    )
