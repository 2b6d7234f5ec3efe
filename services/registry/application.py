"""The registry: tables filled by COPY, and a log of what is said here beside the files."""

from __future__ import annotations

from chassis.application import Application
from services.registry.domain.employer import Employer
from services.registry.projections.added_employers import ADDED_EMPLOYERS


class RegistryApplication(Application):
    """Who holds which NPI, and who is worked for without one."""

    name = "registry"
    aggregates = (Employer,)
    views = (ADDED_EMPLOYERS,)
