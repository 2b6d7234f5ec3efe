"""`make mutants`: takes one defence away at a time; each must turn at least one seed red."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from inspect import Parameter, signature
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest

from chassis import application, fields, hearing, log, mending, nature, positions, progress, told
from chassis.editions import Editions
from chassis.embedded.postgres import EmbeddedPostgres, start
from services.identity.commands.parts import Parts
from services.notifier.adapters.ports import TryLaterError
from services.notifier.adapters.queue import Due, Queue
from services.notifier.adapters.sender import Sender
from tests.memory import use_memory
from tests.sim.run import play
from tests.sim.scenery import FEW, Scenery, few, whole

SEEDS, SEEDS_OF_THE_WHOLE = 40, 12
Mutant = Callable[[EmbeddedPostgres, str], contextlib.AbstractContextManager[None]]


def in_sql(*changes: tuple[str, str]) -> Mutant:
    """The append function with some of its text changed."""

    @contextlib.contextmanager
    def mutate(postgres: EmbeddedPostgres, template: str) -> Iterator[None]:
        with psycopg.connect(postgres.dsn(template), autocommit=True) as admin:
            for service in FEW:
                admin.execute(f"SET search_path = {service.name}".encode())
                row = admin.execute("SELECT pg_get_functiondef('append'::regproc)").fetchone()
                assert row is not None
                text = row[0]
                for old, new in changes:
                    assert old in text, old
                    text = text.replace(old, new)
                admin.execute(text.encode())
        yield

    return mutate


def _ways(function: Any) -> list[str]:
    """How each argument is given: by its place, or under its name."""
    return [
        one.name if one.kind is Parameter.KEYWORD_ONLY else one.kind.name
        for one in signature(function).parameters.values()
    ]


def in_code(target: object, name: str, replacement: object) -> Mutant:
    """One function of the chassis replaced, by one that is called as it is: else every seed would be red for that."""
    was, becomes = (_ways(one) for one in (getattr(target, name), replacement))
    if was != becomes and Parameter.VAR_KEYWORD.name not in becomes:
        raise TypeError(f"{name} is called by {was}, what replaces it by {becomes}")

    @contextlib.contextmanager
    def mutate(_postgres: EmbeddedPostgres, _template: str) -> Iterator[None]:
        with patch.object(target, name, replacement):
            yield

    return mutate


def _append_then_move(*arguments: object, **named: object) -> list[int]:
    """The position in a transaction of its own."""
    move = named.pop("move", None)
    placed = _APPEND(*arguments, **named)  # type: ignore[arg-type]
    if isinstance(move, log.Move):
        positions.move(arguments[0], move.follower, was=move.was, becomes=move.becomes)  # type: ignore[arg-type]
    return placed


_APPEND = log.append

MUTANTS: dict[str, Mutant] = {
    "compare-and-set of a policy's position": in_sql(
        ("WHERE follower = by_follower AND position = was", "WHERE follower = by_follower")
    ),
    "position in the transaction of the reaction": in_code(log, "append", _append_then_move),
    "the unique key of (stream, version)": in_sql(("ON CONFLICT ON CONSTRAINT log_stream_version DO NOTHING", "")),
    "the answer kept with the command": in_code(application.Application, "answered", lambda _self, _cause: None),
}
"""Defences whose absence the simulation notices within a few seeds."""


def _claim_and_stay(queue: Queue, now: datetime, *, limit: int) -> list[Due]:
    """A claim that leaves the mails due."""
    claimed = _CLAIM(queue, now, limit=limit)
    with queue._app.database.session() as session:
        ids = [due.notification_id for due in claimed]
        session.run("UPDATE deliveries SET due_at = %s WHERE notification_id = ANY(%s)", (now, ids))
    return claimed


def _record_then_send(sender: Sender, notification: Any, due: Due) -> None:
    """Written down first: who dies then has lost the mail."""
    try:
        addressed = sender._addressing.write(notification, now=nature.now())
    except TryLaterError as error:
        sender._try_later(notification, due, str(error))
        return
    sender._handed_over[notification.id] = str(addressed.message["Message-ID"])
    sender._record_sent(notification, due)
    with contextlib.suppress(TryLaterError):
        sender._post.send(addressed.message, sender=addressed.sender, to=addressed.to)


_CLAIM = Queue.claim

MUTANTS_OF_THE_WHOLE: dict[str, Mutant] = {
    "the claim of a mail by one copy": in_code(Queue, "claim", _claim_and_stay),
    "hand over first, record then": in_code(Sender, "_try", _record_then_send),
}
"""Defences whose absence the whole telling notices."""

CHASSIS = "tests/integration/chassis"
DIRECTED: dict[str, str] = {
    "the append lock": f"{CHASSIS}/test_tailing.py::test_without_the_lock_the_same_reader_loses_events",
    "compare-and-set of a view's position": (
        f"{CHASSIS}/test_views.py::test_without_compare_and_set_it_takes_the_view_back"
    ),
}
"""Defences whose absence shows too seldom under seeds: tests that take them away and see the damage."""

UNDER_TEST: dict[str, tuple[Mutant, str]] = {
    "a user id's claim is made of the user id": (
        in_code(Parts, "user_id_claim", lambda _self, _user_id: nature.new_id()),
        "tests/integration/identity/test_contents.py::test_one_of_many_gets_a_user_id",
    ),
    "older states are ignored": (
        in_code(hearing, "_newer", lambda _session, states: {id(one) for one in states}),
        f"{CHASSIS}/test_hearing.py::test_a_state_that_is_older_than_what_was_heard_is_ignored",
    ),
    "ids of heard messages are looked at": (
        in_code(fields, "check", lambda _message: None),
        f"{CHASSIS}/test_ids_of_messages.py::test_the_view_goes_on_and_rights_on_the_key_are_unknown",
    ),
    "no policy acts before it has read its last Progress": (
        in_code(progress, "refuse_restored", lambda _session, _subscriber, _origin: None),
        f"{CHASSIS}/test_standing.py::test_no_policy_acts_on_a_log_that_was_put_back",
    ),
    "a log that went another way is noticed": (
        in_code(progress, "_leaf", lambda _session, _position: ""),
        f"{CHASSIS}/test_restoring.py::test_a_log_that_went_on_after_it_was_put_back_is_seen_by_its_leaf",
    ),
    "what happened keeps the edition in which it was written": (
        in_code(Editions, "of", lambda editions, _position: editions.current),
        f"{CHASSIS}/test_restoring.py::test_what_was_written_before_the_backup_and_told_after_it_is_the_same_message",
    ),
    "a mail that may have been sent is held": (
        in_code(Queue, "_may_have_been_sent", lambda _self, _session, _row: False),
        "tests/integration/notifier/test_held_mails.py::test_what_may_have_been_sent_waits_for_somebody_who_lets_it_go_out",
    ),
    "a raised form or edition tells all states again": (
        in_code(told.Behind, "page", lambda _self, _session, _limit: []),
        f"{CHASSIS}/test_retelling.py::test_listeners_take_what_is_told_again_and_their_views_are_as_before",
    ),
    "a late state is followed by the newest": (
        in_code(mending.Mender, "step", lambda _self: False),
        f"{CHASSIS}/test_mending.py::test_a_late_record_is_followed_by_the_newest_state",
    ),
}
"""Defences that a test guards: it must fail without them."""


def main() -> int:
    use_memory()
    base = Path(tempfile.mkdtemp(prefix="mandate-mutants-"))
    base.chmod(0o755)
    postgres = start(base / "postgres")
    alive = []
    try:
        for name, mutant in MUTANTS.items():
            scenery = few(postgres)
            with mutant(postgres, scenery.database):
                red = _first_red(postgres, scenery, SEEDS)
            if red is None:
                alive.append(name)
            print(f"without {name}: {red or f'STILL GREEN after {SEEDS} seeds'}", flush=True)
        scenery = whole(postgres, base / "keys")
        for name, mutant in MUTANTS_OF_THE_WHOLE.items():
            with mutant(postgres, scenery.database):
                red = _first_red(postgres, scenery, SEEDS_OF_THE_WHOLE)
            if red is None:
                alive.append(name)
            print(f"without {name}: {red or f'STILL GREEN after {SEEDS_OF_THE_WHOLE} tellings'}", flush=True)
        for name, (mutant, node) in UNDER_TEST.items():
            with mutant(postgres, ""):
                # this process has imported already what a plugin would have rewritten
                told = pytest.main(["-q", "-W", "ignore::pytest.PytestAssertRewriteWarning", node])
                red = f"red: {node}" if told == pytest.ExitCode.TESTS_FAILED else None
            if red is None:
                alive.append(name)
            print(f"without {name}: {red or 'STILL GREEN'}", flush=True)
    finally:
        postgres.stop()
        shutil.rmtree(base, ignore_errors=True)
    for name, node in DIRECTED.items():
        seen = subprocess.run([sys.executable, "-m", "pytest", "-q", node], check=False).returncode == 0
        if not seen:
            alive.append(name)
        print(f"without {name}: {'the damage is seen by ' + node if seen else 'STILL GREEN'}", flush=True)
    return 1 if alive else 0


def _first_red(postgres: EmbeddedPostgres, scenery: Scenery, seeds: int) -> str | None:
    for seed in range(seeds):
        try:
            play(postgres, scenery, seed, crash_rate=0.004)
        except Exception as error:  # noqa: BLE001 - any failure is what is looked for
            return f"red at seed {seed}: {type(error).__name__}: {str(error)[:110]}"
    return None


if __name__ == "__main__":
    sys.exit(main())
