"""Step-up: what is worth more than a session asks for a second factor that was given just now (S-09)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis import nature
from chassis.cause import Cause
from chassis.domain import DomainError


class StepUpRequiredError(DomainError):
    """Enter a verification code again, then repeat this: it is worth more than being signed in."""

    rule = "S-09"


class StepUpSettings(BaseSettings):
    """limits.md, prefix MANDATE_."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", extra="ignore")

    step_up_minutes: int = 15
    """How old a second factor may be."""


@cache
def limit() -> timedelta:
    """How old a second factor may be, as it was set when the process began."""
    return timedelta(minutes=StepUpSettings().step_up_minutes)


def require_recent(cause: Cause) -> None:
    """Let a person pass who has given a second factor within the limit. Raises `StepUpRequiredError`."""
    if cause.mfa_at is None or nature.now() - cause.mfa_at > limit():
        raise StepUpRequiredError
