"""The explorer, the stream and the event of auditors, over what services tell of their logs."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.audit.v1 import service_pb2 as pb
from mandate.registry.v1 import service_pb2 as r

from chassis.cause import system_actor
from chassis.domain import Claim
from chassis.query import parse
from services.portal.web import words
from services.portal.web.audit_asking import AUDIENCES, read_places, write_places
from tests.unit.portal.answers import CLINIC, DELIA, OWN, World, id_of, late, refusal
from tests.unit.portal.reading import errors, text

BEGAN = 1_778_246_000
"""2026-05-08 13:13:20Z."""


def event(position: int, type: str, *, seconds: int = 0, says: Mapping[str, Any] = {}, **more: Any) -> pb.Event:
    return pb.Event(
        position=position, stream=more.pop("stream", id_of(position)), version=more.pop("version", 1), type=type,
        recorded_at=Timestamp(seconds=BEGAN + seconds, nanos=7_000_000), actor=more.pop("actor", DELIA),
        command_id=id_of(90), correlation_id=id_of(91), leaf_hash=more.pop("leaf_hash", f"leaf-{type}-{position}"),
        says=json.dumps(says), **more,
    )  # fmt: skip


class Log:
    """What one service has, and the pages that it makes of it."""

    def __init__(self, *events: pb.Event) -> None:
        self.events = list(events)

    def find(self, asked: pb.FindEventsRequest) -> pb.FindEventsResponse:
        found = [
            one
            for one in self.events
            if (not asked.before or one.position < asked.before) and one.position > asked.after
        ]
        first = bool(asked.after) and not asked.before
        page = found[: asked.limit] if first else found[-asked.limit :]
        return pb.FindEventsResponse(events=page, end=max((one.position for one in self.events), default=0))


def fill(world: World, **logs: Log) -> None:
    for name in AUDIENCES:
        world.audit[name].answers |= {
            "FindEvents": logs.get(name, Log()).find,
            "FindStreams": pb.FindStreamsResponse(),
            "ListActors": pb.ListActorsResponse(names=[f"{name}.ingest", f"{name}/react"]),
        }


ASKED = event(
    7, "connections.Connection.Requested", says={"function": "PECOS", "surrogate_id": CLINIC, "provider_id": OWN}
)
HEARD = event(
    40, "heard.ConnectionState", seconds=-60, actor=str(system_actor("access.ingest")), actor_name="access.ingest",
    heard_from="connections@7", heard_leaf=ASKED.leaf_hash, ce_id="connections/1/7/ConnectionState/2",
)  # fmt: skip
REACTED = event(
    41, "access.Association.Approved", seconds=-59, causation=40, actor=str(system_actor("access/react")),
    actor_name="access/react", on_behalf_of=DELIA, says={"role": "STAFF_END_USER"},
)  # fmt: skip


@pytest.fixture(autouse=True)
def filled(world: World) -> None:
    fill(world, connections=Log(ASKED), access=Log(HEARD, REACTED))


PATHS = ("/audit", f"/audit/streams/access/{id_of(1)}", "/audit/events/access/7")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("who", ["ana", "erin"])
def test_for_others_there_is_no_such_page(who: str, path: str, request: pytest.FixtureRequest, world: World) -> None:
    browser: httpx.Client = request.getfixturevalue(who)
    assert browser.get(path).status_code == 404
    assert 'href="/audit"' not in browser.get("/home").text
    assert all(stub.asked == [] for stub in world.audit.values())


def test_home_and_the_tabs_lead_an_auditor_there(kim: httpx.Client) -> None:
    page = kim.get("/home").text
    assert page.count('href="/audit"') == 2
    assert page.count('href="/audit/as-of"') == 2
    assert 'href="/audit/as-of"' in kim.get("/audit").text
    assert 'href="/audit"' in kim.get("/audit/as-of").text


def test_causes_stand_before_what_they_caused_whatever_the_clocks_say(kim: httpx.Client) -> None:
    page = kim.get("/audit").text
    order = re.findall(r'<tr role="row" id="([\w-]+)"', page)
    assert order == ["connections-7", "access-40", "access-41"]
    assert re.findall(r"m-step--(\d)", page) == ["0", "1", "2"]
    said = text(page)
    assert "Asked for PECOS: Harbor Point Medical Group for Rivera, Ana" in said
    assert "Marsh, Delia dmarsh22" in said
    assert "Heard: Connection State heard.ConnectionState because of connections@7" in said
    assert "access/react for Marsh, Delia Gave the role Staff End User" in said
    assert "05/08/2026 09:13:20AM EDT 2026-05-08 13:13:20.007Z" in said
    assert f'href="/audit/streams/connections/{id_of(7)}?at=1"' in page
    assert 'href="/audit/events/access/41"' in page


def test_an_event_without_a_sentence_is_called_by_its_name(kim: httpx.Client, world: World) -> None:
    fill(world, access=Log(event(1, "access.RoleRequest.DecidedAtLast")))
    assert "Role Request Decided At Last" in text(kim.get("/audit").text)


def test_the_command_gives_the_same_answer_tomorrow_too(kim: httpx.Client) -> None:
    said = unescape(kim.get("/audit", params={"q": "-type:heard.* npi:2000000002"}).text)
    where = "access@42,connections@8,enrollment@1,identity@1,notifier@1,registry@1"
    assert f"mandate audit find ' -type:heard.* npi:2000000002' --limit 25 --before {where}" in said


def test_the_page_says_the_command_that_exports_it_all_with_proofs(kim: httpx.Client) -> None:
    said = unescape(kim.get("/audit", params={"q": "-type:heard.* <b>"}).text)
    assert "mandate audit export ' -type:heard.* <b>' --out FOLDER" in said


def test_the_box_suggests_keys_and_the_names_of_events(kim: httpx.Client) -> None:
    page = kim.get("/audit").text
    offered = re.findall(r'<option value="([^"]*)"', page.partition('<datalist id="suggestions">')[2])
    assert 'list="suggestions"' in page
    assert {"npi:", "type:heard.*", "type:connections.Connection.Approved", "type:chassis.Look.Taken"} <= set(offered)
    for query in (one for one in offered if not one.endswith(":")):
        assert parse(query)


def test_who_looked_is_a_query_among_others(kim: httpx.Client) -> None:
    assert f'href="/audit?{urlencode({"q": "type:chassis.Look.*"})}"' in kim.get("/audit").text


def links(page: str) -> dict[str, str]:
    """The pager's links, by what they say."""
    foot = page[page.index('class="m-pager"') :]
    found = re.findall(r'<a href="([^"]+)">(.*?)</a>', foot[: foot.index("</div>")], re.DOTALL)
    return {text(words): unescape(href) for href, words in found}


