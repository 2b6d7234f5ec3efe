"""The question of health that gRPC itself has, as Kubernetes asks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from grpc_health.v1 import health_pb2


def health(ready: Callable[[], bool]) -> grpc.GenericRpcHandler[Any, Any]:
    """What answers grpc.health.v1: no token is asked for, and of the server as a whole."""

    def check(_request: Any, _context: grpc.ServicerContext) -> Any:
        states = health_pb2.HealthCheckResponse
        return states(status=states.SERVING if ready() else states.NOT_SERVING)

    method = grpc.unary_unary_rpc_method_handler(
        check,
        request_deserializer=health_pb2.HealthCheckRequest.FromString,
        response_serializer=health_pb2.HealthCheckResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method})
