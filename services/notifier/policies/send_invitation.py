"""Whenever a PIN is issued, send the invitation to the address that it is for (M-01)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from mandate.access.v1.events_pb2 import PinIssued
from mandate.identity.v1.events_pb2 import DeskPinIssued

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_invitee, to_newcomer
from services.notifier.policies.owing import owe

SEALED_FOR = "mandate.access.v1.PinIssued/"
DESK_SEALED_FOR = "mandate.identity.v1.DeskPinIssued/"


def on_issued(heard: PinIssued, world: World) -> Iterator[Aggregate]:
    """By the moment at which the PIN dies at the latest, unless it is withdrawn before."""
    yield from owe(
        world,
        mails.INVITATION,
        to=to_invitee(heard.invitation_id),
        data={
            "inviter_id": heard.invited_by,
            "employer_ids": list(heard.employer_ids),
            "tracking_id": heard.tracking_id,
        },
        about=heard.tracking_id,
        sealed_secret=heard.sealed_pin,
        seal_context=f"{SEALED_FOR}{heard.invitation_id}",
        expires_at=heard.expires_at.ToDatetime(UTC),
    )


def on_desk_issued(heard: DeskPinIssued, world: World) -> Iterator[Aggregate]:
    """To the desk of External User Services, where there is no employer."""
    yield from owe(
        world,
        mails.INVITATION,
        to=to_newcomer(heard.invitation_id),
        data={"inviter_id": heard.invited_by, "is_desk": True, "tracking_id": heard.tracking_id},
        about=heard.tracking_id,
        sealed_secret=heard.sealed_pin,
        seal_context=f"{DESK_SEALED_FOR}{heard.invitation_id}",
        expires_at=heard.expires_at.ToDatetime(UTC),
    )
