"""What services tell auditors of their logs over the API: pages, order, masks, and who may ask."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from mandate.audit.v1 import service_pb2 as pb
from structlog.testing import capture_logs

from chassis import auditing
from chassis.auditing import AuditAnswers, QueryTooSlowError, TooManyStreamsError
from chassis.cause import system_actor
from chassis.domain import FaultsError, NotAllowedError, NotFoundError
from chassis.server import Caller
from chassis.tokens import Claims
from services.connections.commands import connections
from tests.house import House
from tests.integration.cli.terminal import Terminal, Village
from tests.notary import Notary

KIM = uuid4()
HOSTILE = (
    "'; DROP TABLE access.log; --", "%' OR '1' = '1", "100%", "\\", "_", "%(q0)s", "%s", "{more}", "type:%s", "fn:'",
    "fn:\\u0000", "type:" + "*" * 200, "🙈", "pos:1..999999999999999999", "type:%(position)s", "a" * 1000, '"a b"',
    "-x -y -z", "created:0001-01-01..9999-12-31",
)  # fmt: skip
UNREADABLE = (
    "aktor:x", "actor:nobody", "npi:2000000002", "subject:x", "pos:x", "pos:1..2..3", "created:yesterday", '"', "a:b:c",
    "tracking:!", "employer:' OR 1=1", "x\ny", "\0", "\u202ex", "a" * 1001, " ".join("x" * 21), "created:2..1", "pos:",
    ":", "correlation:0", "actor:'; SELECT 1; --",
)  # fmt: skip


def caller(*roles: str, who: UUID = KIM) -> Caller:
    return Caller(claims=Claims(account_id=who, roles=frozenset(roles)), correlation_id="7F3K2QX9")


AUDITOR = caller("AUDITOR")


@dataclass
class Desk:
    """An auditor who asks each service of a house."""

    house: House

    def of(self, service: str) -> AuditAnswers:
        room = self.house.rooms[service]
        return AuditAnswers(room.app, room.service.actors)

    def find(self, query: str, service: str, **more: Any) -> pb.FindEventsResponse:
        """Both rounds, as whoever asks all services does it."""
        first = {name: self.of(name).FindStreams(pb.FindStreamsRequest(query=query), AUDITOR) for name in self.names}
        others = [about for name, found in first.items() if name != service for about in found.about]
        request = pb.FindEventsRequest(query=query, own=first[service].about, others=others, **more)
        return self.of(service).FindEvents(request, AUDITOR)

    @property
    def names(self) -> list[str]:
        return list(self.house.rooms)


@pytest.fixture
def desk(village: Village) -> Desk:
    return Desk(village.house)


def places(answer: pb.FindEventsResponse) -> list[int]:
    return [one.position for one in answer.events]


@pytest.mark.parametrize("roles", [(), ("EUS",), ("MAC",), ("EUS", "MAC")])
@pytest.mark.parametrize("method", [one.name for one in pb.DESCRIPTOR.services_by_name["AuditService"].methods])
def test_only_auditors_read(desk: Desk, method: str, roles: tuple[str, ...]) -> None:
    request = getattr(pb, f"{method}Request")()
    for service in desk.names:
        with pytest.raises(NotAllowedError, match="Only auditors"):
            getattr(desk.of(service), method)(request, caller(*roles))


@pytest.mark.parametrize(
    "query",
    ["", "type:heard.*", "-type:heard.*", "fn:PECOS", "pos:access@2..9", "connection", "actor:{official}",
     "correlation:{command}", "subject:{practice}", "employer:{group} type:*Requested", "-subject:{practice}"],
)  # fmt: skip
def test_each_service_finds_what_the_command_line_finds(
    desk: Desk, mandate: Terminal, village: Village, query: str
) -> None:
    asked = query.format(
        official=village.official, command=village.command, practice=village.practice, group=village.group
    )
    rows = mandate.finds("audit", "find", "--limit", "1000", f" {asked}")
    for service in desk.names:
        found = desk.find(asked, service, limit=200).events
        assert [one.position for one in found] == [row["position"] for row in rows if row["service"] == service]
        same = [row for row in rows if row["service"] == service]
        told = [(one.type, one.actor, one.on_behalf_of or None, one.correlation_id) for one in found]
        assert told == [(row["event"], row["actor"], row["on_behalf_of"], row["correlation_id"]) for row in same]


def test_pages_meet_without_a_gap_and_nothing_comes_twice(desk: Desk) -> None:
    everything = places(desk.find("", "access", limit=200))
    assert everything == list(range(1, desk.house.access.end() + 1))
    back: list[int] = []
    before = 0
    while page := places(desk.find("", "access", limit=3, before=before)):
        assert page == sorted(page)
        back, before = page + back, page[0]
    assert back == everything
    on, after = places(desk.find("", "access", limit=3, before=4)), 3
    while page := places(desk.find("", "access", limit=3, after=after)):
        on, after = on + page, page[-1]
    assert on == everything
    assert places(desk.find("", "access", before=9, after=5)) == [6, 7, 8]


def test_a_page_has_25_events_and_at_most_200(desk: Desk, village: Village) -> None:
    for _ in range(70):
        asked = village.house.connections.execute(
            connections.request, village.doctor, function="NPPES", side="PROVIDER",
            provider_id=village.practice, surrogate_id=village.group,
        )  # fmt: skip
        village.house.connections.execute(connections.cancel, village.doctor, connection_id=asked.id, side="PROVIDER")
    village.house.settle()
    assert village.house.access.end() + village.house.connections.end() > 220
    assert len(desk.find("", "connections").events) == 25
    assert len(desk.find("", "connections", limit=10_000).events) == min(200, village.house.connections.end())


def test_older_pages_stay_what_they_were_while_the_log_grows(desk: Desk, village: Village) -> None:
    before = desk.house.connections.end()
    was = places(desk.find("", "connections", before=before, limit=2))
    village.house.connections.execute(
        connections.request, village.doctor, function="NPPES", side="PROVIDER", provider_id=village.practice,
        surrogate_id=village.group,
    )  # fmt: skip
    assert places(desk.find("", "connections", before=before, limit=2)) == was
    assert desk.find("", "connections").end == before + 1


@pytest.mark.parametrize("query", HOSTILE)
def test_hostile_words_are_words(desk: Desk, query: str) -> None:
    for service in desk.names:
        end = desk.house.rooms[service].end()
        assert desk.find(query, service).end == end > 0


@pytest.mark.parametrize("query", UNREADABLE)
def test_what_cannot_be_read_names_the_query(desk: Desk, query: str) -> None:
    with pytest.raises(FaultsError) as caught:
        desk.find(query, "access")
    [fault] = caught.value.faults
    assert (fault.code, fault.field) == ("QUERY_MALFORMED", "query")
    assert fault.message


@pytest.mark.parametrize(
    ("method", "request_", "field"),
    [
        ("ReadStream", pb.ReadStreamRequest(stream="' OR 1=1"), "stream"),
        ("ReadStream", pb.ReadStreamRequest(), "stream"),
        ("FindEvents", pb.FindEventsRequest(own=[pb.About(key="subject", value="x", streams=[b"short"])]), "own"),
        ("FindEvents", pb.FindEventsRequest(others=[pb.About(streams=[b"x" * 17])]), "others"),
        ("FindStreams", pb.FindStreamsRequest(names=[pb.Named(key="npi", value="1", id="x")]), "names"),
    ],
)
def test_bad_requests_name_the_field(desk: Desk, method: str, request_: Any, field: str) -> None:
    with pytest.raises(FaultsError) as caught:
        getattr(desk.of("access"), method)(request_, AUDITOR)
    assert [fault.field for fault in caught.value.faults] == [field]


def test_names_stand_for_ids(desk: Desk, village: Village) -> None:
    answers = desk.of("access")
    assert "access.ingest" in answers.ListActors(pb.ListActorsRequest(), AUDITOR).names
    ingest = pb.Named(key="actor", value="access.ingest", id=str(system_actor("access.ingest")))
    found = answers.FindEvents(pb.FindEventsRequest(query="actor:access.ingest", names=[ingest]), AUDITOR).events
    assert {one.type for one in found} == {"heard.AccountState", "heard.ConnectionState"}
    assert {one.actor_name for one in found} == {"access.ingest"}
    practice = pb.Named(key="npi", value="2000000002", id=str(village.practice))
    query, same = "npi:2000000002", f"subject:{village.practice}"
    [by_number] = answers.FindStreams(pb.FindStreamsRequest(query=query, names=[practice]), AUDITOR).about
    [by_id] = answers.FindStreams(pb.FindStreamsRequest(query=same), AUDITOR).about
    assert (by_number.key, by_number.value) == ("npi", "2000000002")
    assert by_number.streams == by_id.streams
    assert by_number.streams


def test_an_event_is_told_with_its_place_in_the_tree(desk: Desk, village: Village, notary: Notary) -> None:
    unsealed = desk.of("connections").GetEvent(pb.GetEventRequest(position=1), AUDITOR)
    assert (unsealed.is_sealed, unsealed.checkpoint) == (False, "")
    notary.seal()
    end = desk.house.connections.end()
    found = desk.of("connections").GetEvent(pb.GetEventRequest(position=2), AUDITOR)
    assert (found.is_sealed, found.leaf_index) == (True, 1)
    assert found.checkpoint.splitlines()[1] == str(end)
    [asked] = desk.find("type:connections.Connection.Requested", "connections").events
    whole = desk.of("connections").GetEvent(pb.GetEventRequest(position=asked.position), AUDITOR)
    assert whole.event == asked
    assert json.loads(whole.event.says)["provider_id"] == str(village.practice)
    for position in (0, -1, 9999, 1 << 62):
        with pytest.raises(NotFoundError, match=f"connections@{position}"):
            desk.of("connections").GetEvent(pb.GetEventRequest(position=position), AUDITOR)


def test_the_state_is_folded_from_the_events_up_to_one_of_them(desk: Desk, village: Village) -> None:
    [asked] = desk.find("type:connections.Connection.Requested", "connections").events
    village.house.connections.execute(
        connections.disconnect, village.doctor, connection_id=UUID(asked.stream), side="PROVIDER"
    )
    answers = desk.of("connections")

    def read(version: int) -> pb.ReadStreamResponse:
        return answers.ReadStream(pb.ReadStreamRequest(stream=asked.stream, version=version), AUDITOR)

    second = read(2)
    states = {one.name: (one.before, one.after, one.is_changed) for one in second.fields}
    assert states["status"] == ('"PENDING"', '"APPROVED"', True)
    assert states["function"] == ('"PECOS"', '"PECOS"', False)
    assert states["provider_id"][1] == f'"{village.practice}"'
    assert [one.version for one in second.events] == [1, 2, 3]
    assert (second.version, second.number, second.count) == (2, 2, 3)
    assert (second.previous, second.next, second.last) == (1, 3, 3)
    first, last = read(1), read(0)
    assert {one.before for one in first.fields} == {""}
    assert (first.previous, first.next) == (0, 2)
    assert (last.version, last.next) == (3, 0)
    assert '"DISCONNECTED"' in {one.after for one in last.fields}
    assert read(99) == last, "the last event before it"
    for stream, version in ((str(uuid4()), 0), (asked.stream, -1)):
        with pytest.raises(NotFoundError):
            answers.ReadStream(pb.ReadStreamRequest(stream=stream, version=version), AUDITOR)


def test_a_heard_stream_shows_what_was_heard(desk: Desk) -> None:
    heard = desk.find("type:heard.ConnectionState", "access").events[-1]
    read = desk.of("access").ReadStream(pb.ReadStreamRequest(stream=heard.stream), AUDITOR)
    states = {one.name: (one.before, one.after, one.is_changed) for one in read.fields}
    assert states["status"] == ('"PENDING"', '"APPROVED"', True)
    assert (read.count, read.unreadable) == (2, "")


@pytest.mark.usefixtures("every_level")
def test_each_reading_is_noted(desk: Desk, village: Village) -> None:
    answers = desk.of("access")
    stream = answers.FindEvents(pb.FindEventsRequest(limit=1), AUDITOR).events[0].stream
    with capture_logs() as noted:
        answers.ListActors(pb.ListActorsRequest(), AUDITOR)
        answers.FindStreams(pb.FindStreamsRequest(query=f"subject:{village.practice}"), AUDITOR)
        answers.FindEvents(pb.FindEventsRequest(query="type:heard.* 219-09-9999 -Rivera"), AUDITOR)
        answers.GetEvent(pb.GetEventRequest(position=1), AUDITOR)
        answers.ReadStream(pb.ReadStreamRequest(stream=stream), AUDITOR)
    assert [one["question"] for one in noted] == ["actors", "streams", "events", "event", "stream"]
    assert {(one["event"], one["actor"], one["correlation_id"]) for one in noted} == {
        ("audit read", str(KIM), "7F3K2QX9")
    }
    assert noted[2]["query"] == "type:heard.* [word] -[word]"  # S-27: who types a number by mistake does not log it


def test_a_look_at_one_thing_is_an_event_that_names_it_and_leafing_is_none(desk: Desk, village: Village) -> None:
    """Auditors are audited, in the log that they look into, and by the same means."""
    end, answers = village.house.access.end(), desk.of("access")
    answers.FindStreams(pb.FindStreamsRequest(query=f"subject:{village.practice}"), AUDITOR)
    event = answers.FindEvents(pb.FindEventsRequest(limit=1), AUDITOR).events[0]
    for missing in (lambda: answers.GetEvent(pb.GetEventRequest(position=9999), AUDITOR),
                    lambda: answers.ReadStream(pb.ReadStreamRequest(stream=str(uuid4())), AUDITOR)):  # fmt: skip
        with pytest.raises(NotFoundError):
            missing()
    assert village.house.access.end() == end, "lists, and what is not there"
    answers.GetEvent(pb.GetEventRequest(position=event.position), AUDITOR)
    answers.ReadStream(pb.ReadStreamRequest(stream=event.stream, version=1), AUDITOR)
    looks = desk.find(f"actor:{KIM} type:chassis.Look.*", "access").events
    assert [json.loads(one.says) | {"timestamp": ""} for one in looks] == [
        {"question": "event", "about": event.stream, "asked": {"position": str(event.position)}, "timestamp": ""},
        {"question": "stream", "about": event.stream, "asked": {"version": "1"}, "timestamp": ""},
    ]
    about = desk.find(f"subject:{event.stream}", "access", limit=200).events
    assert {one.position for one in looks} <= {one.position for one in about}, "who looked belongs to its history"
    village.house.settle()
    assert desk.house.access.end() == looks[-1].position, "nobody is told, and nobody reacts"


def test_a_question_that_takes_too_long_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PATIENCE_S", 0.2)
    with desk.house.access.app.session() as session:
        session.run("SELECT 1")
    monkeypatch.setattr(auditing, "condition", lambda *_: ("pg_sleep(1) IS NOT NULL", {}))
    with pytest.raises(QueryTooSlowError, match="mandate audit find"):
        desk.of("access").FindEvents(pb.FindEventsRequest(), AUDITOR)
    with desk.house.access.app.session() as session:
        assert session.one("SHOW statement_timeout") == ("0",), "the session is as it was"


def test_more_streams_than_an_answer_holds_are_refused(desk: Desk, village: Village, monkeypatch: Any) -> None:
    monkeypatch.setattr(auditing, "STREAMS_MOST", 1)
    with pytest.raises(TooManyStreamsError, match="mandate audit find"):
        desk.of("access").FindStreams(pb.FindStreamsRequest(query=f"employer:{village.group}"), AUDITOR)


def test_what_an_event_of_a_list_says_is_short(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(json.loads(one.says) for one in desk.find("", "access").events)
    monkeypatch.setattr(auditing, "SAYS_MOST", 10)
    assert {one.says for one in desk.of("access").FindEvents(pb.FindEventsRequest(), AUDITOR).events} == {""}
