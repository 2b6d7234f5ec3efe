"""What must hold when a run has come to rest, whatever happened in it (I1 to I5 of the reliability page)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from chassis import log
from chassis.audit import leaf_hash
from chassis.database import Session
from chassis.followers import read_page
from chassis.hearing import HEARD, headers_of
from chassis.views import View
from services.access.domain.association import Association
from services.access.domain.employer import Employer
from services.access.domain.role_request import RoleRequest
from services.connections.domain.connection import Connection
from tests.sim.checks_of_people import InvariantError, check_mails, check_people
from tests.sim.stage import Stage
from tests.sim.witness import Tally


def check_all(stage: Stage) -> None:
    for service in stage.scenery.services:
        app = stage.apps[service.name]
        with app.database.session() as session:
            recorded, events = _whole_log(app, session)
            _versions_without_gap(recorded)
            _leaves_fit(service.name, recorded)
            _followers_at_end(session, recorded)
            for view in (*app.policy_views, *app.views):
                _view_equals_fold(session, view, events)
            _nothing_parked(session)
    _answers_stand(stage)
    _told_and_heard(stage)
    _told_states_are_newest(stage)
    _nobody_is_left(stage)
    if stage.platform is not None:
        check_mails(stage)
        check_people(stage)
    if "witness" in stage.apps:
        _reactions_once(stage)


def _whole_log(app: Any, session: Session) -> tuple[list[log.Recorded], list[Any]]:
    page = read_page(app, session, after=0, limit=100_000)
    return list(page.recorded), list(page.events)


def _versions_without_gap(recorded: list[log.Recorded]) -> None:
    """I2: own streams run 1, 2, 3 in the order of positions; heard ones may have gaps but only rise."""
    last: dict[Any, int] = {}
    for row in recorded:
        before = last.get(row.stream, 0)
        own = not row.topic.startswith(HEARD)
        is_state = row.topic.endswith("State")
        if own and row.version != before + 1:
            raise InvariantError(f"{row.topic} {row.stream}: version {row.version} follows {before}")
        if is_state and row.version <= before:
            raise InvariantError(f"{row.topic} {row.stream}: heard {row.version} after {before}")
        last[row.stream] = row.version


def _leaves_fit(origin: str, recorded: list[log.Recorded]) -> None:
    for row in recorded:
        leaf = leaf_hash(origin, row.stream, row.version, row.topic, row.recorded_at, row.packed_cause, row.state)
        if leaf != row.leaf_hash:
            raise InvariantError(f"the leaf at {row.position} does not fit its event")


def _followers_at_end(session: Session, recorded: list[log.Recorded]) -> None:
    end = recorded[-1].position if recorded else 0
    behind = session.run("SELECT follower, position FROM positions WHERE position <> %s", (end,))
    if behind:
        raise InvariantError(f"not at {end}: {behind}")


def _view_equals_fold(session: Session, view: View, events: list[Any]) -> None:
    """I5: every row is the fold of the log from zero."""
    put, _, _ = view.rows(events).collected()
    names = tuple(view.columns)
    folded = {key: tuple(view._whole(key, row)[name] for name in names) for key, row in put.items()}
    stored = session.run(f"SELECT {', '.join(names)} FROM {view.name}")
    width = [names.index(column) for column in view.key]
    table = {tuple(row[i] for i in width): row for row in stored}
    if table != folded:
        different = [key for key in table.keys() | folded.keys() if table.get(key) != folded.get(key)]
        raise InvariantError(f"{view.name} differs from the fold of its log at {different[:3]}")


def _nothing_parked(session: Session) -> None:
    for table in ("parked", "parked_messages"):
        rows = session.run(f"SELECT * FROM {table}")
        if rows:
            raise InvariantError(f"{table}: {rows[0]}")


def _answers_stand(stage: Stage) -> None:
    """I1: what was answered stands in the log once; what was refused, and not taken later, has left nothing."""
    taken = {asked.command_id for asked in stage.history if asked.receipt is not None}
    for service in {asked.service for asked in stage.history}:
        app = stage.apps[service]
        with app.database.session() as session:
            written = Counter(
                (command, topic, stream)
                for command, topic, stream in session.run(
                    "SELECT command_id, topic, stream FROM history WHERE NOT starts_with(topic, 'heard.')"
                )
            )
            answered = {row[0]: row[1] for row in session.run("SELECT command_id, position FROM answered")}
        commands = {command for command, _, _ in written}
        for asked in stage.history:
            if asked.service != service:
                continue
            if asked.receipt is not None and answered.get(asked.command_id) != asked.receipt.position:
                raise InvariantError(f"{asked} was answered, but the log does not say so")
            if asked.refused and asked.command_id not in taken and asked.command_id in commands:
                raise InvariantError(f"{asked} was refused, but has left events")


def _told_and_heard(stage: Stage) -> None:
    """I3: every message is on the bus, in order of version per key once repeats are left out; and was heard once."""
    with stage.connect("bus") as bus:
        rows = bus.execute(
            "SELECT topic, key, headers->>'ce_id', (headers->>'edition')::bigint, (headers->>'ce_sequence')::bigint"
            " FROM records"
            " WHERE topic <> 'Progress' ORDER BY topic, partition, \"offset\""
        ).fetchall()
    told: dict[tuple[str, str], list[tuple[int, int]]] = {}
    seen: set[str] = set()
    for topic, key, id_, edition, version in rows:
        if id_ not in seen:
            seen.add(id_)
            told.setdefault((topic, key), []).append((edition, version))
    for (topic, key), versions in told.items():
        if versions != sorted(versions):
            raise InvariantError(f"{topic} {key} was told in the order {versions}")
    for service in stage.scenery.services:
        app = stage.apps[service.name]
        with app.database.session() as session:
            recorded, _ = _whole_log(app, session)
        heard = Counter(headers_of(row)["ce_id"] for row in recorded if row.topic.startswith(HEARD))
        twice = [id_ for id_, count in heard.items() if count > 1]
        if twice:
            raise InvariantError(f"{service.name} heard {twice[0]} twice")
        expected = {id_ for topic, _, id_, _, _ in rows if topic in app.hears and not topic.endswith("State")}
        if expected - set(heard):
            raise InvariantError(f"{service.name} never heard {min(expected - set(heard))}")


def _told_states_are_newest(stage: Stage) -> None:
    """The last state of each key on the bus, which compaction would leave, is what its aggregate is now."""
    with stage.connect("bus") as bus:
        rows = bus.execute(
            "SELECT DISTINCT ON (topic, key) topic, key, value FROM records WHERE topic LIKE '%State'"
            ' ORDER BY topic, key, "offset" DESC'
        ).fetchall()
    newest = {(topic, key): value for topic, key, value in rows}
    for service in stage.scenery.services:
        app = stage.apps[service.name]
        to_state = service.publishing.to_state
        for stream in {event.originator_id for event in stage.events(service.name) if hasattr(event, "originator_id")}:
            aggregate = app.repository.find(stream)
            if type(aggregate) not in to_state:
                continue
            state = to_state[type(aggregate)](aggregate)
            told = newest.get((state.DESCRIPTOR.name, str(stream)))
            if told is None or type(state).FromString(told) != state:
                raise InvariantError(f"{state.DESCRIPTOR.name} {stream} was told last as {told!r}")


def _nobody_is_left(stage: Stage) -> None:
    """D-41: at a closed employer nobody waits, nobody works, nothing is connected with it; whichever came second."""
    closed = {event.employer_id for event in stage.events("access") if isinstance(event, Employer.Closed)}
    for service, kind in (("access", Association), ("access", RoleRequest), ("connections", Connection)):
        app = stage.apps[service]
        for stream in {event.originator_id for event in stage.events(service) if hasattr(event, "originator_id")}:
            one = app.repository.find(stream)
            if type(one) is not kind or one.status not in {"PENDING", "APPROVED"}:
                continue
            sides = {getattr(one, name, None) for name in ("employer_id", "provider_id", "surrogate_id")}
            is_past = kind is RoleRequest and one.status == "APPROVED"
            if sides & closed and not is_past:
                raise InvariantError(f"{one} is {one.status} at a closed employer")


def _reactions_once(stage: Stage) -> None:
    """I4: the unguarded witness has one row for each message that it heard."""
    app = stage.apps["witness"]
    with app.database.session() as session:
        recorded, events = _whole_log(app, session)
    heard = Counter(row.position for row in recorded if row.topic.startswith(HEARD))
    counted = Counter(event.position for event in events if isinstance(event, Tally.Counted))
    if heard != counted:
        raise InvariantError(f"reactions differ from messages: {(counted - heard) or (heard - counted)}")
