"""What an installation may set for its mails; numbers come from limits.md."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.settings import FromEnvironment
from chassis.vocabulary.addresses import email
from chassis.vocabulary.header_text import refuse_hostile

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class HelpDesk(BaseModel):
    """The contact block of every mail (IA-CONF-05, D-19)."""

    lines: tuple[str, ...] = (
        "CMS External User Services",
        "Mail Stop DO-01-50",
        "7500 Security Blvd.",
        "Baltimore, MD 21244-1850",
    )
    phone: str = "1-866-484-8049"
    tty: str = "1-866-523-4759"
    email: str = "EUS_Support@cms.hhs.gov"


class NotifierSettings(FromEnvironment):
    """Read from the environment, prefix `MANDATE_`; nested with two underscores."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", env_nested_delimiter="__", frozen=True, extra="ignore")

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_starttls: bool | None = None
    """Hand over nothing without TLS (S-15); unset: everywhere but on a loopback address."""
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout_s: float = 10.0

    mail_from: str = "no-reply@mandate.example"
    """The no-reply address; its domain is that of the Message-IDs too."""
    mail_from_name: str = "Identity & Access System"
    base_url: str = "http://127.0.0.1:8000"
    """Where the portal is reached: every link of a mail begins with it."""
    pecos_url: str = "https://pecos.cms.hhs.gov"
    nppes_url: str = "https://nppes.cms.hhs.gov"
    """Named in the invitation (IA-INV-02)."""
    help_desk: HelpDesk = HelpDesk()

    sms_domain: str = "sms.mandate.example"
    voice_domain: str = "voice.mandate.example"
    """Stubs of the other two ways: a gateway that takes mails to `<number>@<domain>` (S-05: code by SMS or voice)."""

    mail_back_off_min: tuple[int, ...] = (1, 2, 5, 15, 30, 60, 120)
    """Minutes to wait after each failed try; the last one repeats."""
    mail_give_up_h: int = 24
    """How long a mail is tried."""

    @field_validator("mail_from")
    @classmethod
    def _one_address(cls, value: str) -> str:
        return email(value)

    @field_validator("mail_from_name")
    @classmethod
    def _plain(cls, value: str) -> str:
        refuse_hostile(value, "MANDATE_MAIL_FROM_NAME")
        return value

    @field_validator("base_url", "pecos_url", "nppes_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        return value.rstrip("/")

    @property
    def requires_tls(self) -> bool:
        """Whether nothing is handed over without STARTTLS."""
        return self.smtp_host not in LOOPBACK if self.smtp_starttls is None else self.smtp_starttls

    def back_off(self, attempts: int) -> timedelta:
        """How long to wait after the `attempts`-th failed try, from 1."""
        return timedelta(minutes=self.mail_back_off_min[min(attempts, len(self.mail_back_off_min)) - 1])

    @property
    def give_up(self) -> timedelta:
        """How long after it was asked for a mail is tried at last."""
        return timedelta(hours=self.mail_give_up_h)
