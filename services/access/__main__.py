"""The composition root of access."""

from __future__ import annotations

from chassis.service import Service
from services.access.application import AccessApplication
from services.access.publishing import PUBLISHING

SERVICE = Service(application=AccessApplication, publishing=PUBLISHING)
