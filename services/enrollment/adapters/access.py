"""Asks access, which owns the right to act, at the moment of signing and submitting (architecture 3, calls; D-50)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import grpc
from mandate.access.v1 import service_pb2, service_pb2_grpc

from chassis.vocabulary.functions import PECOS
from services.enrollment.commands.rights import AccessSilentError

TIMEOUT_S = 3.0


class AccessAuthority:
    """Access's CheckAuthority; the channel carries enrollment's own token."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._service: Any = service_pb2_grpc.AccessServiceStub(channel)  # type: ignore[no-untyped-call]

    def may_act(self, account_id: UUID, provider_id: UUID) -> bool:
        """Whether the person may act for the provider in PECOS at this moment. Raises `AccessSilentError`."""
        request = service_pb2.CheckAuthorityRequest(
            account_id=str(account_id), provider_id=str(provider_id), function=PECOS
        )
        try:
            return bool(self._service.CheckAuthority(request, timeout=TIMEOUT_S).allowed)
        except grpc.RpcError:
            raise AccessSilentError from None
