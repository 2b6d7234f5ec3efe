"""What every RPC has in common: a command's id, refusals, waits for receipts."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID

import grpc
from mandate.identity.v1 import service_pb2 as m

from chassis.application import Application
from chassis.domain import DomainError
from chassis.server import Caller, Detail, RefusedError
from chassis.tokens import Signer
from chassis.vocabulary.languages import known
from chassis.waiting import Waiter
from services.identity.commands import taken
from services.identity.commands.parts import Parts
from services.identity.commands.telling import told

TAnswer = TypeVar("TAnswer")
TCalls = TypeVar("TCalls", bound="Calls")


class Calls:
    """Base of a servicer: what it is made of."""

    def __init__(self, app: Application, parts: Parts, *, signer: Signer, waiter: Waiter | None = None) -> None:
        self.app, self.parts, self.signer, self.waiter = app, parts, signer, waiter

    def wait(self, receipts: Any) -> None:
        """Wait for what the asker has seen; own receipts are in the aggregates already."""
        if self.waiter is not None and receipts:
            self.waiter.wait(receipts, [])


def command(function: Callable[[TCalls, Any, Caller, UUID], TAnswer]) -> Callable[[TCalls, Any, Caller], TAnswer]:
    """An RPC that changes something: a repeat with equal fields gets the first answer, with others none."""
    answers_with = getattr(m, f"{function.__name__}Response")

    @functools.wraps(function)
    def answer(self: TCalls, request: Any, caller: Caller) -> TAnswer:
        asker = caller.claims.service or str(caller.claims.account_id)
        fields = f"{function.__name__}\n{asker}\n".encode() + request.SerializeToString(deterministic=True)
        with_id: UUID | None = None
        try:
            with_id, before = taken.begin(self.app, self.parts, command_id=request.command_id, fields=fields)
            if before is not None:
                first: TAnswer = answers_with.FromString(before)
                return first
            made: Any = function(self, request, caller, with_id)
        except DomainError as error:
            if with_id is not None:
                taken.refuse(self.app, with_id, error)
            raise refusal_of(error) from error
        taken.keep(self.app, self.parts, with_id, fields=fields, answer=made.SerializeToString())
        answered: TAnswer = made
        return answered

    return answer


def query(function: Callable[[TCalls, Any, Caller], TAnswer]) -> Callable[[TCalls, Any, Caller], TAnswer]:
    """An RPC that changes nothing."""

    @functools.wraps(function)
    def answer(self: TCalls, request: Any, caller: Caller) -> TAnswer:
        try:
            return function(self, request, caller)
        except DomainError as error:
            raise refusal_of(error) from error

    return answer


def language_of(caller: Caller) -> str:
    """The language of what the call causes."""
    return known(caller.language)


def refusal_of(error: DomainError) -> Exception:
    """The answer to a refusal: in the words of the contract, or the error itself, which the server knows."""
    found = told(error)
    if found is None:
        return error
    status, details = found
    return RefusedError(
        grpc.StatusCode[status],
        *(Detail(one.code, one.message, one.field, one.rule, one.retry_after_seconds) for one in details),
    )


def require(rule: str, **typed: str) -> None:
    """See that fields are filled in. Raises `RefusedError` with all that are not."""
    missing = [Detail("FIELD_REQUIRED", f"{name} is required", name, rule) for name, text in typed.items() if not text]
    if missing:
        raise RefusedError(grpc.StatusCode.INVALID_ARGUMENT, *missing)
