"""Whenever a requester has named an Authorized Official of the employer, tell that person of the request (M-10).

Who is named may have no account, and may be one of those who decide: then they are asked as such, and the sender, which
alone sees addresses, drops this mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from mandate.access.v1.events_pb2 import AuthorizedOfficialNamed

from chassis.domain import Aggregate
from chassis.policies import World
from services.notifier.domain import mails
from services.notifier.domain.notification import to_official
from services.notifier.policies.owing import owe
from services.notifier.projections.asked import DECIDING_ROLES
from services.notifier.projections.managers import people


def on_named(heard: AuthorizedOfficialNamed, world: World) -> Iterator[Aggregate]:
    """At the address that the requester gave."""
    deciders = people(world.db, employer_id=UUID(heard.employer_id), roles=list(DECIDING_ROLES.get(heard.role, ())))
    yield from owe(
        world,
        mails.ROLE_REQUEST_AWAITS,
        to=to_official(heard.role_request_id),
        data={
            "requester_id": heard.account_id,
            "employer_id": heard.employer_id,
            "role": heard.role,
            "tracking_id": heard.tracking_id,
            "is_named": True,
            "decider_ids": [str(one) for one in deciders if str(one) != heard.account_id],
        },
        about=heard.tracking_id,
    )