def places(page: str) -> list[str]:
    return re.findall(r'<tr role="row" id="([\w-]+)"', page)


def test_pages_meet_in_both_directions_and_stay_what_they_are(kim: httpx.Client, world: World) -> None:
    own = [event(n, "identity.SignIn.Succeeded", seconds=n * 10) for n in range(1, 41)]
    heard = [
        event(
            one.position, "heard.SignInSucceeded", seconds=one.position * 10 - 300,
            heard_from=f"identity@{one.position}", heard_leaf=one.leaf_hash,
        )
        for one in own
    ]  # fmt: skip
    logs = {"identity": Log(*own), "notifier": Log(*heard)}
    fill(world, **logs)
    page = kim.get("/audit").text
    assert "Newer" not in links(page)
    back = [places(page)]
    while older := links(page).get("Older"):
        page = kim.get(older).text
        back.insert(0, places(page))
    everything = [place for one in back for place in one]
    assert [len(one) for one in back] == [5, 25, 25, 25]
    assert len(set(everything)) == len(everything) == 80
    order = {place: number for number, place in enumerate(everything)}
    assert all(order[f"identity-{n}"] < order[f"notifier-{n}"] for n in range(1, 41))
    on = [places(page)]
    logs["identity"].events.append(event(41, "identity.SignIn.Succeeded", seconds=999))
    while newer := links(page).get("Newer"):
        page = kim.get(newer).text
        on.append(places(page))
    forward = [place for one in on for place in one]
    assert forward == [*forward[:80], "identity-41"]
    assert set(forward[:80]) == set(everything)
    order = {place: number for number, place in enumerate(forward)}
    assert all(order[f"identity-{n}"] < order[f"notifier-{n}"] for n in range(1, 41))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("aktor:x", "is it actor:?"),
        ("actor:access.ingets", "(is it access.ingest?)"),
        ("actor:nobody", "is no id of an account"),
        ("npi:2000000002", "is no NPI that the registry knows"),
        ("npi:x'--", "is no NPI that the registry knows"),
        ("subject:x", "is no id"),
        ("created:yesterday", "is no day and no moment"),
        ('"', "quotation marks"),
        ("\u202e", "no invisible ones"),
        (" ".join("x" * 21), "at most 20 parts"),
        ("a" * 1001, "1000"),
        ('"><script>alert(1)</script>', "quotation marks"),
    ],
)
def test_a_query_that_cannot_be_read_is_kept_and_says_why(
    kim: httpx.Client, world: World, query: str, said: str
) -> None:
    world.registry.answers["SearchProviders"] = r.SearchProvidersResponse()
    answer = kim.get("/audit", params={"q": query})
    above, beside = errors(answer.text)
    assert answer.status_code == 422
    assert said in above[0]
    assert above == beside
    assert query in unescape(answer.text)
    assert "<script>alert" not in answer.text
    assert all(stub.requests("FindEvents") == [] for stub in world.audit.values())


