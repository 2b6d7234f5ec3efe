"""The gRPC side of a service: who calls, what they may, how errors and waits for receipts are answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import partial
from typing import Any, NoReturn, Protocol
from uuid import UUID

import grpc
import structlog
from google.protobuf import message_factory
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from mandate.common.v1 import receipt_pb2

from chassis import metrics
from chassis.application import BusyError, CommandIdError
from chassis.bus import BusUnavailableError
from chassis.cause import Cause, Receipt
from chassis.database import DatabaseUnavailableError
from chassis.domain import DomainError, FaultsError, NotAllowedError, NotFoundError
from chassis.probes import health
from chassis.runtime import seconds
from chassis.tokens import Claims, TokenError, Verifier

MESSAGE_BYTES = 1024 * 1024
DEADLINE_S = 30
WAIT_S = 5.0
THREADS = 16
PAGE, PAGE_MOST = 25, 200
AGE_MS = 300_000
"""After so long a client is sent to look again who answers by this name: so it finds copies that are new."""
ERRORS_KEY = "mandate-error-bin"

logger = structlog.get_logger()
Code = grpc.StatusCode


class Rule(Enum):
    """Who may call an RPC that is not for named services alone; what they may ask for is the service's own decision."""

    USER = "a person, with a token from identity"
    EITHER = "a person or a service"


Callers = Rule | frozenset[str]  # names of the services that alone may call, with a token of their own


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the token proves it, and what travels beside the question."""

    claims: Claims
    client_address: str = ""
    correlation_id: str = ""
    language: str = "en"

    @property
    def account_id(self) -> UUID:
        """The person. Raises `NotAllowedError` where a service speaks."""
        if self.claims.account_id is None:
            raise NotAllowedError("Sign in first.")
        return self.claims.account_id

    @property
    def roles(self) -> frozenset[str]:
        """EUS, MAC, AUDITOR."""
        return self.claims.roles

    @property
    def mfa_at(self) -> datetime | None:
        """When the second factor was last given."""
        return self.claims.mfa_at

    def cause(self, command_id: str) -> Cause:
        """The cause of a command of this person. Raises `CommandIdError` for an id that is none."""
        return Cause.of(self.account_id, uuid_of(command_id), roles=self.roles, mfa_at=self.mfa_at)


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing that was wrong (proto: mandate.common.v1.ErrorDetail)."""

    code: str
    message: str = ""
    field: str = ""
    rule: str = ""
    retry_after_seconds: int = 0
    causes: Sequence[str] = ()


class RefusedError(Exception):
    """An answer other than OK, with all that was wrong."""

    def __init__(self, status: Code, *details: Detail) -> None:
        super().__init__(status.name, *(detail.code for detail in details))
        self.status, self.details = status, details


class Servicer(Protocol):
    """What an `api` room offers: one method a RPC, `(request, caller) -> response`."""


@dataclass(frozen=True)
class Api:
    """One gRPC service: its descriptor, who answers, and the rule of every RPC."""

    descriptor: ServiceDescriptor
    servicer: Servicer
    rules: Mapping[str, Callers]

    def __post_init__(self) -> None:
        """An RPC without a rule, or a rule without an RPC, fails at start."""
        declared = {method.name for method in self.descriptor.methods}
        if declared != set(self.rules):
            raise ValueError(f"{self.descriptor.full_name}: no rule or no RPC: {declared ^ set(self.rules)}")


def receipt_message(receipt: Receipt) -> receipt_pb2.Receipt:
    """A receipt as it is answered."""
    return receipt_pb2.Receipt(
        origin=receipt.origin, edition=receipt.edition, position=receipt.position, id=str(receipt.id)
    )


def uuid_of(text: str, *, field: str = "command_id") -> UUID:
    """A UUID from a request. Raises `RefusedError` INVALID_ARGUMENT naming the field."""
    try:
        return UUID(text)
    except ValueError:
        raise RefusedError(
            Code.INVALID_ARGUMENT, Detail("FIELD_MALFORMED", f"{field} is a UUID in 36 characters", field)
        ) from None


def page_limit(asked: int) -> int:
    """The length of a page: 25 where nothing was said, at most 200."""
    return min(asked, PAGE_MOST) if asked > 0 else PAGE


def serve(
    apis: Sequence[Api],
    verifier: Verifier,
    *,
    address: str,
    threads: int = THREADS,
    ready: Callable[[], bool] = lambda: True,
) -> tuple[grpc.Server, int]:
    """Start a threaded server; `ready` is what it answers probes. Return it and its port."""
    server = grpc.server(
        futures.ThreadPoolExecutor(threads, thread_name_prefix="rpc"),
        handlers=[*(handler(api, verifier) for api in apis), health(ready)],
        options=[
            ("grpc.max_receive_message_length", MESSAGE_BYTES),
            ("grpc.max_send_message_length", MESSAGE_BYTES * 4),
            ("grpc.so_reuseport", 0),
            ("grpc.max_connection_age_ms", AGE_MS),
            ("grpc.max_connection_age_grace_ms", DEADLINE_S * 1000),
        ],
        maximum_concurrent_rpcs=threads * 8,
    )
    port = server.add_insecure_port(address)
    server.start()
    return server, port


def handler(api: Api, verifier: Verifier) -> grpc.GenericRpcHandler[Any, Any]:
    """What answers one gRPC service: bytes in, token checked, refusals translated, bytes out."""
    methods = {method.name: _method(api, method, verifier) for method in api.descriptor.methods}
    return grpc.method_handlers_generic_handler(api.descriptor.full_name, methods)


