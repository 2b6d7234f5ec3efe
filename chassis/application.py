"""One service's application: its log, its repository, and how a command is taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError
from eventsourcing.application import Repository as LibraryRepository
from eventsourcing.persistence import EventStore

from chassis import editions, log, nature
from chassis.cause import Cause, Receipt
from chassis.codec import Codec, UnknownEventError
from chassis.database import Database, DatabaseUnavailableError, Session
from chassis.domain import Aggregate, Claim, DomainError, NotFoundError
from chassis.editions import Editions
from chassis.log import Answer, AnsweredError, ConflictError, Entry
from chassis.messages import Catalogue
from chassis.streams import StreamReader
from chassis.turns import Turns
from chassis.views import View

TAggregate = TypeVar("TAggregate", bound=Aggregate)
TApplication = TypeVar("TApplication", bound="Application")
TParts = TypeVar("TParts")
P = ParamSpec("P")

COMMAND_LIFE = timedelta(hours=24)
COMMAND_AHEAD = timedelta(hours=1)
TRIES = 8
OPTIMISTIC = 2
"""Conflicts after which the log is locked first: a hot aggregate would be lost to others for ever."""


class CommandTooOldError(DomainError):
    """This command was made more than 24 hours ago (or by a clock that is ahead). Start again."""


class CommandIdError(DomainError):
    """A command's id is a UUIDv7 that nobody else has used."""


class BusyError(DomainError):
    """Too many people change this at once. Nothing was changed; try again."""

    transient = True


@dataclass(frozen=True, slots=True)
class Reaction:
    """One row of an application's table of policies: what wakes which function."""

    wakes: type
    policy: str
    function: Callable[[Any, Any], Iterator[Aggregate]]


def when(wakes: type, function: Callable[[Any, Any], Iterator[Aggregate]]) -> Reaction:
    """Whenever `wakes` (an own event or a heard message) is in the log, call the policy's function.

    A policy is a module: its functions share one position, named by it.
    """
    return Reaction(wakes=wakes, policy=function.__module__.rpartition(".")[2], function=function)


class Repository:
    """Loads aggregates from the own log, as they are now or were at a version."""

    def __init__(self, app: Application) -> None:
        self._app = app

    def get(self, id: UUID, *, version: int | None = None, kind: type[Aggregate] = Aggregate) -> Any:
        """The aggregate. Raises `NotFoundError`, for one of another kind too: ids come from outside."""
        found = self.find(id, version=version)
        if not isinstance(found, kind):
            raise NotFoundError
        return found

    def find(self, id: UUID, *, version: int | None = None) -> Any | None:
        """The aggregate, or None where its stream is empty (or of heard messages, which make no aggregate)."""
        if version is None:
            self._app.stand_in_line(id)
        with self._app.session() as session:
            store: EventStore[UUID] = EventStore(self._app.codec, StreamReader(session))
            library: LibraryRepository[UUID] = LibraryRepository(store)
            try:
                return library.get(id, version=version, projector_func=_grown)
            except AggregateNotFoundError:
                return None
            except UnknownEventError as error:
                if str(error).startswith("heard."):
                    return None
                raise

    def claim(self, id: UUID, owner_id: UUID) -> Claim | None:
        """The claim on something unique, taken for the owner; None where another has it. To be committed."""
        claim = self.find(id)
        if claim is None:
            return Claim(id=id, owner_id=owner_id)
        return cast("Claim", claim) if claim.claim(owner_id) else None


