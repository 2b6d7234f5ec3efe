"""Pages for what went wrong: a plain reason, whether anything was changed, the next step, an id to quote (S-30)."""

from __future__ import annotations

from collections.abc import Sequence

import grpc
import structlog
from mandate.common.v1.receipt_pb2 import ErrorDetail
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from services.portal.web.clients import RefusedError
from services.portal.web.cookies import Cookie
from services.portal.web.visits import Visit, begin

log = structlog.get_logger("portal")

KINDS = {400: "bad_form", 403: "forbidden", 404: "not_found", 405: "not_found", 413: "too_large", 415: "bad_form"}

STATUS = {
    grpc.StatusCode.NOT_FOUND: ("not_found", 404),
    grpc.StatusCode.PERMISSION_DENIED: ("not_found", 404),  # the same shape, so that nothing is told
    grpc.StatusCode.RESOURCE_EXHAUSTED: ("busy", 503),
    grpc.StatusCode.UNAVAILABLE: ("no_answer", 503),
    grpc.StatusCode.DEADLINE_EXCEEDED: ("no_answer", 503),
}


def _causes(visit: Visit, detail: ErrorDetail) -> list[str]:
    """What stands behind a refusal, a sentence each; one that says more than we have words for is said in part."""
    keys = (f"no_right.{cause}" for cause in detail.causes)
    said = (key if key in visit.words else key.rpartition(".")[0] for key in keys)
    return [visit.words(key) for key in said if key in visit.words] or [detail.message]


def page(visit: Visit, kind: str, status: int, *, retry_after: int = 0, why: Sequence[str] = ()) -> Response:
    """The page of a kind; its words stand under `failure.<kind>`, `why` says more, a sentence each."""
    response = visit.page("errors/error.html", status, kind=kind, why=why)
    response.headers["x-correlation-id"] = visit.correlation
    if retry_after:
        response.headers["retry-after"] = str(retry_after)
    return response


def of_refusal(visit: Visit, refused: RefusedError, *, unknown: str = "not_found") -> Response:
    """What a service's refusal means where the page itself had nothing to say about it."""
    if "REGISTRATION_ENDED" in refused.codes:
        visit.cookies[Cookie.REGISTRATION] = ""
        return visit.go("/register?notice=registration_ended")
    if "STEP_MISSING" in refused.codes:
        return visit.go("/register/resume")
    if "SIGN_IN_ENDED" in refused.codes:
        visit.cookies[Cookie.SIGN_IN] = ""
        return visit.go("/signin?notice=sign_in_ended")
    if refused.status is grpc.StatusCode.UNAUTHENTICATED and visit.session is not None:
        visit.cookies[Cookie.SESSION] = ""
        return visit.go("/signin?notice=session_ended")
    if "NO_RIGHT_TO_ACT" in refused.codes and visit.session is not None:
        # what is missing, and who can supply it (D-50): only enrollment knows
        return page(visit, "no_right", 403, why=_causes(visit, refused.details[0]))
    kind, status = STATUS.get(refused.status, ("ours", 500))
    kind = unknown if kind == "not_found" else kind
    return page(visit, kind, status, retry_after=refused.retry_after)


def on_http(request: Request, error: Exception) -> Response:
    """404 and its like, from the router or a page."""
    assert isinstance(error, HTTPException)
    kind = KINDS.get(error.status_code, "ours")
    return page(_visit(request), kind, error.status_code)


def on_crash(request: Request, error: Exception) -> Response:
    """The last resort: says nothing of the cause; the log has it under the same id."""
    visit = _visit(request)
    log.error("crash", correlation=visit.correlation, error=type(error).__name__, exc_info=error)
    return page(visit, "ours", 500)


def _visit(request: Request) -> Visit:
    known: Visit | None = getattr(request.state, "visit", None)
    return known or begin(request.app.state.portal, request)
