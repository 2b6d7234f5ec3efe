"""Whenever a contractor decides, or asks for more, tell whoever it is about (M-24, M-25, M-26)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date
from typing import Any

from mandate.enrollment.v1 import events_pb2 as enrollment

from chassis.domain import Aggregate
from chassis.policies import World
from chassis.vocabulary import eastern
from services.notifier.domain import mails
from services.notifier.domain.notification import to_account
from services.notifier.policies.owing import owe


def on_corrections(heard: enrollment.CorrectionsRequested, world: World) -> Iterator[Aggregate]:
    """With the last day; not any more after it."""
    last_day = heard.correct_before.ToDatetime(UTC)
    yield from owe(
        world,
        mails.CORRECTIONS_NEEDED,
        to=to_account(heard.application.submitted_by),
        data=_about(heard.application) | {"reason": heard.reason},
        expires_at=last_day,
    )


def on_approved(heard: enrollment.ApplicationApproved, world: World) -> Iterator[Aggregate]:
    """Whoever submitted and whoever signed, each once; the Medicare ID is shown inside PECOS alone."""
    day = eastern.format_day(date.fromisoformat(heard.effective_date))
    for account_id in sorted({heard.application.submitted_by, *heard.signer_account_ids}):
        yield from owe(
            world,
            mails.APPLICATION_APPROVED,
            to=to_account(account_id),
            data=_about(heard.application) | {"effective_date": day},
        )


def on_denied(heard: enrollment.ApplicationDenied, world: World) -> Iterator[Aggregate]:
    """It does not meet the requirements."""
    yield from _failed(world, heard.application, "DENIED", heard.reason)


def on_rejected(heard: enrollment.ApplicationRejected, world: World) -> Iterator[Aggregate]:
    """Something was not supplied."""
    yield from _failed(world, heard.application, heard.cause, heard.reason)


def on_returned(heard: enrollment.ApplicationReturned, world: World) -> Iterator[Aggregate]:
    """It was never processed."""
    yield from _failed(world, heard.application, "RETURNED", heard.reason)


def _failed(
    world: World, application: enrollment.ApplicationReference, outcome: str, reason: str
) -> Iterator[Aggregate]:
    yield from owe(
        world,
        mails.APPLICATION_FAILED,
        to=to_account(application.submitted_by),
        data=_about(application) | {"outcome": outcome, "reason": reason},
    )


def _about(application: enrollment.ApplicationReference) -> dict[str, Any]:
    return {
        "provider_id": application.provider_id,
        "form": application.form,
        "tracking_id": application.tracking_id,
        "contractor": application.contractor,
    }