class Application:
    """What a service's `application.py` derives from: names, aggregates, policies, views."""

    name: ClassVar[str]
    aggregates: ClassVar[Sequence[type[Aggregate]]] = ()
    policies: ClassVar[Sequence[Reaction]] = ()
    policy_views: ClassVar[Sequence[View]] = ()
    """Views that policies read: folded up to the page at hand before a policy judges."""
    views: ClassVar[Sequence[View]] = ()
    hears: ClassVar[Sequence[str]] = ()
    """Topics of other services that this one listens to."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self.database = database
        self.catalogue = catalogue
        self.codec = Codec(self.aggregates)
        self.repository = Repository(self)
        self._pinned: ContextVar[Session | None] = ContextVar(f"{self.name}.session", default=None)
        self._placed: ContextVar[list[int] | None] = ContextVar(f"{self.name}.placed", default=None)
        self._editions: Editions | None = None
        self.on_append: Callable[[int], None] = lambda _position: None
        """Called with the last position after each commit of this process: wakes its followers."""
        self.on_told: Callable[[int], None] = lambda _position: None
        """Called when the relay has told: wakes those who hear it, where they wait in this process."""
        self.turns: Turns | None = None
        """Given by whoever puts the process together, where commands come in many threads."""

    # -- sessions

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The session that is pinned to this thread of work, or one from the pool."""
        pinned = self._pinned.get()
        if pinned is not None:
            yield pinned
            return
        with self.database.session() as session:
            yield session

    @contextmanager
    def pinned(self, session: Session) -> Iterator[Session]:
        """Let everything inside, repository and commit too, use one session."""
        token = self._pinned.set(session)
        try:
            yield session
        finally:
            self._pinned.reset(token)

    @contextmanager
    def locked(self) -> Iterator[Session]:
        """One transaction that holds the log: what is loaded inside cannot conflict."""
        outer, placed = self._placed.get(), list[int]()
        token = self._placed.set(placed)
        try:
            with self.session() as session, self.pinned(session), session.transaction():
                log.lock(session)
                yield session
        finally:
            self._placed.reset(token)
        if outer is not None:
            outer += placed
        elif placed:
            self.on_append(placed[-1])  # nobody inside can be woken: what was appended is not there yet

    @property
    def edition(self) -> int:
        """The log's edition."""
        return self.editions.current

    @property
    def editions(self) -> Editions:
        """The log's editions; they change only while the service is down."""
        if self._editions is None:
            with self.session() as session:
                self._editions = editions.editions(session, self.name)
        return self._editions

    # -- commands

    def execute(self, command: Callable[..., Receipt], cause: Cause, **arguments: Any) -> Receipt:
        """Take a command once: a repeat of its id within 24 hours gets the first answer.

        Conflicts are resolved by loading and deciding again. Raises what the command raises,
        `CommandTooOldError`, `CommandIdError` (somebody else's id), `BusyError`.
        """
        _check_id(cause)
        answered = self.answered(cause)
        if answered is not None:
            return answered
        lost: Collection[UUID] = ()
        for attempt in range(TRIES):
            try:
                with nullcontext() if self.turns is None else self.turns.attempt(lost):
                    if attempt < OPTIMISTIC:
                        return command(self, cause, **arguments)
                    with self.locked():
                        return command(self, cause, **arguments)
            except ConflictError as error:
                lost, answered = error.streams, self.answered(cause)
            except AnsweredError:
                answered = self.answered(cause)
            except DatabaseUnavailableError:
                # the commit may have happened although its answer was lost: under the log's lock it is decided
                answered = self._settled(cause)
                if answered is None:
                    raise
            if answered is not None:
                return answered
        raise BusyError

    def commit(self, *changed: Aggregate, cause: Cause, id: UUID | None = None) -> Receipt:
        """Append the pending events of all aggregates in one transaction, and the answer with them.

        The receipt's id is the first aggregate's unless given. Raises `ConflictError` and
        `AnsweredError`; nothing is written then.
        """
        receipt_id = id or changed[0].id
        stored = [self.codec.to_stored_event(event) for one in changed for event in one.collect_events()]
        answer = Answer(cause.command_id, cause.actor, receipt_id)
        placed = self._append(log.entries(iter(stored)), cause, answer)
        if placed:
            inside = self._placed.get()
            (self.on_append if inside is None else inside.append)(placed[-1])
            return Receipt(origin=self.name, edition=self.edition, position=placed[-1], id=receipt_id)
        answered = self.answered(cause)
        if answered is None:
            raise AnsweredError(str(cause.command_id))
        return answered

    def _append(self, entries: Sequence[Entry], cause: Cause, answer: Answer) -> list[int]:
        if self.turns is not None:
            self.turns.change({entry.stream for entry in entries})
        if entries and self._pinned.get() is None and self.database.together is not None:
            # holding no session: those who wait for a commit would leave none for whoever reads
            return log.hand_in(self.database, self.name, entries, cause, answer=answer).result()
        with self.session() as session:
            return log.append(session, self.name, entries, cause, answer=answer)

    def answered(self, cause: Cause) -> Receipt | None:
        """The first answer to this command, if there was one. Raises `CommandIdError` for somebody else's id."""
        with self.session() as session:
            rows = session.call(_ANSWERED, (cause.command_id.bytes,))
        if not rows:
            return None
        [(actor, position, about)] = rows
        if actor != cause.actor.bytes:
            raise CommandIdError
        return Receipt(self.name, self.edition, int.from_bytes(position), UUID(bytes=about))

    def stand_in_line(self, stream: UUID) -> None:
        """Wait for one's turn, where the command at hand loads what others change; never with the log in hand."""
        if self.turns is not None and not self._pinned.get():
            self.turns.come(stream)

    def _settled(self, cause: Cause) -> Receipt | None:
        try:
            with self.locked():
                return self.answered(cause)
        except DatabaseUnavailableError:
            return None


_ANSWERED = "SELECT actor, position, id FROM answered WHERE command_id = $1"


def _grown(aggregate: Any, events: Iterable[Any]) -> Any:
    """What the library's own projector does; that one asks each event whether it is one, at three times the cost."""
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


def once(
    command: Callable[Concatenate[TApplication, TParts, Cause, P], Receipt],
) -> Callable[Concatenate[TApplication, TParts, Cause, P], Receipt]:
    """Decorate a command that looks at things before it is executed: a repeat gets the first answer all the same."""

    @wraps(command)
    def first_answer(app: TApplication, parts: TParts, cause: Cause, /, *args: P.args, **named: P.kwargs) -> Receipt:
        return app.answered(cause) or command(app, parts, cause, *args, **named)

    return first_answer


def _check_id(cause: Cause) -> None:
    made_at = nature.made_at(cause.command_id)
    if made_at is None:
        raise CommandIdError
    age = nature.now() - made_at
    if age > COMMAND_LIFE or age < -COMMAND_AHEAD:
        raise CommandTooOldError
