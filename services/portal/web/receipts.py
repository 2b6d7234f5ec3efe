"""Read your own writes: what a person has just done is waited for by the lists that this person opens next.

The receipts stand in a cookie, signed and bound to the session, for two minutes; of each service the furthest one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
from mandate.common.v1.receipt_pb2 import Receipt

from chassis import nature
from services.portal.web import signing
from services.portal.web.clients import RefusedError
from services.portal.web.cookies import LIFE, Cookie
from services.portal.web.visits import Visit

REGISTRY = "registry"
ALONE = frozenset({REGISTRY, "identity"})
"""Who hears nobody: their receipts are waited for by themselves alone, and they wait for no other's."""


def remember(visit: Visit, receipt: Receipt) -> None:
    """Let the next pages wait for this. What changed nothing is waited for by nobody."""
    if not receipt.position:
        return
    known = {one.origin: one for one in at_least(visit)}
    before = known.get(receipt.origin)
    if before is None or (before.edition, before.position) < (receipt.edition, receipt.position):
        known[receipt.origin] = receipt
    text = "~".join(f"{one.origin}.{one.edition}.{one.position}" for one in known.values())
    ends = str(int(nature.now().timestamp()) + LIFE[Cookie.SEEN])
    visit.cookies[Cookie.SEEN] = f"{text}!{ends}!{_signature(visit, text, ends)}"


def at_least(visit: Visit) -> list[Receipt]:
    """What this person has just done; nothing of a cookie that is not ours, too old, or another session's."""
    text, _, rest = visit.cookie(Cookie.SEEN).partition("!")
    ends, _, signature = rest.partition("!")
    if not signing.same(signature, visit.settings.key, "receipts", visit.binding(), text, ends):
        return []
    if int(ends) < nature.now().timestamp():
        return []
    return [_receipt(*part.split(".")) for part in text.split("~")]


def ask(visit: Visit, method: Callable[..., Any], request: Any, *, audience: str, service: str = "") -> Any:
    """Ask a query that takes receipts, of the audience or, in the portal's own name, a service. Raises `RefusedError`.

    Where the service has not got so far in time, it is asked for what it has, and the page says that it is behind.
    """
    asked = service or audience
    meant = {asked} if asked in ALONE else {one.origin for one in at_least(visit)} - ALONE
    receipts = [] if visit.behind else [one for one in at_least(visit) if one.origin in meant]
    request.at_least.extend(receipts)
    try:
        return visit.ask(method, request, audience=audience)
    except RefusedError as refused:
        late = refused.status is grpc.StatusCode.UNAVAILABLE and "VIEW_BEHIND" in refused.codes
        if not (receipts and late):
            raise
    visit.behind = True
    del request.at_least[:]
    return visit.ask(method, request, audience=audience)


def _signature(visit: Visit, text: str, ends: str) -> str:
    return signing.sign(visit.settings.key, "receipts", visit.binding(), text, ends)


def _receipt(origin: str, edition: str, position: str) -> Receipt:
    return Receipt(origin=origin, edition=int(edition), position=int(position))
