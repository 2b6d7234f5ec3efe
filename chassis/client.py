"""Calling another service: one channel each, and a token of our own where no person asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from chassis.tokens import Signer

OPTIONS = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.enable_retries", 0),
    ("grpc.lb_policy_name", "round_robin"),  # over every copy that the name stands for
)


class _Call(grpc.ClientCallDetails):
    def __init__(self, details: Any, metadata: list[tuple[str, str | bytes]]) -> None:
        self.method = details.method
        self.timeout = details.timeout
        self.metadata = tuple(metadata)
        self.credentials = details.credentials
        self.wait_for_ready = details.wait_for_ready
        self.compression = details.compression


class _OwnToken(grpc.UnaryUnaryClientInterceptor, grpc.StreamUnaryClientInterceptor):  # type: ignore[type-arg]
    """Puts this service's token on calls that carry none."""

    def __init__(self, signer: Signer, audience: str) -> None:
        self._signer, self._audience = signer, audience

    def intercept_unary_unary(self, continuation: Callable[..., Any], details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def intercept_stream_unary(self, continuation: Callable[..., Any], details: Any, requests: Any) -> Any:
        return continuation(self._with_token(details), requests)

    def _with_token(self, details: Any) -> _Call:
        metadata = list(details.metadata or ())
        if not any(key == "authorization" for key, _ in metadata):
            metadata.append(("authorization", f"Bearer {self._signer.service_token(self._audience)}"))
        return _Call(details, metadata)


def channel(address: str, *, audience: str, signer: Signer) -> grpc.Channel:
    """A channel to a service at `host:port`; it connects when it is first used, and again when it must."""
    return grpc.intercept_channel(grpc.insecure_channel(address, options=OPTIONS), _OwnToken(signer, audience))
