"""The registration as identity keeps it: what is known, and which step comes next (S-35)."""

from __future__ import annotations

from mandate.identity.v1.service_pb2 import GetRegistrationRequest, GetRegistrationResponse, RegistrationStep
from starlette.responses import Response

from services.portal.web.cookies import Cookie
from services.portal.web.visits import Visit

EMAIL = RegistrationStep.REGISTRATION_STEP_EMAIL
SECURITY = RegistrationStep.REGISTRATION_STEP_SECURITY
INFO = RegistrationStep.REGISTRATION_STEP_INFO
MFA = RegistrationStep.REGISTRATION_STEP_MFA
REVIEW = RegistrationStep.REGISTRATION_STEP_REVIEW
PROOFING = RegistrationStep.REGISTRATION_STEP_PROOFING

PATHS = {
    EMAIL: "/register/code",
    SECURITY: "/register/security",
    INFO: "/register/info",
    MFA: "/register/mfa",
    REVIEW: "/register/review",
    PROOFING: "/register/checking",
}
ORDER = (EMAIL, SECURITY, INFO, MFA, REVIEW)


def get(visit: Visit) -> GetRegistrationResponse:
    """The draft. Raises `RefusedError` when there is none any more."""
    request = GetRegistrationRequest(registration_token=token(visit))
    answer: GetRegistrationResponse = visit.ask(visit.portal.clients.identity.GetRegistration, request)
    return answer


def token(visit: Visit) -> str:
    """The reference that the reader's cookie holds."""
    return visit.cookie(Cookie.REGISTRATION)


def too_early(visit: Visit, draft: GetRegistrationResponse, step: RegistrationStep) -> Response | None:
    """Where to go instead, when an earlier step is not done, or there is nothing to do but wait."""
    if draft.step not in ORDER or ORDER.index(draft.step) < ORDER.index(step):
        return visit.go(PATHS.get(draft.step, "/register"))
    return None


def next_step(visit: Visit) -> Response:
    """Go on with the first step that is not done."""
    return visit.go(PATHS.get(get(visit).step, "/register"))