def _method(api: Api, method: MethodDescriptor, verifier: Verifier) -> grpc.RpcMethodHandler[Any, Any]:
    function: Callable[[Any, Caller], Any] = getattr(api.servicer, method.name)
    rule = api.rules[method.name]
    response_class = message_factory.GetMessageClass(method.output_type)
    read = _reader(method)
    rpc = f"{api.descriptor.name}/{method.name}"

    def answer(sent: Any, context: grpc.ServicerContext) -> Any:
        began = seconds()
        said = _answer(lambda caller: function(read(sent), caller), rule, context, verifier)
        refused = said if isinstance(said, RefusedError) else None
        metrics.answered(rpc, (refused.status if refused else Code.OK).name, _reason(refused), seconds() - began)
        if refused:
            _refuse(context, refused)
        return said

    make = grpc.stream_unary_rpc_method_handler if method.client_streaming else grpc.unary_unary_rpc_method_handler
    return make(answer, response_serializer=response_class.SerializeToString)


def _reader(method: MethodDescriptor) -> Callable[[Any], Any]:
    """What reads the bytes of a request, or of each piece of a stream; the library answers bad ones with INTERNAL."""
    request_class = message_factory.GetMessageClass(method.input_type)

    def read(sent: bytes) -> Any:
        try:
            return request_class.FromString(sent)
        except DecodeError:
            said = Detail("MESSAGE_MALFORMED", f"the bytes are no {method.input_type.name}")
            raise RefusedError(Code.INVALID_ARGUMENT, said) from None

    return partial(map, read) if method.client_streaming else read


def _answer(
    function: Callable[[Caller], Any], rule: Callers, context: grpc.ServicerContext, verifier: Verifier
) -> Any | RefusedError:
    """What the service says; or how it is refused, whatever went wrong."""
    metadata = {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}
    try:
        _require_deadline(context)
        return function(_caller(metadata, rule, verifier))
    except RefusedError as error:
        return error
    except FaultsError as error:
        details = (Detail(one.code, one.message, one.field) for one in error.faults)
        return RefusedError(Code.INVALID_ARGUMENT, *details)
    except DomainError as error:
        told = NotFoundError() if error.hides else error
        return RefusedError(_status(told), Detail(told.code, str(told), told.field, told.rule, causes=told.causes))
    except (DatabaseUnavailableError, BusUnavailableError):
        return RefusedError(Code.UNAVAILABLE, Detail("UNAVAILABLE", "try again in a moment"))
    except Exception:
        logger.exception("call failed", correlation_id=metadata.get("mandate-correlation-id", ""))
        return RefusedError(Code.INTERNAL, Detail("INTERNAL", "something went wrong; nothing more is known"))


def _reason(refused: RefusedError | None) -> str:
    return refused.details[0].code if refused and refused.details else ""


def _refuse(context: grpc.ServicerContext, refused: RefusedError) -> NoReturn:
    context.set_trailing_metadata(
        tuple((ERRORS_KEY, _detail(detail).SerializeToString()) for detail in refused.details)
    )
    context.abort(refused.status, "; ".join(detail.message or detail.code for detail in refused.details))
    raise AssertionError("abort raises")


def _require_deadline(context: grpc.ServicerContext) -> None:
    left = context.time_remaining()
    if left is None or left > DEADLINE_S + 1:
        raise RefusedError(
            Code.INVALID_ARGUMENT, Detail("DEADLINE_REQUIRED", f"call with a deadline of at most {DEADLINE_S} s")
        )


def _caller(metadata: Mapping[str, str], rule: Callers, verifier: Verifier) -> Caller:
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    try:
        claims = verifier.verify(token if scheme.lower() == "bearer" else "")
    except TokenError as error:
        logger.info("token refused", cause=str(error))
        raise RefusedError(Code.UNAUTHENTICATED, Detail("TOKEN_REFUSED", "sign in again")) from None
    if (isinstance(rule, frozenset) and claims.service not in rule) or (rule is Rule.USER and not claims.account_id):
        raise RefusedError(Code.PERMISSION_DENIED, Detail("NOT_ALLOWED", "this is for somebody else"))
    return Caller(
        claims=claims,
        client_address=metadata.get("mandate-client-address", ""),
        correlation_id=metadata.get("mandate-correlation-id", ""),
        language=metadata.get("mandate-language", "en"),
    )


def _status(error: DomainError) -> Code:
    match error:
        case NotFoundError():
            return Code.NOT_FOUND
        case NotAllowedError() | CommandIdError():
            return Code.PERMISSION_DENIED
        case BusyError():
            return Code.RESOURCE_EXHAUSTED
        case DomainError(transient=True):
            return Code.UNAVAILABLE
        case _:
            return Code.INVALID_ARGUMENT if error.field else Code.FAILED_PRECONDITION


def _detail(detail: Detail) -> receipt_pb2.ErrorDetail:
    return receipt_pb2.ErrorDetail(
        code=detail.code,
        field=detail.field,
        message=detail.message,
        rule=detail.rule,
        retry_after_seconds=detail.retry_after_seconds,
        causes=detail.causes,
    )


def details_of(error: Any) -> list[receipt_pb2.ErrorDetail]:
    """All that was wrong, from the `grpc.RpcError` that a stub raised."""
    trailing: Any = error.trailing_metadata() if isinstance(error, grpc.Call) else ()
    return [receipt_pb2.ErrorDetail.FromString(value) for key, value in trailing or () if key == ERRORS_KEY]
