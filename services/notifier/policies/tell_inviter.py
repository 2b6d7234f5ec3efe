"""Whenever an invitation is accepted, its PIN expires, or a new one is asked for, tell who had sent it (M-20)."""

from __future__ import annotations

from collections.abc import Iterator

from mandate.access.v1.events_pb2 import InvitationAccepted, NewPinAsked, PinExpired
from mandate.identity.v1.events_pb2 import DeskInvitationAccepted, DeskPinExpired

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


def on_desk_joined(heard: DeskInvitationAccepted, world: World) -> Iterator[Aggregate]:
    """Somebody works at the desk now."""
    yield from _tell_desk(heard, world, outcome="ACCEPTED")


def on_desk_expired(heard: DeskPinExpired, world: World) -> Iterator[Aggregate]:
    """Nobody came to the desk."""
    yield from _tell_desk(heard, world, outcome="EXPIRED")


def _tell_desk(heard: DeskInvitationAccepted | DeskPinExpired, world: World, *, outcome: str) -> Iterator[Aggregate]:
    yield from owe(
        world,
        mails.INVITATION_OVER,
        to=to_account(heard.invited_by),
        data={
            "newcomer_id": heard.invitation_id,
            "is_desk": True,
            "tracking_id": heard.tracking_id,
            "outcome": outcome,
        },
    )