def test_names_in_a_query_become_ids(kim: httpx.Client, world: World) -> None:
    world.registry.answers["SearchProviders"] = r.SearchProvidersResponse(providers=[r.Provider(provider_id=OWN)])
    kim.get("/audit", params={"q": "npi:2000000036 -actor:access.ingest"})
    [asked] = world.audit["notifier"].requests("FindEvents")
    assert {(one.key, one.value, one.id) for one in asked.names} == {
        ("npi", "2000000036", OWN),
        ("actor", "access.ingest", str(system_actor("access.ingest"))),
    }


def test_what_a_service_knows_of_a_thing_the_others_are_told(kim: httpx.Client, world: World) -> None:
    stream = bytes(range(16))
    about = pb.About(key="subject", value=OWN, streams=[stream])
    world.audit["connections"].answers["FindStreams"] = pb.FindStreamsResponse(about=[about])
    kim.get("/audit", params={"q": f"subject:{OWN}"})
    [asked] = world.audit["access"].requests("FindEvents")
    assert (list(asked.own), list(asked.others)) == ([], [about])
    [asked] = world.audit["connections"].requests("FindEvents")
    assert (list(asked.own), list(asked.others)) == ([about], [])
    kim.get("/audit", params={"q": "type:x"})
    assert len(world.audit["connections"].requests("FindStreams")) == 1, "only where a thing is asked about"


def test_each_service_is_asked_in_the_auditor_s_name(kim: httpx.Client, world: World) -> None:
    kim.get("/audit")
    for name in AUDIENCES:
        assert world.audit[name].metadata("FindEvents")["authorization"] == f"Bearer token-{name}"


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (late(), 503, "did not answer in time"),
        (refusal(grpc.StatusCode.FAILED_PRECONDITION, "QUERY_TOO_SLOW"), 422, "would take too long"),
        (refusal(grpc.StatusCode.FAILED_PRECONDITION, "TOO_MANY_STREAMS"), 422, "mandate audit find"),
    ],
)
def test_an_answer_without_one_service_is_none(
    kim: httpx.Client, world: World, answer: Exception, status: int, said: str
) -> None:
    world.audit["notifier"].answers["FindEvents"] = answer
    page = kim.get("/audit", params={"q": "fn:PECOS"})
    assert page.status_code == status
    assert said in errors(page.text)[0][0]
    assert places(page.text) == []
    assert 'value="fn:PECOS"' in page.text


@pytest.mark.parametrize(
    "cursor", ["x", "access@x", "portal@1", "access@-1", "access@" + "9" * 19, ",", "access@1;DROP"]
)
@pytest.mark.parametrize("name", ["before", "after"])
def test_a_place_that_is_none_is_said_to_be_none(kim: httpx.Client, cursor: str, name: str) -> None:
    """The newest page in its place would be taken for what was asked for."""
    page = kim.get("/audit", params={"q": "fn:PECOS", name: cursor})
    assert page.status_code == 422
    assert "Search again" in errors(page.text)[0][0]
    assert places(page.text) == []
    assert 'value="fn:PECOS"' in page.text


def test_places_are_read_as_they_are_written() -> None:
    at = {"identity": 40, "access": 12}
    assert write_places(at) == "access@12,identity@40"
    assert read_places(write_places(at)) == at


def test_nothing_found_says_so(kim: httpx.Client, world: World) -> None:
    fill(world)
    page = kim.get("/audit", params={"q": "type:nothing"}).text
    assert "No such event" in text(page)
    assert links(page) == {}


def stream_of(*events: pb.Event, **more: Any) -> pb.ReadStreamResponse:
    fields = [
        pb.Field(name="status", before='"PENDING"', after='"APPROVED"', is_changed=True),
        pb.Field(name="provider_id", before=f'"{OWN}"', after=f'"{OWN}"'),
        pb.Field(name="email", before='"[sealed]"', after='"[sealed]"', is_changed=True),
        pb.Field(name="functions", before="", after='["NPPES","PECOS"]', is_changed=True),
        pb.Field(name="is_open", before="true", after="true"),
        pb.Field(name="reason", before="", after="null"),
    ]
    return pb.ReadStreamResponse(events=events, fields=fields, **more)


