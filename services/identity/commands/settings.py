"""Every limit of identity, named once (limits.md, prefix MANDATE_)."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, EmailStr, Field, SecretStr

from chassis.pins import PinSettings


class SeededAccount(BaseModel):
    """An account that configuration makes, for the people of the installation."""

    user_id: str
    email: EmailStr
    password: SecretStr
    first_name: str
    last_name: str
    roles: list[Literal["EUS", "MAC", "AUDITOR"]]


class IdentitySettings(PinSettings):
    """Defaults are those of limits.md."""

    password_profile: Literal["ia", "nist-63b-4"] = "ia"  # noqa: S105

    wrong_passwords: int = 3
    """In a row, then PasswordLocked (X-07)."""
    wrong_password_minutes: int = 120
    password_checks: int = 5
    """Passwords compared within those minutes, the account being locked or not (A-03)."""
    sign_in_delay_seconds: float = 1
    """Before the second try for one user id from one address; doubled for each further one."""
    sign_ins_per_address_hour: int = 300

    code_minutes: int = 10
    code_tries: int = 5
    spent_codes: int = 3
    """In a row, then MfaLocked (D-24)."""
    code_resend_seconds: int = 30
    codes_per_hour: int = 5
    codes_per_day: int = 30
    step_up_codes_per_hour: int = 10
    """An allowance of its own, so that a step-up never locks the door of a sign-in."""

    session_idle_minutes: int = 15
    session_hours: int = 12
    audiences_per_check: int = 8
    audiences: tuple[str, ...] = ("identity", "access", "connections", "enrollment", "registry", "notifier")

    registration_hours: int = 72
    registrations_per_address_hour: int = 100
    compliance_checks_per_minute: int = 120

    password_bytes: int = 512

    names_kept: int = 10_000
    """Opened names that a process keeps for the lists that show them, and people of the orders of such lists."""
    names_minutes: int = 15

    seeded_accounts: list[SeededAccount] = Field(default_factory=list)

    @property
    def code_life(self) -> timedelta:
        """How long a code is good."""
        return timedelta(minutes=self.code_minutes)

    @property
    def code_resend(self) -> timedelta:
        """How long nobody may ask for another."""
        return timedelta(seconds=self.code_resend_seconds)

    @property
    def registration_life(self) -> timedelta:
        """How long a registration may take."""
        return timedelta(hours=self.registration_hours)

    @property
    def session_idle(self) -> timedelta:
        """How long a session lives without a page request."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def session_life(self) -> timedelta:
        """How long a session lives at most."""
        return timedelta(hours=self.session_hours)

    @property
    def names_life(self) -> timedelta:
        """How long an opened name is kept, and the order of a list."""
        return timedelta(minutes=self.names_minutes)

    @property
    def password_window(self) -> timedelta:
        """Within which wrong passwords add up."""
        return timedelta(minutes=self.wrong_password_minutes)
