"""What an installation may set: names, contact, cookies, limits. Numbers come from limits.md."""

from __future__ import annotations

from functools import cached_property

from pydantic import BaseModel, SecretStr
from pydantic_settings import SettingsConfigDict

from chassis.settings import FromEnvironment


class Contact(BaseModel):
    """The help desk (IA-CONF-05, IA-HELP-01, D-19)."""

    heading: str = ""
    """Above it on Home; empty for our own words."""
    lines: tuple[str, ...] = (
        "CMS External User Services",
        "Mail Stop DO-01-50",
        "7500 Security Blvd.",
        "Baltimore, MD 21244-1850",
    )
    phone: str = "1-866-484-8049"
    tty: str = "1-866-523-4759"
    email: str = "EUS_Support@cms.hhs.gov"
    site: str = "https://eus.cms.gov/helpdesks/cpi/eus/ia/home"
    live_chat: str = ""
    """Address of a live chat; empty where there is none."""
    enumerator_phone: str = "800-465-3203"


class PortalSettings(FromEnvironment):
    """Read from the environment, prefix `MANDATE_PORTAL_`; nested with two underscores."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_PORTAL_", env_nested_delimiter="__", frozen=True)

    secret: SecretStr
    """Signs CSRF tokens and challenges; at least 32 bytes, equal in all copies of the portal."""

    site_name: str = "Mandate"
    demonstration: bool = True
    """Says on every page that this is no government site."""
    contact: Contact = Contact()
    languages: tuple[str, ...] = ("en", "es")
    zone: str = "America/New_York"

    secure_cookies: bool = True
    """`__Host-` names and the Secure flag; off only for development over plain http on a loopback address."""
    cookie_name: str = "mandate"
    """What the names of all cookies begin with."""
    origins: tuple[str, ...] = ()
    """Origins that forms may come from ("https://portal.example"); empty: the host that was asked."""

    proxy_hops: int = 0
    """Proxies of ours in front, each of which adds an address to X-Forwarded-For (S-32); 0: none is believed."""
    deadline_seconds: float = 10.0
    """Of each call to a service; at most 30 (limits.md)."""
    form_bytes: int = 65_536
    """Largest body of a page without uploads."""
    upload_bytes: int = 12 * 1024 * 1024
    """What is kept of the body of a page with a document: the 10 MiB of D-42 and the fields around it."""
    upload_drained_bytes: int = 64 * 1024 * 1024
    """Largest body of such a page that is read to its end, so that its sender reads why it is too large."""
    upload_seconds: float = 30.0
    """Of handing a document on, which access looks into (at most 30, limits.md)."""
    challenge_minutes: int = 10
    """Life of a picture challenge (IA-REG-04)."""
    warn_seconds: int = 300
    """How long before a session's end the page warns."""

    nppes_url: str = ""
    pecos_url: str = ""
    pepper_url: str = ""
    """Where the application links lead; empty: to the page of ours."""

    @cached_property
    def key(self) -> bytes:
        """The secret as bytes. Raises `ValueError` when it is short."""
        key = self.secret.get_secret_value().encode()
        if len(key) < 32:  # noqa: PLR2004 - half of a SHA-256 block, the least that HMAC should get
            raise ValueError("MANDATE_PORTAL_SECRET needs at least 32 bytes")
        return key
