"""mandate.identity.v1.DeskService: the people of External User Services, and who is invited to join them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from mandate.identity.v1 import desk_service_pb2 as m

from chassis import nature
from chassis.cause import Cause
from chassis.domain import DomainError, NotAllowedError, NotFoundError
from chassis.messages import timestamp
from chassis.server import Api, Caller, Code, Detail, RefusedError, Rule, page_limit, receipt_message, uuid_of
from chassis.views import View
from chassis.vocabulary.languages import known
from chassis.vocabulary.roles import EUS
from services.identity.api.calls import Calls, refusal_of
from services.identity.api.contact import NOTIFIER
from services.identity.commands import desk, desk_accounts
from services.identity.projections import desk_invitations, desk_people


class DeskServicer(Calls):
    """Who works at the desk, who is invited to it, and what is done with the PIN."""

    def InviteToDesk(self, request: m.InviteToDeskRequest, caller: Caller) -> m.InviteToDeskResponse:
        """After a step-up."""
        with _told():
            invitee = desk.invitee_of(
                first_name=request.first_name,
                last_name=request.last_name,
                email=request.email,
                confirm_email=request.confirm_email,
                language=known(caller.language),
            )
            receipt = desk.invite(self.app, self.parts, caller.cause(request.command_id), invitee=invitee)
        sent = desk.sent(self.app, self.parts, receipt.id)
        return m.InviteToDeskResponse(
            receipt=receipt_message(receipt), tracking_id=sent.tracking_id, expires_at=timestamp(sent.expires_at)
        )

    def WithdrawDeskInvitation(
        self, request: m.WithdrawDeskInvitationRequest, caller: Caller
    ) -> m.WithdrawDeskInvitationResponse:
        """Whoever sent it."""
        cause, id_ = caller.cause(request.command_id), uuid_of(request.invitation_id, field="invitation_id")
        with _told():
            receipt = self.app.execute(desk.withdraw, cause, invitation_id=id_)
        return m.WithdrawDeskInvitationResponse(receipt=receipt_message(receipt))

    def ListDeskInvitations(
        self, request: m.ListDeskInvitationsRequest, caller: Caller
    ) -> m.ListDeskInvitationsResponse:
        """With names, which only this service knows."""
        after = self._seen(request, caller, desk_invitations.DESK_INVITATIONS)
        with self.app.session() as session:
            found = desk_invitations.unfinished(session, after=after, limit=page_limit(request.limit))
        shown = [desk.sent(self.app, self.parts, id_) for id_ in found]
        return m.ListDeskInvitationsResponse(invitations=[_invitation(one) for one in shown])

    def ListDeskPeople(self, request: m.ListDeskPeopleRequest, caller: Caller) -> m.ListDeskPeopleResponse:
        """Ids, as every list of people."""
        after = self._seen(request, caller, desk_people.DESK_PEOPLE)
        with self.app.session() as session:
            found = desk_people.page(session, after=after, limit=page_limit(request.limit))
        return m.ListDeskPeopleResponse(account_ids=[str(one) for one in found])

    def EnterDeskPin(self, request: m.EnterDeskPinRequest, caller: Caller) -> m.EnterDeskPinResponse:
        """IA-PIN-01, IA-PIN-02."""
        is_person = caller.claims.account_id is not None
        command_id = uuid_of(request.command_id)
        cause = caller.cause(request.command_id) if is_person else Cause.of(desk.VISITOR, command_id)
        with _told():
            receipt, proof = desk.enter(
                self.app, self.parts, cause, email=request.email, typed=request.pin, is_person=is_person
            )
        return m.EnterDeskPinResponse(receipt=receipt_message(receipt), proof=proof)

    def AcceptDeskInvitation(
        self, request: m.AcceptDeskInvitationRequest, caller: Caller
    ) -> m.AcceptDeskInvitationResponse:
        """After signing in."""
        with _told():
            receipt = self.app.execute(desk.accept, caller.cause(request.command_id), proof=request.proof)
        return m.AcceptDeskInvitationResponse(receipt=receipt_message(receipt))

    def CloseAccount(self, request: m.CloseAccountRequest, caller: Caller) -> m.CloseAccountResponse:
        """Somebody else's, for good."""
        cause, id_ = caller.cause(request.command_id), uuid_of(request.account_id, field="account_id")
        receipt = self.app.execute(desk_accounts.close, cause, account_id=id_, reason=request.reason)
        return m.CloseAccountResponse(receipt=receipt_message(receipt))

    def FindAccount(self, request: m.FindAccountRequest, caller: Caller) -> m.FindAccountResponse:
        """From the log, so that it shows every command that was answered."""
        if not (request.account_id or request.typed.strip()):
            raise RefusedError(Code.INVALID_ARGUMENT, Detail("FIELD_REQUIRED", "enter a user id or address", "typed"))
        found = desk_accounts.find(
            self.app,
            self.parts,
            caller.cause(str(nature.new_id())),
            typed=request.typed,
            account_id=uuid_of(request.account_id, field="account_id") if request.account_id else None,
        )
        return m.FindAccountResponse(
            account_id=str(found.id),
            user_id=found.user_id,
            first_name=found.first_name,
            last_name=found.last_name,
            status=found.status,
            registered_at=timestamp(found.registered_at),
            is_at_desk=found.is_at_desk,
        )

    def TakeFromDesk(self, request: m.TakeFromDeskRequest, caller: Caller) -> m.TakeFromDeskResponse:
        """Somebody else's role."""
        cause, id_ = caller.cause(request.command_id), uuid_of(request.account_id, field="account_id")
        receipt = self.app.execute(desk_accounts.take_from_desk, cause, account_id=id_)
        return m.TakeFromDeskResponse(receipt=receipt_message(receipt))

    def GetDeskInvitee(self, request: m.GetDeskInviteeRequest, caller: Caller) -> m.GetDeskInviteeResponse:
        """For the notifier alone."""
        if caller.claims.service != NOTIFIER:
            raise NotAllowedError
        found = desk.sent(self.app, self.parts, uuid_of(request.invitation_id, field="invitation_id"))
        if found.invitee is None:
            raise NotFoundError("This person's data have been destroyed.")
        return m.GetDeskInviteeResponse(
            email=found.invitee.email, name=found.invitee.name, language=found.invitee.language
        )

    def _seen(self, request: Any, caller: Caller, view: View) -> UUID | None:
        """Where a page of a list begins, for who works at the desk, once what they have seen is in the view."""
        if EUS not in caller.roles:
            raise NotAllowedError("Only External User Services see their desk.")
        if self.waiter is not None:
            self.waiter.wait(request.at_least, [view])
        return uuid_of(request.after, field="after") if request.after else None


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        raise refusal_of(error) from error


def _invitation(sent: desk.Sent) -> m.DeskInvitation:
    return m.DeskInvitation(
        invitation_id=str(sent.id),
        tracking_id=sent.tracking_id,
        invited_by=str(sent.invited_by),
        name=sent.invitee.name if sent.invitee else "",
        email=sent.invitee.email if sent.invitee else "",
        status=sent.status,
        invited_at=timestamp(sent.invited_at),
        expires_at=timestamp(sent.expires_at),
    )


def desk_api(servicer: DeskServicer) -> Api:
    """The service, for `chassis.server.serve`."""
    return Api(
        descriptor=m.DESCRIPTOR.services_by_name["DeskService"],
        servicer=servicer,
        rules={
            "InviteToDesk": Rule.USER,
            "WithdrawDeskInvitation": Rule.USER,
            "ListDeskInvitations": Rule.USER,
            "ListDeskPeople": Rule.USER,
            "EnterDeskPin": Rule.EITHER,
            "AcceptDeskInvitation": Rule.USER,
            "GetDeskInvitee": frozenset({NOTIFIER}),
            "CloseAccount": Rule.USER,
            "FindAccount": Rule.USER,
            "TakeFromDesk": Rule.USER,
        },
    )
