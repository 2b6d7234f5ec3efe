"""Deadlines of enrollment: signatures (D-23), corrections (PE-X-10), idle drafts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from chassis.cause import Receipt
from services.enrollment.commands import applications, reviewing, signing
from services.enrollment.domain.application import Application

DEADLINES: Mapping[type, Callable[..., Receipt]] = MappingProxyType(
    {
        Application.Started: applications.abandon,
        Application.TopicSaved: applications.abandon,
        Application.SignatureDeclined: applications.abandon,
        Application.Reopened: applications.abandon,
        Application.Submitted: signing.expire,
        Application.Resubmitted: signing.expire,
        Application.CorrectionsRequested: reviewing.expire_corrections,
    }
)
"""The aggregate looks at the clock itself."""
