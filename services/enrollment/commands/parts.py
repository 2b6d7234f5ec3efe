"""What commands of enrollment work with beside the log: limits, keys, vault, examiner, registry, rights."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from chassis.documents.examiner import Examiner
from chassis.documents.stores import Store
from chassis.documents.uploads import DocumentSettings
from chassis.vault import Vault
from chassis.vocabulary import eastern
from services.enrollment.commands.rights import Rights

KINDS = ("PDF", "TIFF")
"""Of documents (D-42)."""


class EnrollmentSettings(DocumentSettings):
    """Every limit of enrollment, named once (limits.md, prefix MANDATE_)."""

    signature_days: int = 20
    correction_days: int = 30
    idle_draft_days: int = 60
    backdating_days: int = 30
    """How long before the filing date an enrollment may begin (PE-X-12)."""
    revalidation_posted_months: int = 7
    contractor: str = "National Government Services"
    """Who decides on a provider's first application."""


class Registry(Protocol):
    """The registry, asked when an application is started."""

    def npi_of(self, provider_id: UUID) -> str | None:
        """The provider's first NPI; None where the registry knows no such provider.

        Raises `RegistrySilentError`.
        """
        ...


@dataclass(frozen=True)
class Parts:
    """All that one process of enrollment works with."""

    settings: EnrollmentSettings
    person_key: bytes = field(repr=False)
    """Shared with identity alone: makes of an SSN the id of a person (X-11)."""
    vault: Vault
    examiner: Examiner
    registry: Registry
    rights: Rights
    store: Store | None = None
    """Of documents; None: the database."""


def after_days(now: datetime, days: int) -> datetime:
    """The first moment after so many whole legal days: what is due then is due by 23:59:59 of the last (D-23, D-48)."""
    return eastern.start_of_day(eastern.day_of(now) + timedelta(days=days + 1))