def test_a_stream_shows_history_beside_state(kim: httpx.Client, world: World) -> None:
    events = [
        event(number + 6, f"connections.Connection.{name}", stream=id_of(7), version=number)
        for number, name in enumerate(("Requested", "Approved", "Ended"), start=1)
    ]
    world.audit["connections"].answers["ReadStream"] = stream_of(
        *events, version=2, number=2, count=3, previous=1, next=3, last=3
    )
    page = kim.get(f"/audit/streams/connections/{id_of(7)}?at=2").text
    [asked] = world.audit["connections"].requests("ReadStream")
    assert (asked.stream, asked.version) == (id_of(7), 2)
    said = text(page)
    assert "You are looking at the past: 05/08/2026 09:13:20AM EDT, connections@8" in said
    assert "State as of event 2 of 3" in said
    assert "status PENDING APPROVED changed" in said
    assert "provider id 0c1f" in said
    assert "Rivera, Ana" in said
    assert "email [sealed] [sealed] changed" in said
    assert "functions none NPPES, PECOS changed" in said
    assert "is open yes" in said
    for at, caption in ((1, "Previous event"), (3, "Next event")):
        assert re.search(rf'href="/audit/streams/connections/{id_of(7)}\?at={at}">[^/]*{caption}|at={at}"><svg', page)
    assert f"mandate audit state connections/{id_of(7)} --at 2" in said
    assert f'href="/audit?q=subject%3A{id_of(7)}"' in page


def test_the_last_state_is_no_past(kim: httpx.Client, world: World) -> None:
    one = event(7, "connections.Connection.Requested", stream=id_of(7))
    answer = stream_of(one, version=1, number=1, count=500, last=1, unreadable="a newer release wrote this stream")
    world.audit["connections"].answers["ReadStream"] = answer
    page = text(kim.get(f"/audit/streams/connections/{id_of(7)}").text)
    assert "You are looking at the past" not in page
    assert "Next event" not in page
    assert "500 events, of which 1 are shown" in page
    assert "The state cannot be shown: a newer release wrote this stream" in page


def test_an_event_is_told_with_leaf_and_checkpoint(kim: httpx.Client, world: World) -> None:
    said = {"headers": {"ce_time": "2026"}, "message": {"provider_id": OWN, "many": [1, 2]}}
    heard = event(40, "heard.ConnectionState", says=said, heard_from="connections@7", ce_id="connections/1/7/x/2")
    world.audit["access"].answers["GetEvent"] = pb.GetEventResponse(
        event=heard, is_sealed=True, leaf_index=39, checkpoint="mandate.example/access/1\n40\nroot=\n\n— sig\n"
    )
    page = text(kim.get("/audit/events/access/40").text)
    assert "Event access@40" in page
    assert f"message.provider_id {OWN} Rivera, Ana message.many 1, 2 headers.ce_time 2026" in page
    assert "Because of connections@7" in page
    assert "number 39 of the tree" in page
    assert "mandate.example/access/1 40 root=" in page
    assert "mandate audit show access@40" in page
    world.audit["access"].answers["GetEvent"] = pb.GetEventResponse(event=heard)
    assert "Not sealed yet" in text(kim.get("/audit/events/access/40").text)


NOWHERE = (
    "/audit/streams/portal/{id}", "/audit/streams/access/x", "/audit/streams/access/{id}?at=x",
    "/audit/streams/access/{id}?at=-1", "/audit/events/portal/1", "/audit/events/access/x",
    "/audit/events/access/" + "9" * 19, "/audit/events/access/1;DROP",
)  # fmt: skip


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_no_stream_and_no_event_is_not_asked_for(kim: httpx.Client, world: World, path: str) -> None:
    assert kim.get(path.format(id=id_of(7))).status_code == 404
    assert world.audit["access"].asked == []


@pytest.mark.parametrize("path", PATHS[1:])
def test_what_is_not_there_is_not_found(kim: httpx.Client, world: World, path: str) -> None:
    missing = refusal(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    world.audit["access"].answers |= {"ReadStream": missing, "GetEvent": missing}
    assert kim.get(path).status_code == 404


def test_it_speaks_spanish(kim: httpx.Client) -> None:
    page = text(kim.get("/audit?lang=es").text)
    assert "Pidió PECOS: Harbor Point Medical Group por Rivera, Ana" in page
    assert "a causa de" in page
    assert "Auditoría" in page


def test_the_links_of_a_page_keep_the_query(kim: httpx.Client, world: World) -> None:
    fill(world, identity=Log(*(event(n, "identity.SignIn.Succeeded", seconds=n) for n in range(1, 31))))
    older = links(kim.get("/audit", params={"q": "type:*.Succeeded & more"}).text)["Older"]
    assert parse_qs(urlsplit(older).query)["q"] == ["type:*.Succeeded & more"]


def test_each_sentence_is_about_an_event_that_there_is() -> None:
    golden = {path.stem for path in (Path(__file__).parents[2] / "contract" / "golden" / "events").glob("*.json")}
    claims = {event.TOPIC for event in (Claim.Claimed, Claim.ClaimedAgain, Claim.Released)}
    said = {key.removeprefix("audit_said.") for key in words.load("en").sentences if key.startswith("audit_said.")}
    assert said - golden - claims == set()
