"""Whenever an invitation is accepted, its PIN expires, or a new one is asked for, tell who had sent it (M-20)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import InvitationAccepted, NewPinAsked, PinExpired

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_accepted(heard: InvitationAccepted, world: World) -> Iterator[Aggregate]:
    """With the employers where the person works now."""
    yield from _tell(heard, world, outcome="ACCEPTED", employer_ids=[one.employer_id for one in heard.employers])


def on_expired(heard: PinExpired, world: World) -> Iterator[Aggregate]:
    """Nobody came; a new invitation can be sent."""
    yield from _tell(heard, world, outcome="EXPIRED", employer_ids=list(heard.employer_ids))


def on_asked(heard: NewPinAsked, world: World) -> Iterator[Aggregate]:
    """The invitation can be sent again."""
    yield from _tell(heard, world, outcome="ASKED", employer_ids=list(heard.employer_ids))


def _tell(
    heard: InvitationAccepted | NewPinAsked | PinExpired, world: World, *, outcome: str, employer_ids: list[str]
) -> Iterator[Aggregate]:
    yield from owe(
        world,
        mails.INVITATION_OVER,
        to=to_account(heard.invited_by),
        data={
            "invitation_id": heard.invitation_id,
            "employer_ids": employer_ids,
            "tracking_id": heard.tracking_id,
            "outcome": outcome,
        },
    )
