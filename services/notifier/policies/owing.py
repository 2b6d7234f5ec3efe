"""How a policy owes somebody a mail: one per event, mail and recipient, however often the policy is woken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from chassis.hearing import headers_of
from chassis.policies import World
from services.notifier.domain.notification import Notification


def owe(
    world: World,
    template: str,
    *,
    to: str,
    data: Mapping[str, Any],
    cause: str = "",
    about: str = "",
    sealed_secret: str = "",
    seal_context: str = "",
    expires_at: datetime | None = None,
) -> Iterator[Notification]:
    """Ask for the mail unless it has been asked for. `cause` is the heard message's `ce_id` unless given.

    `about` is what the mail waits for: the key by which something may supersede it.
    """
    headers = headers_of(world.woken_by)
    id_ = Notification.id_for(cause or headers["ce_id"], template, to)
    if world.repository.find(id_) is None:
        yield Notification(
            id=id_,
            template=template,
            recipient=to,
            data=dict(data),
            about=about,
            sealed_secret=sealed_secret,
            seal_context=seal_context,
            expires_at=expires_at,
            correlation=headers["correlationid"],
        )
