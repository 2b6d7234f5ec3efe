"""Policies: whenever X, do Z. Woken by the own log, they judge by what is known now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis import failpoints, log, nature, positions
from chassis.application import OPTIMISTIC, TRIES, Application, BusyError, Repository
from chassis.cause import system_actor
from chassis.codec import UnknownEventError
from chassis.database import DatabaseUnavailableError, Session
from chassis.domain import Aggregate, DomainError
from chassis.followers import Page, fold_up_to, read_abreast, read_page
from chassis.log import ConflictError, Move, MovedError, Recorded
from chassis.progress import Standing


@dataclass(frozen=True, slots=True)
class World:
    """What a policy may see: the repository, and views that are folded up to the event at hand."""

    repository: Repository
    db: Session
    now: Any
    """The moment, aware, UTC: a policy has no clock of its own."""
    woken_by: Recorded
    """The row of the log that woke the policy."""


PAGE = 500
"""Events that are reacted to before the next are read."""


class PolicyFollower:
    """Drives one policy: its events and its position are one transaction."""

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
        if not any(row.topic in self._functions for row in page.recorded):
            return None  # nobody judges, nobody looks
        at = was
        with self._app.pinned(session):
            fold_up_to(self._app, session, self._app.policy_views, page.recorded[-1].position)
            for row, event in zip(page.recorded, page.events, strict=True):
                if row.topic not in self._functions:
                    continue
                try:
                    if not self._react(session, row, event, at):
                        return True
                except (UnknownEventError, DomainError):
                    return at > was  # what it needs is not to be had yet: wait, and judge again
                at = row.position
        last = page.recorded[-1].position
        if last > at:
            positions.move_all(session, [self.name], was=at, becomes=last)
        return True

    def _react(self, session: Session, row: Recorded, event: Any, was: int) -> bool:
        """Answer one event and move to it. Return whether this copy did it."""
        move = Move(self.name, was, row.position)
        try:
            if not (self._is_behind(session, row) and self._wait_behind(session, row, move)):
                self._answer(session, row, event, move)
        except MovedError:
            return False
        return True

    def _is_behind(self, session: Session, row: Recorded) -> bool:
        parked = session.one(
            "SELECT 1 FROM parked WHERE policy = %s AND stream = %s LIMIT 1", (self._policy, row.stream)
        )
        return parked is not None

    def _wait_behind(self, session: Session, row: Recorded, move: Move) -> bool:
        """Park an event behind an earlier one of its stream. Return whether there still is one."""
        with session.transaction():
            log.lock(session)  # a redrive that runs just now has either gone before, or will see this row
            still = self._is_behind(session, row)
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
        world = World(repository=self._app.repository, db=session, now=nature.now(), woken_by=row)
        changed = [one for function in self._functions[row.topic] for one in function(event, world)]
        cause = row.cause.then(actor=self._actor, position=row.position)
        stored = (self._app.codec.to_stored_event(e) for one in changed for e in one.collect_events())
        entries = log.entries(stored)
        if not entries:
            if move is not None:
                positions.move(session, move.follower, was=move.was, becomes=move.becomes)
            return []
        failpoints.reach("policy.before_append")
        return log.append(session, self._app.name, entries, cause, move=move)

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
