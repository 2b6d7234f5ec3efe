"""Whatever is asked in any order: of a person at an employer (4.2, 4.3), an invitation (4.4), a document (4.9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from mandate_kit import feeding
from mandate_kit.authority import Account, AuthorityIndex, Connection

from chassis.domain import DomainError
from chassis.messages import Catalogue
from services.access.application import AccessApplication
from services.access.domain import leaving
from services.access.domain.association import (
    REACH,
    AlreadyAskedError,
    Association,
    NotAssociatedError,
    NotStaffError,
    SameRoleError,
)
from services.access.domain.document import MOST_COMMENTS, Document, NotYourCommentError, TooManyCommentsError
from services.access.domain.invitation import (
    Invitation,
    InvitationOverError,
    InvitationVoidError,
    Offer,
    PinRefusedError,
)
from services.access.domain.role_request import (
    AlreadyDecidedError,
    DocumentsMissingError,
    NoDocumentsNeededError,
    NotYoursToCancelError,
    OwnRequestError,
    RoleRequest,
)
from services.access.projections.authority import AuthorityFollower
from services.access.publishing import association_state
from tests.chance import TURNS
from tests.models import Modelled, march

AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"
PERSON, OFFICIAL, DESK, PROVIDER = uuid4(), uuid4(), uuid4(), uuid4()
ACCESS = AccessApplication(cast("Any", None), Catalogue())
ROLES = st.sampled_from([AO, AM, SEU])
FUNCTIONS = st.sampled_from(["NPPES", "PECOS"])
NEEDED = {AO: {"CP_575"}, AM: {"CP_575", "CERTIFICATION"}, SEU: set()}
Refusal = type[DomainError] | None


class PersonAtEmployer(Modelled):
    """The model: the role that is held with its functions, and the request that waits with its documents."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.functions, self.last = "", set[str](), ""
        self.open, self.papers, self.status = "", dict[UUID, str](), "PENDING"
        self.employer = uuid4()
        id_ = Association.id_for(PERSON, self.employer)
        self._new_request(SEU)
        self.association = Association(
            id=id_, account_id=PERSON, employer_id=self.employer, role=SEU, role_request_id=self.role_request.id
        )
        self.follow("association", self.association)
        self.open = SEU

    def _new_request(self, role: str) -> None:
        self.role_request = RoleRequest(
            id=uuid4(), account_id=PERSON, employer_id=self.employer, role=role, tracking_id="R000000000"
        )
        self.follow("request", self.role_request)
        self.papers = {}

    def stands(self) -> None:
        """As the model says, and whatever waits is known to both."""
        found = (self.association.role, set(self.association.functions), self.association.is_approved)
        assert found == (self.held, self.functions, bool(self.held))
        assert (self.association.open_request_id == self.role_request.id) == bool(self.open)
        assert (self.role_request.status == "PENDING") == bool(self.open)
        assert (self.association.status == "PENDING") == (bool(self.open) and not self.held)

    @invariant()
    def the_newest_state_tells_who_may_act(self) -> None:
        """Who knows that state alone, ended or not, answers as who has followed every event (4.5)."""
        follower = AuthorityFollower(ACCESS)
        for event in self._followed["association"][1]:
            follower.take(event)
        told = AuthorityIndex()
        feeding.take(told, association_state(self.association))
        for index in (told, follower.index):
            index.put_account(Account(PERSON, active=True))
            index.put_connection(Connection(uuid4(), PROVIDER, self.employer, "PECOS", "APPROVED"))
        for provider, function in product((self.employer, PROVIDER), ("PECOS", "NPPES")):
            may = told.can_act(PERSON, provider, function)
            assert may == follower.index.can_act(PERSON, provider, function)
            assert may == self._may(provider, function)

    def _may(self, provider: UUID, function: str) -> bool:
        if self.held == SEU and function not in self.functions:
            return False
        return bool(self.held) and (provider == self.employer or function == "PECOS")

    @rule(role=ROLES)
    def request(self, role: str) -> None:
        """Ask for a role, or for another (D-39): one request at a time."""
        refused: Refusal = AlreadyAskedError if self.open else SameRoleError if role == self.held else None
        new = uuid4()
        if refused is None:
            self._new_request(role)
            new, self.open = self.role_request.id, role
        self.ask(lambda: self.association.request(role=role, role_request_id=new), refused=refused)
        self.stands()

    @rule(by=st.sampled_from([PERSON, OFFICIAL, DESK]), by_documents=st.booleans())
    def approve(self, by: UUID, *, by_documents: bool) -> None:
        """As the command does: nobody their own; for External User Services documents speak."""
        role, was = self.role_request.role, self.role_request.status
        refused: Refusal = None
        if by == PERSON:
            refused = OwnRequestError
        elif was not in {"PENDING", "APPROVED"}:
            refused = AlreadyDecidedError
        elif was == "PENDING" and by_documents and not NEEDED[role] <= set(self.papers.values()):
            refused = DocumentsMissingError

        def approve() -> None:
            self.role_request.approve(approved_by=by, by_documents=by_documents)
            self.association.approve(role_request_id=self.role_request.id, approved_by=by)

        self.ask(approve, refused=refused, changes=was == "PENDING")
        if refused is None and was == "PENDING":
            self.held, self.functions, self.open = role, set(), ""
        self.stands()

    @rule(by=st.sampled_from([PERSON, OFFICIAL]), is_cancelled=st.booleans())
    def close(self, by: UUID, *, is_cancelled: bool) -> None:
        """The other side rejects, oneself takes back; a role held before stays (D-39)."""
        was = self.role_request.status
        wrong: Refusal = NotYoursToCancelError if is_cancelled else OwnRequestError
        refused = wrong if (by == PERSON) != is_cancelled else None
        if refused is None and was not in {"PENDING", "CANCELLED" if is_cancelled else "REJECTED"}:
            refused = AlreadyDecidedError

        def close() -> None:
            if is_cancelled:
                self.role_request.cancel(cancelled_by=by)
                self.association.cancel(role_request_id=self.role_request.id)
            else:
                self.role_request.reject(rejected_by=by, reason="")
                self.association.reject(role_request_id=self.role_request.id)

        self.ask(close, refused=refused, changes=was == "PENDING")
        self.open = "" if refused is None and was == "PENDING" else self.open
        self.stands()

    @rule(kind=st.sampled_from(["CP_575", "CERTIFICATION"]), is_added=st.booleans())
    def hand_in(self, kind: str, *, is_added: bool) -> None:
        """Add a document, or take one back, while the request waits (D-42)."""
        there = next((id_ for id_, one in self.papers.items() if one == kind), uuid4())
        refused: Refusal = None if self.open else AlreadyDecidedError
        if is_added:
            refused = refused or (None if NEEDED[self.role_request.role] else NoDocumentsNeededError)
            changes = there not in self.papers
            self.ask(
                lambda: self.role_request.attach(document_id=there, document_type=kind),
                refused=refused,
                changes=changes,
            )
            self.papers |= {} if refused else {there: kind}
        else:
            changes = there in self.papers
            self.ask(lambda: self.role_request.detach(document_id=there), refused=refused, changes=changes)
            self.papers = self.papers if refused else {id_: one for id_, one in self.papers.items() if id_ != there}
        assert self.role_request.lacks_documents == (not NEEDED[self.role_request.role] <= set(self.papers.values()))

    @rule(function=FUNCTIONS, is_granted=st.booleans())
    def function(self, function: str, *, is_granted: bool) -> None:
        """Functions are a Staff End User's (IA-EMP-10)."""
        refused: Refusal = NotAssociatedError if not self.held else NotStaffError if self.held != SEU else None
        do = self.association.grant if is_granted else self.association.withdraw
        self.ask(lambda: do(function=function), refused=refused, changes=(function in self.functions) != is_granted)
        if refused is None:
            self.functions = self.functions | {function} if is_granted else self.functions - {function}
        self.stands()

    @rule(role=st.sampled_from([AM, SEU]), functions=st.sets(FUNCTIONS))
    def join(self, role: str, functions: set[str]) -> None:
        """Accept an invitation, and lose nothing by it (D-39)."""
        before, had, open_ = self.held, self.functions, self.open
        if REACH.index(role) >= REACH.index(self.held) and (role == SEU or role != self.held):
            self.functions = ((had if before == SEU else set()) | functions) if role == SEU else set()
            self.held = role
        changes = (self.held, self.functions) != (before, had)
        if changes and open_ and REACH.index(open_) <= REACH.index(role):
            self.open = ""

        def join() -> None:
            self.association.join(role=role, functions=sorted(functions), invitation_id=uuid4())
            if open_ and self.association.open_request_id is None:
                self.role_request.void()

        self.ask(join, changes=changes)
        self.stands()

    @rule(by=st.sampled_from([PERSON, OFFICIAL]))
    def end(self, by: UUID) -> None:
        """Leave, or be let go; a change of role that waits goes with the role."""

        def end() -> None:
            if self.association.is_approved and self.association.open_request_id is not None:
                self.role_request.void()
            self.association.end(ended_by=by)

        self.ask(end, changes=bool(self.held))
        if self.held:
            self.held, self.functions, self.open = "", set(), ""
        self.stands()

    @rule()
    def let_go(self) -> None:
        """In nobody's name, because account or employer is closed (D-41): nothing waits, nothing is held."""

        def let_go() -> None:
            list(leaving.let_go({self.role_request.id: self.role_request}.get, self.association, by=DESK, reason="X"))

        self.ask(let_go, changes=bool(self.held or self.open))
        self.held, self.functions, self.open = "", set(), ""
        self.stands()


