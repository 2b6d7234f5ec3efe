"""Whose invitation a PIN or a proof belongs to: an employer's, or the desk's of External User Services.

The two are kept by two services, and people need not know which. Who is refused by one is asked about by the other; in
both a wrong PIN counts as a try, and the answer is the same (A-01).
"""

from __future__ import annotations

from typing import Any

from mandate.access.v1.service_pb2 import (
    AcceptInvitationRequest,
    EnterPinRequest,
    PreviewInvitationRequest,
    PreviewInvitationResponse,
)
from mandate.identity.v1.desk_service_pb2 import AcceptDeskInvitationRequest, EnterDeskPinRequest

from services.portal.web.clients import RefusedError
from services.portal.web.visits import Visit

ACCEPTED = "/profile/employers?done=invitation_accepted"
AT_DESK = "/eus?done=desk_joined"


def enter(visit: Visit, email: str, pin: str) -> tuple[Any, str]:
    """Use a PIN: the answer, with its receipt and proof, and where who is signed in goes on. Raises `RefusedError`."""
    clients, command_id = visit.portal.clients, visit.command_id()
    is_known = visit.session is not None
    try:
        asked = EnterPinRequest(command_id=command_id, email=email, pin=pin)
        return visit.ask(clients.access.EnterPin, asked, audience="access" if is_known else ""), ACCEPTED
    except RefusedError as refused:
        if clients.desk is None or "PIN_REFUSED" not in refused.codes:
            raise
    question = EnterDeskPinRequest(command_id=command_id, email=email, pin=pin)
    return visit.ask(clients.desk.EnterDeskPin, question, audience="identity" if is_known else ""), AT_DESK


def preview(visit: Visit, proof: str) -> PreviewInvitationResponse:
    """What an employer's invitation offers. Raises `RefusedError`, for one of the desk or one that is over too."""
    asked, access = PreviewInvitationRequest(proof=proof), visit.portal.clients.access
    found: PreviewInvitationResponse = visit.ask(access.PreviewInvitation, asked, audience="access")
    return found


def accept(visit: Visit, proof: str) -> tuple[Any, str]:
    """Accept the invitation of a proof, as above. Raises `RefusedError`."""
    clients, command_id = visit.portal.clients, visit.command_id()
    try:
        asked = AcceptInvitationRequest(command_id=command_id, proof=proof)
        return visit.ask(clients.access.AcceptInvitation, asked, audience="access"), ACCEPTED
    except RefusedError as refused:
        if clients.desk is None or "PIN_REFUSED" not in refused.codes:
            raise
    question = AcceptDeskInvitationRequest(command_id=command_id, proof=proof)
    return visit.ask(clients.desk.AcceptDeskInvitation, question, audience="identity"), AT_DESK
