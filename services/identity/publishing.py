"""What identity tells other services; what is not named here is private."""

from __future__ import annotations

from mandate.identity.v1 import events_pb2, state_pb2

from chassis.messages import timestamp
from chassis.relay import Publishing
from services.identity.domain import account_events
from services.identity.domain.account import Account
from services.identity.domain.code import Code
from services.identity.domain.decoy import Decoy
from services.identity.domain.desk_invitation import DeskInvitation
from services.identity.domain.sign_in import SignIn


def _started(event: account_events.RegistrationStarted, account: Account) -> events_pb2.RegistrationStarted:
    return events_pb2.RegistrationStarted(
        account_id=str(account.id), started_at=timestamp(event.timestamp), expires_at=timestamp(event.expires_at)
    )


def _address_taken(event: Decoy.AddressTaken, decoy: Decoy) -> events_pb2.RegistrationAddressTaken:
    return events_pb2.RegistrationAddressTaken(account_id=str(decoy.account_id), tried_at=timestamp(event.timestamp))


def _abandoned(event: account_events.Abandoned, account: Account) -> events_pb2.RegistrationAbandoned:
    return events_pb2.RegistrationAbandoned(account_id=str(account.id), abandoned_at=timestamp(event.timestamp))


def _proofing_failed(
    event: account_events.IdentityProofingFailed, account: Account
) -> events_pb2.IdentityProofingFailed:
    return events_pb2.IdentityProofingFailed(account_id=str(account.id), failed_at=timestamp(event.timestamp))


def _activated(event: account_events.Activated, account: Account) -> events_pb2.AccountActivated:
    return events_pb2.AccountActivated(
        account_id=str(account.id),
        activated_at=timestamp(event.timestamp),
        language=account.language,
        invitation_proof=account.invitation_proof,
    )


def _code_issued(event: Code.Issued, code: Code) -> events_pb2.MfaCodeIssued:
    return events_pb2.MfaCodeIssued(
        code_id=str(code.id),
        account_id=str(event.account_id),
        method_id=str(event.method_id) if event.method_id else "",
        kind=event.kind,
        purpose=event.purpose,
        sealed_code=event.secret,
        issued_at=timestamp(event.timestamp),
        expires_at=timestamp(event.dies_at),
        language=event.language,
    )


def _signed_in(event: SignIn.Succeeded, sign_in: SignIn) -> events_pb2.SignInSucceeded:
    return events_pb2.SignInSucceeded(
        sign_in_id=str(sign_in.id), account_id=str(sign_in.account_id), signed_in_at=timestamp(event.timestamp)
    )


def _sign_in_failed(event: SignIn.Failed, sign_in: SignIn) -> events_pb2.SignInFailed:
    return events_pb2.SignInFailed(
        sign_in_id=str(sign_in.id),
        account_id=str(sign_in.account_id or ""),
        failed_at=timestamp(event.timestamp),
    )


def _locked(event: account_events.Locked, account: Account) -> events_pb2.AccountLocked:
    return events_pb2.AccountLocked(
        account_id=str(account.id), reason=event.reason, locked_at=timestamp(event.timestamp)
    )


def _unlocked(event: account_events.Unlocked, account: Account) -> events_pb2.AccountUnlocked:
    return events_pb2.AccountUnlocked(account_id=str(account.id), unlocked_at=timestamp(event.timestamp))


def _closed(event: account_events.Closed, account: Account) -> events_pb2.AccountClosed:
    return events_pb2.AccountClosed(
        account_id=str(account.id), closed_by=str(event.closed_by), closed_at=timestamp(event.timestamp)
    )


def _desk_pin_issued(event: DeskInvitation.PinIssued, invitation: DeskInvitation) -> events_pb2.DeskPinIssued:
    return events_pb2.DeskPinIssued(
        **_which(invitation),
        sealed_pin=event.secret,
        issued_at=timestamp(event.timestamp),
        expires_at=timestamp(event.expires_at),
    )


def _desk_pin_expired(event: DeskInvitation.PinExpired, invitation: DeskInvitation) -> events_pb2.DeskPinExpired:
    return events_pb2.DeskPinExpired(**_which(invitation), expired_at=timestamp(event.timestamp))


def _desk_joined(event: DeskInvitation.Accepted, invitation: DeskInvitation) -> events_pb2.DeskInvitationAccepted:
    return events_pb2.DeskInvitationAccepted(
        **_which(invitation), account_id=str(event.account_id), accepted_at=timestamp(event.timestamp)
    )


def _desk_withdrawn(event: DeskInvitation.Withdrawn, invitation: DeskInvitation) -> events_pb2.DeskInvitationWithdrawn:
    return events_pb2.DeskInvitationWithdrawn(
        **_which(invitation), withdrawn_by=str(event.withdrawn_by), withdrawn_at=timestamp(event.timestamp)
    )


def _which(invitation: DeskInvitation) -> dict[str, str]:
    return {
        "invitation_id": str(invitation.id),
        "invited_by": str(invitation.invited_by),
        "tracking_id": invitation.tracking_id,
    }


def account_state(account: Account) -> state_pb2.AccountState:
    """The whole public state of one person."""
    return state_pb2.AccountState(
        account_id=str(account.id),
        active=account.is_active,
        provider_ids=account.provider_ids,
        roles=account.roles,
        # not before identity is proofed: until then an SSN is a claim, perhaps on somebody else's
        person_id=str(account.person_id or "") if account.is_active else "",
    )


PUBLISHING = Publishing(
    to_message={
        Account.RegistrationStarted: _started,
        Account.IdentityProofingFailed: _proofing_failed,
        Account.Activated: _activated,
        Account.Locked: _locked,
        Account.Unlocked: _unlocked,
        Account.Abandoned: _abandoned,
        Account.Closed: _closed,
        Decoy.AddressTaken: _address_taken,
        Code.Issued: _code_issued,
        DeskInvitation.PinIssued: _desk_pin_issued,
        DeskInvitation.PinExpired: _desk_pin_expired,
        DeskInvitation.Accepted: _desk_joined,
        DeskInvitation.Withdrawn: _desk_withdrawn,
        SignIn.Succeeded: _signed_in,
        SignIn.Failed: _sign_in_failed,
    },
    to_state={Account: account_state},
    form=2,  # 2: the person
)
