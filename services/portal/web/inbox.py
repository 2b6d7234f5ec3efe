"""My Pending Connections (rows 15, 16): who asks, in which functions, and deciding about what was ticked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from mandate.connections.v1.service_pb2 import ApproveConnectionRequest, Connection, RejectConnectionRequest
from starlette.exceptions import HTTPException

from services.portal.web import commands, naming, receipts, standing
from services.portal.web.clients import RefusedError
from services.portal.web.forms import Field, Form
from services.portal.web.visits import Visit

PROVIDERS, SURROGATES = "providers", "surrogates"
SIDES = {SURROGATES: "PROVIDER", PROVIDERS: "SURROGATE"}
"""Inbox -> the side for which the person decides: surrogates ask the provider, providers ask the surrogate."""

BOX = Field("connection", "IA-APPR-01.box", required=False, longest=36)
INBOX = Field("inbox", "IA-APPR-01.box", longest=10)
REASON = Field("reason", "IA-RREQ-01.reason", missing="IA-APPR-01.reason_missing", longest=500)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks whom, with one box for each function asked for (IA-APPR-01)."""

    provider: naming.Employer
    surrogate: naming.Employer
    boxes: dict[str, Connection]
    """Function -> what waits."""
    since: Any


@dataclass(frozen=True, slots=True)
class Inbox:
    """One of the two lists."""

    name: str
    asks: Sequence[Ask]
    count: int
    """One for each function (IA-HOME-03)."""


def inboxes(visit: Visit) -> dict[str, Inbox]:
    """Both lists, the oldest first. Raises `RefusedError`."""
    waiting = standing.pending(visit)
    employers = naming.employers(visit, (party for one in waiting for party in (one.provider_id, one.surrogate_id)))
    return {
        name: _inbox(name, [one for one in waiting if one.initiator != side], employers) for name, side in SIDES.items()
    }


def ticked(visit: Visit, form: Form) -> list[str]:
    """The connections that the form names, each once. What is no id of ours is no page of ours."""
    chosen = list(dict.fromkeys(visit.many.get(BOX.name, ())))
    if form[INBOX.name] not in SIDES or not all(map(commands.is_id, chosen)):
        raise HTTPException(404)
    return chosen


def approve(visit: Visit, form: Form, chosen: Sequence[str]) -> int:
    """Approve each; returns the status of the page, 200 where all went well."""
    side = SIDES[form[INBOX.name]]
    method = visit.portal.clients.connections.ApproveConnection
    requests = {
        one: ApproveConnectionRequest(command_id=visit.command_id(one), connection_id=one, side=side) for one in chosen
    }
    return _each(visit, form, method, requests)


def reject(visit: Visit, form: Form, chosen: Sequence[str]) -> int:
    """Reject each, for one reason; returns the status of the page, 200 where all went well."""
    side, reason = SIDES[form[INBOX.name]], form[REASON.name]
    method = visit.portal.clients.connections.RejectConnection
    requests = {
        one: RejectConnectionRequest(command_id=visit.command_id(one), connection_id=one, side=side, reason=reason)
        for one in chosen
    }
    return _each(visit, form, method, requests)


def _each(visit: Visit, form: Form, method: Any, requests: dict[str, Any]) -> int:
    """One command after the other: what somebody else has decided in the meantime does not stop the rest."""
    status = 200
    for request in requests.values():
        try:
            answer = visit.ask(method, request, audience="connections")
        except RefusedError as refused:
            status = form.not_taken(refused, visit.command_id())
            if refused.status is not grpc.StatusCode.FAILED_PRECONDITION:
                return status
        else:
            receipts.remember(visit, answer.receipt)
    return status


def _inbox(name: str, waiting: Sequence[Connection], employers: dict[str, naming.Employer]) -> Inbox:
    groups: dict[tuple[str, str], list[Connection]] = {}
    for one in waiting:
        groups.setdefault((one.provider_id, one.surrogate_id), []).append(one)
    asks = [
        Ask(
            provider=employers[provider],
            surrogate=employers[surrogate],
            boxes={one.function: one for one in found},
            since=found[0].since,
        )
        for (provider, surrogate), found in groups.items()
    ]
    return Inbox(name, asks, len(waiting))
