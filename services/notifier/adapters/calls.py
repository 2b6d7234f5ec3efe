"""One way to ask another service, and what its refusals mean for a mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from services.notifier.adapters.ports import TryLaterError

DEADLINE_S = 5.0


def ask(owner: str, method: Callable[..., Any], request: Any) -> Any | None:
    """The answer, or None where there is no such thing. Raises `TryLaterError` for every other refusal.

    Another refusal is never final: a token or a release may be wrong for a while, and the mail is still owed.
    """
    try:
        return method(request, timeout=DEADLINE_S)
    except grpc.RpcError as error:
        code = getattr(error, "code", lambda: grpc.StatusCode.UNKNOWN)()
        if code is grpc.StatusCode.NOT_FOUND:
            return None
        raise TryLaterError(f"{owner} {code.name}") from None
