"""Access for tests: its servicers on a real log, called directly, with a vault, a fast hasher and a movable clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from mandate.access.v1 import service_pb2 as pb

from chassis import nature
from chassis.documents.examiner import ProcessExaminer
from chassis.domain import DomainError
from chassis.hashing import Argon2Hasher
from chassis.migrate import open_database
from chassis.runtime import Wakeup
from chassis.sealing import new_pair, open_sealed
from chassis.server import Caller, RefusedError
from chassis.tokens import Claims
from chassis.vault import Vault, migrate_vault
from chassis.waiting import Waiter
from services.access.api.reaching import InviteeAnswers
from services.access.api.servicer import AccessServicer
from services.access.commands.inviting import SECRET_CONTEXT
from services.access.commands.parts import KINDS, AccessSettings, Keys, Parts
from services.access.domain.invitation import Invitation
from services.access.projections.authority import AuthorityFollower
from tests.house import House, Room
from tests.scenario import official_for

PRIVATE, PUBLIC = new_pair()
PORTAL = Caller(claims=Claims(service="portal"))


class Clock:
    """Passes by itself and is moved besides."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def forward(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@dataclass
class Street:
    """The registry that access asks: everybody lives there, but for whom a test names."""

    strangers: set[UUID] = field(default_factory=set)
    persons: set[UUID] = field(default_factory=set)
    """Whose own records some of the employers are."""

    def knows(self, employer_id: UUID) -> bool:
        return employer_id not in self.strangers

    def is_organization(self, employer_id: UUID) -> bool | None:
        return employer_id not in self.persons if self.knows(employer_id) else None

    def ein(self, employer_id: UUID) -> str:
        return "" if employer_id in self.strangers else "124434576"


@dataclass
class Office:
    """What a test asks."""

    house: House
    parts: Parts
    clock: Clock
    servicer: AccessServicer = field(init=False)
    invitees: InviteeAnswers = field(init=False)

    def __post_init__(self) -> None:
        app = self.room.app
        self.servicer = AccessServicer(app, Waiter(app, Wakeup()), self.parts, AuthorityFollower(app))
        self.invitees = InviteeAnswers(app, self.parts)

    @property
    def room(self) -> Room:
        return self.house.access

    def ask(self, rpc: str, who: UUID | None = None, *, roles: Sequence[str] = (), **fields: Any) -> Any:
        """Call an RPC in a person's name, or the portal's; commands get an id where none is given."""
        request_class = getattr(pb, f"{rpc}Request")
        if "command_id" in request_class.DESCRIPTOR.fields_by_name:
            fields.setdefault("command_id", str(nature.new_id()))
        if rpc == "RequestRole":
            fields.setdefault("official", official_for(fields.get("role", "")))
        return getattr(self.servicer, rpc)(request_class(**fields), self.caller(who, roles))

    def upload(self, who: UUID, content: bytes, pieces: int = 256 * 1024, /, **about: str) -> Any:
        """Send a document in pieces."""
        about = {"command_id": str(nature.new_id()), "document_type": "CP_575", "file_name": "cp575.pdf"} | about
        parts = [content[start : start + pieces] for start in range(0, len(content), pieces)]
        stream = [
            pb.UploadDocumentRequest(about=pb.UploadDocumentRequest.About(**about)),
            *(pb.UploadDocumentRequest(piece=part) for part in parts),
        ]
        return self.servicer.UploadDocument(iter(stream), self.caller(who))

    @staticmethod
    def caller(who: UUID | None, roles: Iterable[str] = ()) -> Caller:
        if who is None:
            return PORTAL
        return Caller(claims=Claims(account_id=who, roles=frozenset(roles), mfa_at=nature.now()))

    def pin_of(self, invitation_id: str) -> str:
        """The PIN, as the notifier opens it."""
        issued = next(one for one in self.room.events(Invitation.PinIssued) if str(one.originator_id) == invitation_id)
        return open_sealed(PRIVATE, issued.secret, f"{SECRET_CONTEXT}{invitation_id}")


def refused(call: Callable[[], Any]) -> str:
    """The code with which a call is refused."""
    with pytest.raises((DomainError, RefusedError)) as caught:
        call()
    error: Exception = caught.value
    if isinstance(error, DomainError):
        return error.code
    assert isinstance(error, RefusedError)
    return error.details[0].code


@contextmanager
def opened(house: House) -> Iterator[Office]:
    """An office in a house, whose database gets a vault."""
    clock = Clock()
    before = nature.use(nature.Nature(now=clock.now, random_bytes=nature.REAL.random_bytes))
    migrate_vault(house.access.database.dsn)
    database = open_database(house.access.database.dsn, "vault", size=2)
    settings = AccessSettings(hash_memory_kib=64, hash_passes=1)
    parts = Parts(
        settings=settings,
        keys=Keys(index=b"i" * 32, tokens=b"t" * 32, notifier=PUBLIC),
        vault=Vault(database, b"m" * 32),
        hasher=Argon2Hasher(settings, b"p" * 32),
        examiner=ProcessExaminer(settings, KINDS),
        registry=Street(),
    )
    try:
        yield Office(house, parts, clock)
    finally:
        database.close()
        nature.use(before)
