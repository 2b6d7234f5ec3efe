"""Invitations over gRPC: sent, shown, withdrawn, and what is done with the PIN (4.4)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from mandate.access.v1 import service_pb2 as pb

from chassis.application import Application
from chassis.cause import Cause
from chassis.domain import NotAllowedError, NotFoundError
from chassis.messages import timestamp
from chassis.server import Caller, page_limit, receipt_message, uuid_of
from chassis.vocabulary.languages import known
from chassis.waiting import Waiter
from services.access.api.staff import typed_offers
from services.access.commands import invitees, inviting, new_pins
from services.access.commands.inviting import Sent
from services.access.commands.parts import Parts
from services.access.projections import invitations as invitation_list
from services.access.projections.staff_list import STAFF_LIST
from services.access.projections.staff_people import managed


class InvitationAnswers:
    """InviteStaff, GetInvitation, ListInvitations, WithdrawInvitation, ResendInvitation and what is done with PINs."""

    _app: Application
    _waiter: Waiter
    _parts: Parts

    def InviteStaff(self, request: pb.InviteStaffRequest, caller: Caller) -> pb.InviteStaffResponse:
        """IA-ADDS-01 to IA-ADDS-05."""
        invitee = invitees.invitee_of(
            first_name=request.first_name,
            middle_name=request.middle_name,
            last_name=request.last_name,
            email=request.email,
            confirm_email=request.confirm_email,
            language=known(caller.language),
        )
        offers = invitees.offers_of(typed_offers(request.offers))
        cause = caller.cause(request.command_id)
        replaces = uuid_of(request.replaces, field="replaces") if request.replaces else None
        receipt = inviting.invite(self._app, self._parts, cause, invitee=invitee, offers=offers, replaces=replaces)
        sent = inviting.sent(self._app, self._parts, receipt.id)
        return pb.InviteStaffResponse(
            receipt=receipt_message(receipt),
            tracking_id=sent.tracking_id,
            expires_at=timestamp(sent.expires_at),
        )

    def GetInvitation(self, request: pb.GetInvitationRequest, caller: Caller) -> pb.GetInvitationResponse:
        """From the own log: what was answered is shown. What somebody may not see does not exist for them."""
        id_ = uuid_of(request.invitation_id, field="invitation_id")
        found = inviting.sent(self._app, self._parts, id_)
        if not inviting.may_see(self._app, caller.account_id, id_):
            raise NotFoundError
        return pb.GetInvitationResponse(invitation=_invitation(found))

    def ListInvitations(self, request: pb.ListInvitationsRequest, caller: Caller) -> pb.ListInvitationsResponse:
        """Those that nobody has accepted or withdrawn, to roles that the caller manages there (D-09)."""
        at = uuid_of(request.employer_id, field="employer_id") if request.employer_id else None
        after = uuid_of(request.after, field="after") if request.after else None
        self._waiter.wait(request.at_least, [invitation_list.INVITATIONS, STAFF_LIST])
        with self._app.session() as session:
            scope = managed(session, account_id=caller.account_id)
        managers = [at] if at else [*scope.as_official, *scope.as_manager]
        roles = {id_: inviting.managed_roles(self._app, caller.account_id, id_) for id_ in managers}
        if not any(roles.values()):
            raise NotAllowedError("Only an Authorized Official or Access Manager of an employer sees its people.")
        with self._app.session() as session:
            rows = invitation_list.unfinished(session, roles=roles, after=after, limit=page_limit(request.limit))
        return pb.ListInvitationsResponse(
            invitations=[_invitation(inviting.sent(self._app, self._parts, one.invitation_id)) for one in rows]
        )

    def WithdrawInvitation(
        self, request: pb.WithdrawInvitationRequest, caller: Caller
    ) -> pb.WithdrawInvitationResponse:
        """4.4."""
        receipt = self._app.execute(
            inviting.withdraw,
            caller.cause(request.command_id),
            invitation_id=uuid_of(request.invitation_id, field="invitation_id"),
        )
        return pb.WithdrawInvitationResponse(receipt=receipt_message(receipt))

    def ResendInvitation(self, request: pb.ResendInvitationRequest, caller: Caller) -> pb.ResendInvitationResponse:
        """4.4: a new PIN, and the old one is dead."""
        receipt = inviting.send_again(
            self._app,
            self._parts,
            caller.cause(request.command_id),
            invitation_id=uuid_of(request.invitation_id, field="invitation_id"),
        )
        sent = inviting.sent(self._app, self._parts, receipt.id)
        return pb.ResendInvitationResponse(
            receipt=receipt_message(receipt), tracking_id=sent.tracking_id, expires_at=timestamp(sent.expires_at)
        )

    def AskForNewPin(self, request: pb.AskForNewPinRequest, caller: Caller) -> pb.AskForNewPinResponse:
        """One answer, whoever asks and about whom (A-01)."""
        command_id = uuid_of(request.command_id)
        is_person = caller.claims.account_id is not None
        cause = caller.cause(request.command_id) if is_person else Cause.of(inviting.VISITOR, command_id)
        new_pins.ask_for_new_pin(self._app, self._parts, cause, email=request.email)
        return pb.AskForNewPinResponse()

    def EnterPin(self, request: pb.EnterPinRequest, caller: Caller) -> pb.EnterPinResponse:
        """IA-PIN-01, IA-PIN-02."""
        is_person = caller.claims.account_id is not None
        command_id = uuid_of(request.command_id)
        cause = caller.cause(request.command_id) if is_person else Cause.of(inviting.VISITOR, command_id)
        receipt, proof = inviting.enter(
            self._app, self._parts, cause, email=request.email, typed=request.pin, is_person=is_person
        )
        return pb.EnterPinResponse(receipt=receipt_message(receipt), proof=proof)

    def AcceptInvitation(self, request: pb.AcceptInvitationRequest, caller: Caller) -> pb.AcceptInvitationResponse:
        """After signing in."""
        receipt = self._app.execute(inviting.accept, caller.cause(request.command_id), proof=request.proof)
        return pb.AcceptInvitationResponse(receipt=receipt_message(receipt))

    def PreviewInvitation(self, request: pb.PreviewInvitationRequest, _caller: Caller) -> pb.PreviewInvitationResponse:
        """Whoever has the proof has had the mail, which says the same."""
        found = inviting.offered(self._app, proof=request.proof)
        return pb.PreviewInvitationResponse(
            invited_by=str(found.invited_by),
            tracking_id=found.tracking_id,
            offers=[_offer(one.employer_id, one.role, one.functions) for one in found.offers],
        )


def _offer(employer_id: UUID, role: str, functions: Sequence[str]) -> pb.Offer:
    return pb.Offer(employer_id=str(employer_id), role=role, functions=functions)


def _invitation(sent: Sent) -> pb.Invitation:
    return pb.Invitation(
        invitation_id=str(sent.id),
        tracking_id=sent.tracking_id,
        invited_by=str(sent.invited_by),
        name=sent.invitee.name if sent.invitee else "",
        email=sent.invitee.email if sent.invitee else "",
        offers=[_offer(*one) for one in sent.offers],
        status=sent.status,
        invited_at=timestamp(sent.invited_at),
        expires_at=timestamp(sent.expires_at),
        new_pin_asked=sent.new_pin_asked,
    )
