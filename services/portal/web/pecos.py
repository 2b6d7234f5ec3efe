"""What the pages of enrollment share: how states look and are called, names, an application by its Tracking ID."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mandate.enrollment.v1.service_pb2 import (
    Enrollment,
    GetApplicationRequest,
    GetApplicationResponse,
    GetEnrollmentRequest,
    GetEnrollmentResponse,
)
from markupsafe import Markup

from chassis.vocabulary.addresses import STATES
from services.portal.web import clock, receipts
from services.portal.web.visits import Visit

AUDIENCE = "enrollment"
PAGE = 25
MOST = 200
"""The largest page that enrollment gives."""
INDIVIDUAL = "855I"
"""The form that can be filled in here."""

KINDS = {
    "APPROVED": "ok",
    "SIGNED": "ok",
    "DRAFT": "wait",
    "PENDING_SIGNATURES": "wait",
    "REQUESTED": "wait",
    "RETURNED_FOR_CORRECTIONS": "wait",
    "DENIED": "bad",
    "REJECTED": "bad",
    "REVOKED": "bad",
    "DEACTIVATED": "bad",
    "DECLINED": "bad",
    "VOID": "bad",
}
"""The look of a state; the others are quiet."""

CORRECTABLE = frozenset({"DRAFT", "RETURNED_FOR_CORRECTIONS"})
"""States of an application in which its topics can be changed (4.6)."""
DECIDED = frozenset({"APPROVED", "DENIED", "REJECTED", "RETURNED", "WITHDRAWN", "ABANDONED"})


def query(visit: Visit, method: Callable[..., Any], request: Any) -> Any:
    """Ask enrollment a query that takes receipts. Raises `RefusedError`."""
    return receipts.ask(visit, method, request, audience=AUDIENCE)


def command(visit: Visit, method: Callable[..., Any], request: Any) -> Any:
    """Give enrollment a command, and let the next pages wait for it. Raises `RefusedError`."""
    answer = visit.ask(method, request, audience=AUDIENCE)
    receipts.remember(visit, answer.receipt)
    return answer


def application(visit: Visit) -> GetApplicationResponse:
    """The application whose Tracking ID is in the address. Raises `RefusedError` where it is not for the reader."""
    request = GetApplicationRequest(tracking_id=visit.request.path_params["tracking"])
    answer: GetApplicationResponse = query(visit, visit.portal.clients.enrollment.GetApplication, request)
    return answer


def record(visit: Visit) -> GetEnrollmentResponse:
    """The enrollment of the address. Raises `RefusedError` where it is not for the reader."""
    request = GetEnrollmentRequest(enrollment_id=str(visit.request.path_params["enrollment"]))
    answer: GetEnrollmentResponse = query(visit, visit.portal.clients.enrollment.GetEnrollment, request)
    return answer


def state(code: str) -> str:
    """`Maine` of `ME`."""
    return STATES.get(code, code)


def day(visit: Visit, iso: str) -> str | Markup:
    """`MM/DD/YYYY`, or N/A where there is none (PE-REA-07)."""
    return clock.day(iso) if iso else visit.words("PE-REA-07.none")


def title(enrollment: Enrollment) -> str:
    """`Clinic/Group Practice, Maine`: how a record is called."""
    return f"{enrollment.specialty}, {state(enrollment.state)}"
