"""The other services as the portal sees them: stubs, one way to call them, and their refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from mandate.common.v1.receipt_pb2 import ErrorDetail

from chassis.server import details_of


@dataclass(frozen=True, slots=True)
class Clients:
    """Synchronous gRPC stubs, one for each service. None: the service is not part of this installation yet."""

    identity: Any
    people: Any = None
    """Names of people, asked in the portal's own name (PeopleService of identity)."""
    desk: Any = None
    """The people of External User Services (DeskService of identity)."""
    access: Any = None
    connections: Any = None
    enrollment: Any = None
    registry: Any = None
    audit: Mapping[str, Any] = field(default_factory=dict)
    """Service -> what it tells auditors of its log (AuditService), for each service whose address is known."""

    @property
    def standing(self) -> tuple[str, ...]:
        """Audiences that the frame of every page needs: who is managed, and what waits."""
        return tuple(name for name in ("access", "connections") if getattr(self, name) is not None)


class RefusedError(Exception):
    """A service said no, or did not answer."""

    def __init__(self, status: grpc.StatusCode, details: Sequence[ErrorDetail] = ()) -> None:
        super().__init__(status.name, *(detail.code for detail in details))
        self.status = status
        self.details = tuple(details)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all that was wrong."""
        return frozenset(detail.code for detail in self.details)

    @property
    def retry_after(self) -> int:
        """Seconds to wait, as the service says; 0 where it does not."""
        return max((detail.retry_after_seconds for detail in self.details), default=0)


class StepUpNeededError(Exception):
    """A service asks for a second factor that was given just now (S-09)."""


def call(method: Callable[..., Any], request: Any, *, metadata: Sequence[tuple[str, str]], deadline: float) -> Any:
    """Ask a service and wait. Raises `RefusedError` for every answer that is not OK, and `StepUpNeededError`."""
    try:
        return method(request, timeout=deadline, metadata=tuple(metadata))
    except grpc.RpcError as error:
        refused = RefusedError(_status(error), details_of(error))
        if "STEP_UP_REQUIRED" in refused.codes:
            raise StepUpNeededError from refused
        raise refused from error


def _status(error: Any) -> grpc.StatusCode:
    """An `RpcError` of a call that was made is a `Call` too, which its type does not say."""
    status: grpc.StatusCode = error.code() if isinstance(error, grpc.Call) else grpc.StatusCode.UNKNOWN
    return status
