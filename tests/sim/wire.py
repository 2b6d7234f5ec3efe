"""Calls without gRPC: what looks like a channel asks the handlers of the other service, in the turns of who asks.

Bytes, tokens, deadlines and refusals are those of `chassis.server`: only the network is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import grpc

Metadata = tuple[tuple[str, Any], ...]


class Refusal(grpc.RpcError, grpc.Call):
    """An answer other than OK, as a stub raises it."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: Metadata) -> None:
        super().__init__(code, details)
        self._code, self._details, self._trailing = code, details, trailing

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> Any:
        return self._trailing

    def initial_metadata(self) -> Any:
        return ()

    def is_active(self) -> bool:
        return False

    def time_remaining(self) -> float:
        return 0.0

    def cancel(self) -> bool:
        return False

    def add_callback(self, callback: Callable[[], None]) -> bool:
        return False


class Call(NamedTuple):
    """One call as it is carried: it may be carried again."""

    method: str
    sent: bytes | tuple[bytes, ...]
    """More than one message where the caller streams."""
    timeout: float | None
    metadata: Metadata
    command_id: str
    """Empty where nothing is to be changed."""
    read: Callable[[bytes], Any]
    """Makes an answer of its bytes."""


class Context:
    """What a handler sees of the network."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._trailing: Metadata = ()

    def invocation_metadata(self) -> Metadata:
        return self._call.metadata

    def time_remaining(self) -> float | None:
        return self._call.timeout

    def set_trailing_metadata(self, trailing: Metadata) -> None:
        self._trailing = trailing

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise Refusal(code, details, self._trailing)


class _Details(NamedTuple):
    method: str
    invocation_metadata: Metadata


def answer(handlers: Sequence[grpc.GenericRpcHandler[Any, Any]], call: Call) -> bytes:
    """Let the handler of a method answer. Raises `Refusal`."""
    details: Any = _Details(call.method, call.metadata)
    found: Any = next((one for handler in handlers if (one := handler.service(details)) is not None), None)
    if found is None:
        raise Refusal(grpc.StatusCode.UNIMPLEMENTED, call.method, ())
    context = Context(call)
    if isinstance(call.sent, bytes):
        made = found.unary_unary(call.sent, context)
    else:
        made = found.stream_unary(iter(call.sent), context)
    written: bytes = found.response_serializer(made)
    return written


class Wire:
    """A channel, as generated stubs use it; `carry` takes a call to whoever answers."""

    def __init__(self, carry: Callable[[Call], bytes]) -> None:
        self._carry = carry

    def unary_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, **_: object
    ) -> Callable[..., Any]:
        """What asks with one message."""

        def ask(request: Any, timeout: float | None = None, metadata: Metadata | None = None) -> Any:
            sent = request_serializer(request)
            call = Call(method, sent, timeout, tuple(metadata or ()), _command_id([request]), response_deserializer)
            return response_deserializer(self._carry(call))

        return ask

    def stream_unary(
        self, method: str, request_serializer: Any, response_deserializer: Any, **_: object
    ) -> Callable[..., Any]:
        """What asks with many."""

        def ask(requests: Iterable[Any], timeout: float | None = None, metadata: Metadata | None = None) -> Any:
            asked = list(requests)
            sent = tuple(map(request_serializer, asked))
            call = Call(method, sent, timeout, tuple(metadata or ()), _command_id(asked), response_deserializer)
            return response_deserializer(self._carry(call))

        return ask


def _command_id(messages: Sequence[Any]) -> str:
    return next((str(one.command_id) for one in messages if getattr(one, "command_id", "")), "")
