"""Whenever an application is received, tell whoever submitted it (M-22)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mandate.enrollment.v1.events_pb2 import ApplicationReceived

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary import eastern
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_received(heard: ApplicationReceived, world: World) -> Iterator[Aggregate]:
    """With the filing date, on which the last signature came."""
    application = heard.application
    yield from owe(
        world,
        mails.APPLICATION_RECEIVED,
        to=to_account(application.submitted_by),
        data={
            "provider_id": application.provider_id,
            "form": application.form,
            "tracking_id": application.tracking_id,
            "contractor": application.contractor,
            "filing_date": eastern.format_day(date.fromisoformat(heard.filing_date)),
        },
    )
