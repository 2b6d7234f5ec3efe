"""Policies: whenever X, do Z. Woken by the own log, they judge by what is known now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis import failpoints, log, nature, positions
from chassis.application import OPTIMISTIC, TRIES, Application, BusyError, Repository
from chassis.cause import Cause, system_actor
from chassis.codec import UnknownEventError
from chassis.database import DatabaseUnavailableError, Session
from chassis.domain import Aggregate, DomainError
from chassis.followers import Page, fold_up_to, read_abreast, read_page
from chassis.log import ConflictError, Entry, Move, MovedError, Recorded
from chassis.progress import Standing


@dataclass(frozen=True, slots=True)
class World:
    """What a policy may see: the repository, and views that are folded up to the event at hand.

    It looks, and yields what it has changed, and does nothing else: a judgement may be thrown away and made anew.
    What it looks up by the repository is as those before it have left it; views show nothing of them yet.
    """

    repository: Repository
    db: Session
    now: Any
    """The moment, aware, UTC: a policy has no clock of its own."""
    woken_by: Recorded
    """The row of the log that woke the policy."""


PAGE = 500
"""Events that are reacted to before the next are read."""
TOGETHER = 32
"""Events that are judged before what they ask for is appended: what they looked at is older by so many judgements."""
MOST = 200
"""Events that several may ask for in one transaction; one that asks for more has its own."""

_Woken = tuple[Recorded, Any]


class _Noting(Repository):
    """The repository, which notes what is looked up."""

    def __init__(self, app: Application) -> None:
        super().__init__(app)
        self.seen: set[UUID] = set()

    def find(self, id: UUID, *, version: int | None = None) -> Any | None:
        self.seen.add(id)
        return super().find(id, version=version)


@dataclass
class _Judged:
    """What the first of some events ask for, none of which rests on what another of them asks for."""

    count: int = 0
    position: int = 0
    entries: list[Entry] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


class PolicyFollower:
    """Drives one policy: its events and its position are one transaction.

    Many events that wait are judged one after another, and what they ask for is one transaction: an append costs as
    much as several judgements, and wakes everybody.
    """

    def __init__(self, app: Application, policy: str, standing: Standing, *, batch: int = PAGE) -> None:
        self.name = f"policy.{policy}"
        self._app, self._policy, self._standing, self._batch = app, policy, standing, batch
        self._actor = system_actor(f"{app.name}/{policy}")
        self._functions: dict[str, list[Callable[[Any, World], Iterator[Aggregate]]]] = {}
        for reaction in app.policies:
            if reaction.policy == policy:
                self._functions.setdefault(_topic(reaction.wakes), []).append(reaction.function)

    def step(self) -> bool:
        """React to one page of the log. Return whether there was one."""
        with self._app.database.session() as session:
            return read_abreast(self._app, session, [self], limit=self._batch)

    def take(self, session: Session, was: int, page: Page) -> bool | None:
        """React to what concerns the policy in a page behind its position."""
        self._standing.require(session)
        woken = [one for one in zip(page.recorded, page.events, strict=True) if one[0].topic in self._functions]
        if not woken:
            return None  # nobody judges, nobody looks
        at, last = was, page.recorded[-1].position
        with self._app.pinned(session):
            fold_up_to(self._app, session, self._app.policy_views, last)
            try:
                for reached in self._react_to(session, woken, was):
                    at = reached
            except MovedError:
                return True  # another copy did it
            except (UnknownEventError, DomainError):
                return at > was  # what it needs is not to be had yet: wait, and judge again
        if last > at:
            positions.move_all(session, [self.name], was=at, becomes=last)
        return True

    def _react_to(self, session: Session, woken: Sequence[_Woken], was: int) -> Iterator[int]:
        """React to events in their order, to as many at once as can be; each position that is reached."""
        at, done, alone = was, 0, 0
        while done < len(woken):
            judged = _Judged() if done < alone else self._judge_together(session, woken[done : done + TOGETHER])
            if judged.count:
                try:
                    self._append(session, judged, Move(self.name, at, judged.position))
                except (DatabaseUnavailableError, MovedError):
                    raise
                except Exception:  # noqa: BLE001 - one of them is at fault, or somebody was faster: each alone, then
                    alone = done + judged.count
                    continue
                done, at = done + judged.count, judged.position
            else:
                row, event = woken[done]
                self._react(session, row, event, Move(self.name, at, row.position))
                done, at = done + 1, row.position
            yield at

    def _judge_together(self, session: Session, woken: Sequence[_Woken]) -> _Judged:
        """Judge these events, up to the first that must be judged later or alone.

        Later: it looks up what those before it change, or all ask for too much. Alone: its stream is parked, or judging
        it fails.
        """
        judged, repository, changed = _Judged(), _Noting(self._app), set[UUID]()
        parked = self._parked(session, [row.stream for row, _ in woken])
        for row, event in woken:
            if row.stream in parked:
                break
            repository.seen.clear()
            try:
                entries, cause = self._asked_for(session, row, event, repository), self._cause(row)
            except Exception:  # noqa: BLE001 - alone it is judged again, and what it raises is dealt with
                break
            is_too_much = judged.entries and len(judged.entries) + len(entries) > MOST
            if is_too_much or not changed.isdisjoint(repository.seen):
                break
            changed |= {entry.stream for entry in entries}
            judged.count, judged.position = judged.count + 1, row.position
            judged.entries += entries
            judged.causes += [cause] * len(entries)
        return judged

    def _react(self, session: Session, row: Recorded, event: Any, move: Move) -> None:
        """Answer one event and move to it. Raises `MovedError` where another copy did it."""
        if not (self._parked(session, [row.stream]) and self._wait_behind(session, row, move)):
            self._answer(session, row, event, move)

    def _parked(self, session: Session, streams: Sequence[UUID]) -> frozenset[UUID]:
        """Those of these streams of which an event is parked."""
        rows = session.run(
            "SELECT DISTINCT stream FROM parked WHERE policy = %s AND stream = ANY(%s)", (self._policy, list(streams))
        )
        return frozenset(stream for (stream,) in rows)

    def _wait_behind(self, session: Session, row: Recorded, move: Move) -> bool:
        """Park an event behind an earlier one of its stream. Return whether there still is one."""
        with session.transaction():
            log.lock(session)  # a redrive that runs just now has either gone before, or will see this row
            still = bool(self._parked(session, [row.stream]))
            if still:
                self._park(session, row, "waits behind an earlier event of the same stream", move)
        return still

    def _answer(self, session: Session, row: Recorded, event: Any, move: Move) -> None:
        try:
            self.judge(session, row, event, move)
        except (DatabaseUnavailableError, MovedError, UnknownEventError):
            raise  # transient, another copy's, or a newer release's: never parked
        except Exception as error:
            if isinstance(error, DomainError) and error.transient:
                raise
            self._park(session, row, f"{type(error).__name__}: {error}", move)

    def judge(self, session: Session, row: Recorded, event: Any, move: Move | None) -> None:
        """Let the policy's functions judge as of now; conflicts mean judging again, at last under the lock."""
        for attempt in range(TRIES):
            try:
                if attempt < OPTIMISTIC:
                    placed = self._try(session, row, event, move)
                else:
                    with session.transaction():
                        log.lock(session)
                        placed = self._try(session, row, event, move)
            except ConflictError:
                continue
            if placed:
                self._app.on_append(placed[-1])
            return
        raise BusyError

    def _try(self, session: Session, row: Recorded, event: Any, move: Move | None) -> list[int]:
        entries = self._asked_for(session, row, event, self._app.repository)
        return self._place(session, entries, [self._cause(row)] * len(entries), move)

    def _asked_for(self, session: Session, row: Recorded, event: Any, repository: Repository) -> list[Entry]:
        world = World(repository=repository, db=session, now=nature.now(), woken_by=row)
        changed = [one for function in self._functions[row.topic] for one in function(event, world)]
        return log.entries(self._app.codec.to_stored_event(e) for one in changed for e in one.collect_events())

    def _cause(self, row: Recorded) -> Cause:
        return row.cause.then(actor=self._actor, position=row.position)

    def _append(self, session: Session, judged: _Judged, move: Move) -> None:
        placed = self._place(session, judged.entries, judged.causes, move)
        if placed:
            self._app.on_append(placed[-1])

    def _place(
        self, session: Session, entries: Sequence[Entry], causes: Sequence[Cause], move: Move | None
    ) -> list[int]:
        if not entries:
            if move is not None:
                positions.move(session, move.follower, was=move.was, becomes=move.becomes)
            return []
        failpoints.reach("policy.before_append")
        return log.append(session, self._app.name, entries, causes, move=move)

    def _park(self, session: Session, row: Recorded, why: str, move: Move) -> None:
        with session.transaction():
            positions.move(session, move.follower, was=move.was, becomes=move.becomes)
            session.run(
                "INSERT INTO parked (policy, position, stream, cause, parked_at) VALUES (%s, %s, %s, %s, %s)",
                (self._policy, row.position, row.stream, why.replace("\0", "\\x00"), nature.now()),
            )

    def redrive(self, stream: UUID | None = None) -> int:
        """Wake the policy again for what is parked, in order, judging as of now. Return how many went through.

        Stops, in each stream, at the first that still cannot be answered, and in the end raises what the first of
        these raised.
        """
        done = 0
        stuck: dict[UUID, Exception] = {}
        with self._app.database.session() as session, self._app.pinned(session):
            self._standing.require(session)
            while waiting := self._waiting(session, stream, list(stuck)):
                for position, of in waiting:
                    if of in stuck:
                        continue
                    try:
                        done += self._again(session, position)
                    except DatabaseUnavailableError:
                        raise
                    except Exception as error:  # noqa: BLE001 - raised at the end: the other streams come first
                        stuck[of] = error
        for first in stuck.values():
            raise first
        return done

    def _waiting(self, session: Session, stream: UUID | None, but: list[UUID]) -> list[tuple[Any, ...]]:
        return session.run(
            "SELECT position, stream FROM parked WHERE policy = %s AND (%s::uuid IS NULL OR stream = %s)"
            " AND stream <> ALL(%s) ORDER BY position",
            (self._policy, stream, stream, but),
        )

    def _again(self, session: Session, position: int) -> int:
        """Judge one parked event under the log's lock. Return 1, or 0 where another redrive was faster."""
        with session.transaction():
            log.lock(session)
            gone = session.run(
                "DELETE FROM parked WHERE policy = %s AND position = %s RETURNING 1", (self._policy, position)
            )
            if not gone:
                return 0
            page = read_page(self._app, session, after=position - 1, limit=1)
            if not page.events:
                raise UnknownEventError(f"position {position}")
            fold_up_to(self._app, session, self._app.policy_views, log.end(session))
            placed = self._try(session, page.recorded[0], page.events[0], None)
        if placed:
            self._app.on_append(placed[-1])
        return 1


def policies_of(app: Application | type[Application]) -> Sequence[str]:
    """The names of an application's policies, each once, in the order of its table."""
    return tuple(dict.fromkeys(reaction.policy for reaction in app.policies))


def _topic(wakes: type) -> str:
    """The log's topic of what wakes a policy: an own event, or a heard message."""
    own = getattr(wakes, "TOPIC", None)
    if own is not None:
        return str(own)
    descriptor: Any = getattr(wakes, "DESCRIPTOR")  # noqa: B009 - protobuf classes alone have one
    return f"heard.{descriptor.name}"
