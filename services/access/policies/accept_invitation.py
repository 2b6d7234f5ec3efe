"""Whenever somebody who has entered an invitation's PIN has an account, the invitation is accepted for it (4.4)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.identity.v1.events_pb2 import AccountActivated

from chassis import nature
from chassis.cause import system_actor
from chassis.domain import Aggregate, Claim
from chassis.policies import World
from services.access.domain.invitation import Invitation, InvitationVoidError
from services.access.domain.joining import join

ACCESS = system_actor("access/accept_invitation")
"""Who takes back what nobody may give any more."""


def on_activated(heard: AccountActivated, world: World) -> Iterator[Aggregate]:
    """The first account with the proof; what the inviter may not give any more is not given."""
    if not heard.invitation_proof:
        return
    claim: Claim | None = world.repository.find(Invitation.proof_id(heard.invitation_proof))
    if claim is None or claim.owner_id is None:
        return  # no proof of ours, or used already
    invitation: Invitation = world.repository.get(claim.owner_id)
    if invitation.status != "REDEEMED":
        return
    try:
        changed = list(join(world.repository.find, invitation, account_id=UUID(heard.account_id), now=nature.now()))
    except InvitationVoidError:
        invitation.withdraw(withdrawn_by=ACCESS)
        changed = [invitation]
    claim.release(invitation.id)
    yield from (*changed, claim)