class AnyInvitation(Modelled):
    """The model: how the PIN stands, and the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.dies = self.now + timedelta(hours=72)
        self.offer = Offer(uuid4(), SEU, ("PECOS",))
        self.invitation = Invitation(
            id=uuid4(), invited_by=OFFICIAL, invitee="sealed", offers=[self.offer.as_fields()], tracking_id="V000000000"
        )
        self.follow("invitation", self.invitation)
        self.status, self.tries, self.by = "INVITED", 0, PERSON

    @rule()
    def issue(self) -> None:
        """Once."""
        self.ask(
            lambda: self.invitation.issue_pin(secret="sealed", expires_at=self.dies), changes=self.status == "INVITED"
        )
        self._goes({"INVITED": "ISSUED"})

    @rule(hours=st.sampled_from([1, 24, 36, 48]))
    def time_passes(self, hours: int) -> None:
        """At 72:00:00 hours it is expired, and not before."""
        self.now += timedelta(hours=hours)

    @rule()
    def look_at_the_clock(self) -> None:
        """The timer comes whenever it likes."""
        dies = self.status == "ISSUED" and self.now >= self.dies
        self.ask(lambda: self.invitation.expire(now=self.now), changes=dies)
        self._goes({"ISSUED": "EXPIRED"} if dies else {})

    @precondition(lambda self: self.tries < 5)
    @rule()
    def wrong(self) -> None:
        """The fifth blocks it (D-27)."""
        counts = self.status in {"ISSUED", "BLOCKED"}
        self.tries += counts
        self.ask(lambda: self.invitation.reject_pin(is_last=self.tries >= 5), changes=counts)
        self._goes({"ISSUED": "BLOCKED"} if self.tries >= 5 else {})

    @rule()
    def redeem(self) -> None:
        """In time, whether or not the timer has come."""
        is_good = self.status == "REDEEMED" or (self.status == "ISSUED" and self.now < self.dies)
        refused = None if is_good else PinRefusedError
        self.ask(lambda: self.invitation.redeem(now=self.now), refused=refused, changes=self.status == "ISSUED")
        self._goes({"ISSUED": "REDEEMED"} if is_good else {})

    @rule(by=st.sampled_from([PERSON, DESK]), is_held=st.sampled_from([True, True, False]))
    def accept(self, by: UUID, *, is_held: bool) -> None:
        """One account, once; nothing where the inviter manages nobody any more (D-50)."""
        again = self.status == "ACCEPTED" and by == self.by
        refused: Refusal = None
        if not again:
            refused = PinRefusedError if self.status != "REDEEMED" else None if is_held else InvitationVoidError
        offers = [self.offer] if is_held else []
        self.ask(lambda: self.invitation.accept(account_id=by, offers=offers), refused=refused, changes=not again)
        if refused is None and not again:
            self.by = by
            self._goes({"REDEEMED": "ACCEPTED"})

    @rule(luck=st.integers(0, 4))
    def withdraw(self, luck: int) -> None:
        """Before anybody has it; now and then, for little comes after it."""
        if luck:
            return
        is_open = self.status in {"INVITED", "ISSUED", "REDEEMED"}
        refused = None if is_open or self.status == "WITHDRAWN" else InvitationOverError
        self.ask(lambda: self.invitation.withdraw(withdrawn_by=OFFICIAL), refused=refused, changes=is_open)
        self._goes(dict.fromkeys(("INVITED", "ISSUED", "REDEEMED"), "WITHDRAWN"))

    def _goes(self, ways: dict[str, str]) -> None:
        self.status = ways.get(self.status, self.status)
        assert self.invitation.status == self.status


class AnyDocument(Modelled):
    """The model: whether it is there, what was decided, and who has said what."""

    def __init__(self) -> None:
        super().__init__()
        self.document = Document(
            id=uuid4(),
            role_request_id=uuid4(),
            account_id=PERSON,
            document_type="CP_575",
            file_name="sealed",
            media_type="application/pdf",
            content_bytes=1,
            content_sha256="0" * 64,
        )
        self.status, self.is_deleted = "UPLOADED", False
        self.said = {UUID(int=number): PERSON for number in range(1, MOST_COMMENTS - 1)}
        for id_, by in self.said.items():
            self.document.comment(comment_id=id_, author_id=by, by_desk=False, text="sealed")
        self.follow("document", self.document)

    @rule(by=st.sampled_from([PERSON, DESK]), number=st.integers(1, 60))
    def comment(self, by: UUID, number: int) -> None:
        """At most 50; the same one twice is one."""
        id_ = UUID(int=number)
        refused = TooManyCommentsError if id_ not in self.said and len(self.said) >= MOST_COMMENTS else None
        self.ask(
            lambda: self.document.comment(comment_id=id_, author_id=by, by_desk=by == DESK, text="sealed"),
            refused=refused,
            changes=id_ not in self.said,
        )
        self.said = self.said if refused else {id_: by} | self.said
        assert self.document.comments == self.said

    @rule(by=st.sampled_from([PERSON, DESK]), number=st.integers(1, 60))
    def uncomment(self, by: UUID, number: int) -> None:
        """One's own."""
        id_ = UUID(int=number)
        refused = NotYourCommentError if self.said.get(id_, by) != by else None
        self.ask(
            lambda: self.document.uncomment(comment_id=id_, author_id=by), refused=refused, changes=id_ in self.said
        )
        self.said = self.said if refused else {other: one for other, one in self.said.items() if other != id_}
        assert self.document.comments == self.said

    @rule(status=st.sampled_from(["ACCEPTED", "REFUSED"]))
    def decide(self, status: str) -> None:
        """Once, and for ever."""
        is_open = self.status == "UPLOADED"
        if status == "ACCEPTED":
            self.ask(lambda: self.document.accept(accepted_by=DESK), changes=is_open)
        else:
            self.ask(lambda: self.document.refuse(refused_by=DESK, reason="sealed"), changes=is_open)
        self.status = status if is_open else self.status
        assert self.document.status == self.status

    @rule()
    def delete(self) -> None:
        """Twice is once."""
        self.ask(self.document.delete, changes=not self.is_deleted)
        self.is_deleted = True
        assert self.document.is_deleted


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("machine", [PersonAtEmployer, AnyInvitation, AnyDocument])
def test_any_sequence_of_questions_about_access(machine: type[Modelled], turn: int) -> None:
    """4.2, 4.3, 4.4, 4.9, D-27, D-39, D-42."""
    march(machine, turn)
