"""Whenever a signature is asked for, send the link to the signer (M-21)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from mandate.enrollment.v1.events_pb2 import SignatureRequested

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_signer
from services.notifier.policies.owing import owe


def on_requested(heard: SignatureRequested, world: World) -> Iterator[Aggregate]:
    """Not any more after the last day for signatures."""
    application = heard.application
    yield from owe(
        world,
        mails.SIGNATURE_NEEDED,
        to=to_signer(application.application_id, heard.signature_id),
        data={
            "provider_id": application.provider_id,
            "form": application.form,
            "tracking_id": application.tracking_id,
        },
        expires_at=heard.sign_before.ToDatetime(UTC),
    )
