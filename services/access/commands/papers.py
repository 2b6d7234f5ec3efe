"""Check codes of the papers that people print for a role request, and whether a code is one of ours (portal.md 3.16).

A code is the legal day on which the paper was made, and a MAC over that day and the Tracking ID: nothing is kept of it,
and it says nothing that does not stand beside it on the paper.
"""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from uuid import UUID

from chassis import nature
from chassis.application import Application
from chassis.domain import DomainError, NotFoundError
from chassis.vault import blind
from chassis.vocabulary import eastern, tracking
from chassis.vocabulary.roles import EUS
from chassis.vocabulary.typed import without_separators
from services.access.commands.parts import Parts
from services.access.domain.role_request import AlreadyDecidedError, NoDocumentsNeededError, RoleRequest, required

FIRST_DAY = date(2020, 1, 1)
DAY_BITS, MAC_BITS = 15, 45
LENGTH = (DAY_BITS + MAC_BITS) // 5
HOUR = timedelta(hours=1)
FORGIVEN = str.maketrans("OIL", "011")


class PaperUnknownError(NotFoundError):
    """No paper of ours has this Tracking ID and this check code. Compare both with the paper."""


class TooManyChecksError(DomainError):
    """Too many codes were tried from this address. Try again in an hour."""

    code = "TOO_MANY_TRIES"


def certify(app: Application, parts: Parts, *, account_id: UUID, roles: frozenset[str], id: UUID) -> tuple[str, date]:
    """The check code of a paper that is made today for a request that waits for documents, and this legal day.

    For the requester and External User Services. Raises `NotFoundError`, `NoDocumentsNeededError`,
    `AlreadyDecidedError`.
    """
    request: RoleRequest = app.repository.get(id, kind=RoleRequest)
    if request.account_id != account_id and EUS not in roles:
        raise NotFoundError
    if not required(request.role):
        raise NoDocumentsNeededError
    if request.status != "PENDING":
        raise AlreadyDecidedError
    day = eastern.day_of(nature.now())
    return _code(parts, request.tracking_id, day), day


def verify(app: Application, parts: Parts, *, tracking_id: str, code: str, address: str) -> tuple[str, date]:
    """The Tracking ID and the legal day for which a paper with this code was made, both typed in any form.

    Whatever is wrong gets the same answer. Each try is counted before it is judged, by client address. Raises
    `PaperUnknownError`, `TooManyChecksError`.
    """
    _count(app, parts, address)
    typed = without_separators(code).upper().translate(FORGIVEN)
    try:
        id_ = tracking.parse(tracking_id)
        day = FIRST_DAY + timedelta(days=_number(typed) >> MAC_BITS)
    except (tracking.TrackingIdError, ValueError):
        raise PaperUnknownError from None
    if not hmac.compare_digest(_code(parts, id_, day).encode(), typed.encode()):
        raise PaperUnknownError
    return id_, day


def _code(parts: Parts, tracking_id: str, day: date) -> str:
    days = (day - FIRST_DAY).days
    digest = hmac.digest(parts.keys.tokens, f"paper/{tracking_id}/{days}".encode(), "sha256")
    number = days << MAC_BITS | int.from_bytes(digest) >> (256 - MAC_BITS)
    return "".join(tracking.ALPHABET[number >> shift & 31] for shift in range((LENGTH - 1) * 5, -1, -5))


def _number(typed: str) -> int:
    """What a code of the right length and alphabet stands for. Raises `ValueError`."""
    if len(typed) != LENGTH:
        raise ValueError(typed)
    number = 0
    for sign in typed:
        number = number << 5 | tracking.ALPHABET.index(sign)
    return number


def _count(app: Application, parts: Parts, address: str) -> None:
    """By one statement, so that a hundred at once are counted one after the other (S-03)."""
    now, most = nature.now(), parts.settings.paper_checks_an_hour
    with app.session() as session:
        session.run("DELETE FROM paper_checks WHERE began_at <= %s", (now - HOUR,))
        counted = session.one(
            "INSERT INTO paper_checks AS c (address_index, began_at, tries) VALUES (%s, %s, 1)"
            " ON CONFLICT (address_index) DO UPDATE SET tries = c.tries + 1 WHERE c.tries < %s RETURNING tries",
            (blind(parts.keys.index, "checks", address), now, most),
        )
    if counted is None:
        raise TooManyChecksError
