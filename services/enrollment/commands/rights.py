"""Who may prepare an application, by what was heard; access is asked where it is signed or submitted (D-50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from mandate_kit.authority import Missing
from mandate_kit.feeding import TOPICS

from chassis import progress
from chassis.application import Application
from chassis.domain import DomainError, NotAllowedError
from chassis.parking import unknown_keys
from chassis.vocabulary.functions import PECOS
from chassis.vocabulary.roles import MAC
from services.enrollment.projections.authority import AuthorityFollower

ORIGINS = ("identity", "access", "connections")

MISSING = {
    "ACTIVE_ACCOUNT": "your account is not active",
    "APPROVED_ASSOCIATION": "you have no approved role at an employer that may act for this provider",
    "FUNCTION": "your employer has not given you PECOS",
    "CONNECTION": "your employer has no approved connection to this provider for PECOS",
    "NOT_WITHHELD": "your employer withholds this provider from you",
}
STATUS = {
    "DISCONNECTED": " any more: it was disconnected",
    "REJECTED": ": the request was rejected",
    "PENDING": ": the request waits for a decision",
    "CANCELLED": ": the request was taken back",
    "DISASSOCIATED": " any more: it has ended",
}
SUPPLIED_BY = {
    "OWNER": "Finish your registration first",
    "EMPLOYER_OFFICIAL": "An Authorized Official or Access Manager of your employer can give it",
    "PROVIDER": "The provider can approve a new request of your employer",
    "EXTERNAL_USER_SERVICES": "External User Services can help",
}


class NoRightToActError(NotAllowedError):
    """You may not act for this provider in PECOS."""

    def __init__(self, why: str, causes: Sequence[str]) -> None:
        """`causes`: what is missing and perhaps how it stands (`CONNECTION.DISCONNECTED`), whom to ask (`ASK.…`)."""
        super().__init__(why)
        self.causes = causes


class ContractorOnlyError(NotAllowedError):
    """Only the Medicare Administrative Contractor does this."""


class AccessSilentError(DomainError):
    """Whether you may do this could not be asked just now. Nothing was changed; try again in a minute."""

    transient = True


class Owner(Protocol):
    """Access, which owns the right to act."""

    def may_act(self, account_id: UUID, provider_id: UUID) -> bool:
        """Whether the person may act for the provider in PECOS at this moment. Raises `AccessSilentError`."""
        ...


@dataclass(frozen=True)
class Rights:
    """What was heard of the right to act, and its owner."""

    app: Application
    heard: AuthorityFollower
    owner: Owner

    def require(self, account_id: UUID, provider_id: UUID) -> None:
        """Let who may act for the provider pass, by what is known here.

        Raises `NoRightToActError`, which says what is missing and who can supply it, and `ViewStaleError`.
        """
        with self.app.session() as session:
            for origin in ORIGINS:
                progress.require_fresh(session, origin)
            unknown = unknown_keys(session, TOPICS)
        answer = self.heard.index.explain(account_id, provider_id, PECOS)
        if not answer.allowed:
            raise NoRightToActError(_why(answer.missing), _causes(answer.missing))
        rests_on = {str(account_id)}
        rests_on |= {str(one.association_id) for one in (answer.association,) if one is not None}
        rests_on |= {str(one.connection_id) for one in (answer.connection,) if one is not None}
        if rests_on & unknown:
            why = "Your right to act cannot be read just now. External User Services can help."
            raise NoRightToActError(why, ["UNREADABLE", "ASK.EXTERNAL_USER_SERVICES"])

    def require_owner(self, account_id: UUID, provider_id: UUID) -> None:
        """Let who may act pass whom access lets pass at this moment. Raises as `require`, and `AccessSilentError`."""
        self.require(account_id, provider_id)
        if not self.owner.may_act(account_id, provider_id):
            raise NoRightToActError(
                "Your right to act for this provider in PECOS has ended just now. The provider, or an Authorized"
                " Official or Access Manager of your employer, can give it again.",
                ["ENDED_JUST_NOW", "ASK.PROVIDER", "ASK.EMPLOYER_OFFICIAL"],
            )

    def may_act(self, account_id: UUID, provider_id: UUID) -> bool:
        """Whether the person may see what is the provider's, by what is known here."""
        return self.heard.index.can_act(account_id, provider_id, PECOS)

    def providers_of(self, account_id: UUID) -> list[UUID]:
        """For whom the person may act in PECOS."""
        return list(self.heard.index.providers_for(account_id, PECOS))

    def is_own_record(self, account_id: UUID, provider_id: UUID) -> bool:
        """Whether the provider is the person himself."""
        return self.heard.index.explain(account_id, provider_id, PECOS).own_record

    def person_of(self, account_id: UUID) -> UUID | None:
        """The person behind an account, as identity says; None where it does not."""
        return self.heard.persons.get(account_id)


def require_contractor(roles: frozenset[str]) -> None:
    """Let the contractor pass. Raises `ContractorOnlyError`."""
    if MAC not in roles:
        raise ContractorOnlyError


def _why(missing: tuple[Missing, ...]) -> str:
    parts = [f"{MISSING[one.what]}{STATUS.get(one.status, '')}" for one in missing]
    who = dict.fromkeys(SUPPLIED_BY[one.supplied_by] for one in missing)
    return f"You may not act for this provider in PECOS: {'; '.join(parts)}. {'. '.join(who)}."


def _causes(missing: tuple[Missing, ...]) -> list[str]:
    what = [f"{one.what}.{one.status}" if one.status in STATUS else one.what for one in missing]
    return [*what, *dict.fromkeys(f"ASK.{one.supplied_by}" for one in missing)]
