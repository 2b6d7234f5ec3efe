"""Events of an association beside its role: how the person is reached, whom they may not act for, who was the last."""

from __future__ import annotations

from uuid import UUID

from chassis.domain import Aggregate


class ContactChosen(Aggregate.Event):
    """Mails about the employer reach the person here from now on (IA-EMP-06, D-28).

    A sealed address, or the one that an invitation went to; with neither, the person's primary one.
    """

    TOPIC = "access.Association.ContactChosen"
    email: str
    invitation_id: UUID | None


class ProvidersWithheld(Aggregate.Event):
    """The Staff End User may act by the employer's connections for all providers but these: all of them, sorted."""

    TOPIC = "access.Association.ProvidersWithheld"
    provider_ids: list[str]


class EmployerLeftWithoutOfficial(Aggregate.Event):
    """With this person the employer's last Authorized Official has gone (D-08)."""

    TOPIC = "access.Association.EmployerLeftWithoutOfficial"
