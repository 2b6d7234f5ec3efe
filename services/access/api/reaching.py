"""Whom mails about access reach, over gRPC: what is typed, what is shown, and what the notifier is told."""

from __future__ import annotations

from uuid import UUID

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.domain import NotAllowedError, NotFoundError
from chassis.server import Caller, uuid_of
from chassis.vocabulary.languages import known
from services.access.commands import inviting, reaching
from services.access.commands.parts import Parts

NOTIFIER = "notifier"


class ReachingAnswers:
    """What a request shows of them."""

    _app: Application
    _parts: Parts

    def _official(self, role_request_id: UUID) -> pb.NamedOfficial | None:
        found = reaching.official_of(self._app, self._parts, role_request_id)
        if found is None:
            return None
        return pb.NamedOfficial(name=found.name, title=found.title, phone=found.phone, email=found.email)

    def _contact(self, account_id: UUID, employer_id: UUID) -> str:
        return reaching.contact_at(self._app, self._parts, account_id, employer_id)


class InviteeAnswers:
    """mandate.access.v1.InviteeService: addresses that no account has, for the notifier alone, at this moment."""

    def __init__(self, app: Application, parts: Parts) -> None:
        self._app, self._parts = app, parts

    def GetInvitee(self, request: pb.GetInviteeRequest, caller: Caller) -> pb.GetInviteeResponse:
        """Where an invitation goes."""
        _require_notifier(caller)
        found = inviting.sent(self._app, self._parts, uuid_of(request.invitation_id, field="invitation_id"))
        if found.invitee is None:
            raise NotFoundError("This person's data have been destroyed.")
        return pb.GetInviteeResponse(
            email=found.invitee.email, name=found.invitee.name, language=found.invitee.language
        )

    def GetNamedOfficial(self, request: pb.GetNamedOfficialRequest, caller: Caller) -> pb.GetNamedOfficialResponse:
        """Whom a requester named (IA-EMP-09)."""
        _require_notifier(caller)
        id_ = uuid_of(request.role_request_id, field="role_request_id")
        found = reaching.official_of(self._app, self._parts, id_)
        if found is None:
            raise NotFoundError("Nobody was named, or their data have been destroyed.")
        return pb.GetNamedOfficialResponse(email=found.email, name=found.name, language=found.language)

    def GetEmployerContact(
        self, request: pb.GetEmployerContactRequest, caller: Caller
    ) -> pb.GetEmployerContactResponse:
        """Where a person is reached about an employer, if not at the primary address (IA-EMP-06, D-28)."""
        _require_notifier(caller)
        ids = uuid_of(request.account_id, field="account_id"), uuid_of(request.employer_id, field="employer_id")
        found = reaching.contact_at(self._app, self._parts, *ids)
        if not found:
            raise NotFoundError("The account's own address is the contact.")
        return pb.GetEmployerContactResponse(email=found)


def typed_of(request: pb.RequestRoleRequest, language: str) -> reaching.Typed:
    """The boxes of IA-EMP-06 and IA-EMP-09."""
    return reaching.Typed(
        contact_email=request.contact_email,
        confirm_contact_email=request.confirm_contact_email,
        official_name=request.official.name,
        official_title=request.official.title,
        official_phone=request.official.phone,
        official_email=request.official.email,
        confirm_official_email=request.official.confirm_email,
        language=known(language),
    )


def _require_notifier(caller: Caller) -> None:
    if caller.claims.service != NOTIFIER:
        raise NotAllowedError
