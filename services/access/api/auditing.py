"""Who could act at another time, for auditors alone; each question is an event."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.access.v1 import service_pb2 as pb

from chassis import looks, nature
from chassis.application import Application
from chassis.domain import NotAllowedError
from chassis.messages import timestamp
from chassis.server import Caller, Code, Detail, RefusedError, uuid_of
from chassis.vocabulary import functions
from chassis.vocabulary.roles import AUDITOR
from services.access.projections.authority_then import AuthorityThen, CouldAct

logger = structlog.get_logger()


class AuditAnswers:
    """WhoCouldAct: read anew from the log."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def WhoCouldAct(self, request: pb.WhoCouldActRequest, caller: Caller) -> pb.WhoCouldActResponse:
        """Section 4 of the architecture; what `mandate audit who-can` answers."""
        if AUDITOR not in caller.roles:
            raise NotAllowedError("Only auditors ask who could act at another time.")
        provider_id, function = uuid_of(request.provider_id, field="provider_id"), request.function
        if function not in functions.active(nature.now()):
            raise RefusedError(Code.INVALID_ARGUMENT, Detail("UNKNOWN_FUNCTION", "choose PECOS or NPPES", "function"))
        valid_at = _moment(request.valid_at, "valid_at") if request.HasField("valid_at") else None
        known_at = _moment(request.known_at, "known_at") if request.HasField("known_at") else None
        then = AuthorityThen(self._app, valid_at=valid_at, known_at=known_at)
        if not then.complete:
            raise RefusedError(Code.UNAVAILABLE, Detail("VIEW_STALE", "a newer release wrote the log: ask that one"))
        answer = pb.WhoCouldActResponse(
            people=[_person(one) for one in then.could_act(provider_id, function)],
            not_known=[str(one) for one in then.not_known(provider_id, function)],
            position=then.position,
            valid_at=timestamp(then.valid_at),
            known_at=timestamp(then.known_at),
        )
        when = {"valid_at": then.valid_at.isoformat(), "known_at": then.known_at.isoformat()}
        looks.note(self._app, caller, "who could act", about=provider_id, function=function, **when)
        logger.info(
            "audit read",
            actor=str(caller.account_id),
            question="who could act",
            provider_id=str(provider_id),
            function=function,
            **when,
            found=len(answer.people),
            correlation_id=caller.correlation_id,
        )
        return answer


def _moment(stamp: Timestamp, field: str) -> datetime:
    try:
        return stamp.ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise RefusedError(
            Code.INVALID_ARGUMENT, Detail("FIELD_MALFORMED", f"{field} is no moment of any calendar", field)
        ) from None


def _person(one: CouldAct) -> pb.CouldAct:
    association, connection = one.chain.association, one.chain.connection
    return pb.CouldAct(
        account_id=str(one.account_id),
        own_record=one.chain.own_record,
        role=association.role if association else "",
        association_id=str(association.association_id) if association else "",
        employer_id=str(association.employer_id) if association else "",
        connection_id=str(connection.connection_id) if connection else "",
        tracking_id=connection.tracking_id if connection else "",
    )
