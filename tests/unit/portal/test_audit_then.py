"""The as-of page of auditors: shown to them and to nobody else, with the command that says the same."""

from __future__ import annotations

from html import unescape

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from mandate.access.v1 import service_pb2 as a
from mandate.registry.v1 import service_pb2 as r

from tests.unit.portal.answers import CLINIC, DELIA, JO, OWN, SEU, World, id_of, late, refusal
from tests.unit.portal.reading import errors, text

PATH = "/audit/as-of"
THEN, KNOWN = (Timestamp(seconds=1_778_266_800 + n, nanos=n * 1000) for n in (0, 7))


@pytest.fixture(autouse=True)
def answered(world: World) -> None:
    could = a.CouldAct(
        account_id=DELIA, role=SEU, employer_id=CLINIC, association_id=id_of(3), connection_id=id_of(4),
        tracking_id="C7F3K2QX9V",
    )  # fmt: skip
    world.access.answers["WhoCouldAct"] = a.WhoCouldActResponse(
        people=[could, a.CouldAct(account_id=JO, own_record=True)], not_known=[id_of(9)], position=4711,
        valid_at=THEN, known_at=KNOWN,
    )  # fmt: skip


@pytest.mark.parametrize("who", ["ana", "erin"])
def test_for_others_there_is_no_such_page(who: str, request: pytest.FixtureRequest, world: World) -> None:
    browser: httpx.Client = request.getfixturevalue(who)
    assert browser.get(f"{PATH}?provider={OWN}&function=PECOS").status_code == 404
    assert PATH not in browser.get("/home").text
    assert world.access.requests("WhoCouldAct") == []


def test_an_auditor_finds_it_among_the_tabs(kim: httpx.Client, world: World) -> None:
    assert f'href="{PATH}"' in kim.get("/home").text
    assert kim.get(PATH).status_code == 200
    assert world.access.requests("WhoCouldAct") == [], "nothing is asked before somebody asks"


def test_the_answer_names_people_chains_and_the_command(kim: httpx.Client, world: World) -> None:
    asked = {"provider": OWN, "function": "PECOS", "as_of": "2026-05-08T14:00-05:00", "known_at": "2026-05-09"}
    page = text(kim.get(PATH, params=asked).text)
    request = world.access.requests("WhoCouldAct")[0]
    assert (request.provider_id, request.function) == (OWN, "PECOS")
    assert request.valid_at.ToJsonString() == "2026-05-08T19:00:00Z"
    assert request.known_at.ToJsonString() == "2026-05-09T00:00:00Z"
    assert "PECOS for Rivera, Ana" in page
    assert "Marsh, Delia" in page
    assert "Staff End User at Harbor Point Medical Group" in page
    assert "C7F3-K2QX-9V" in page
    assert "The provider's own account" in page
    assert "access@4711" in page
    assert "it is not known: what was so then was never heard here." in page
    assert f"({id_of(9)})" in page
    command = f"mandate audit who-can {OWN} PECOS --as-of {THEN.ToJsonString()} --known-at {KNOWN.ToJsonString()}"
    assert command in page, "with the answer's own moments: it says the same tomorrow"


def test_without_moments_it_is_now(kim: httpx.Client, world: World) -> None:
    kim.get(PATH, params={"provider": OWN, "function": "NPPES"})
    request = world.access.requests("WhoCouldAct")[0]
    assert not request.HasField("valid_at")
    assert not request.HasField("known_at")


def test_a_provider_is_named_by_its_number(kim: httpx.Client, world: World) -> None:
    world.registry.answers["SearchProviders"] = r.SearchProvidersResponse(providers=[r.Provider(provider_id=OWN)])
    kim.get(PATH, params={"provider": "npi:2000000036", "function": "PECOS"})
    assert world.registry.requests("SearchProviders")[0].npi == "2000000036"
    assert world.access.requests("WhoCouldAct")[0].provider_id == OWN
    world.registry.answers["SearchProviders"] = r.SearchProvidersResponse()
    nobody = kim.get(PATH, params={"provider": "npi:2000000036", "function": "PECOS"})
    assert errors(nobody.text)[0] == ["No provider with this NPI is known; ask by the provider's id"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"provider": ""}, "Enter a provider"),
        ({"provider": "' OR 1=1 --"}, "This is no provider's id"),
        ({"provider": "x" * 61}, "60"),
        ({"provider": "npi:"}, "Enter the ten digits of an NPI"),
        ({"provider": "npi:2000000037"}, "Enter the ten digits of an NPI"),
        ({"function": ""}, "Choose PECOS or NPPES"),
        ({"as_of": "yesterday"}, "This is no day and no moment"),
        ({"known_at": "2026-13-01"}, "This is no day and no moment"),
        ({"as_of": "0001-01-01T00:00+14:00"}, "This is no day and no moment"),
    ],
)
def test_what_cannot_be_asked_is_said_at_its_box(
    kim: httpx.Client, world: World, wrong: dict[str, str], said: str
) -> None:
    answer = kim.get(PATH, params={"provider": OWN, "function": "PECOS"} | wrong)
    above, beside = errors(answer.text)
    assert answer.status_code == 422
    assert said in above[0]
    assert above == beside
    assert world.access.requests("WhoCouldAct") == []


def test_all_that_is_wrong_is_said_at_once(kim: httpx.Client) -> None:
    page = kim.get(PATH, params={"provider": "x", "function": "", "as_of": "x", "known_at": "x"}).text
    assert len(errors(page)[0]) == 4


def test_what_is_typed_is_shown_as_text(kim: httpx.Client) -> None:
    typed = '"><script>alert(1)</script>'
    page = kim.get(PATH, params={"provider": typed, "function": "PECOS"}).text
    assert "<script>alert" not in page
    assert typed in unescape(page)


def test_a_service_that_refuses_or_is_silent_has_a_page(kim: httpx.Client, world: World) -> None:
    asked = {"provider": OWN, "function": "KING"}
    world.access.answers["WhoCouldAct"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, "UNKNOWN_FUNCTION", "function")
    assert errors(kim.get(PATH, params=asked).text)[0] == ["Choose PECOS or NPPES"]
    world.access.answers["WhoCouldAct"] = late()
    assert kim.get(PATH, params=asked).status_code == 503


def test_an_answer_of_nobody_says_so(kim: httpx.Client, world: World) -> None:
    now = Timestamp(seconds=1)
    world.access.answers["WhoCouldAct"] = a.WhoCouldActResponse(valid_at=now, known_at=now)
    assert "Nobody could act" in text(kim.get(PATH, params={"provider": OWN, "function": "PECOS"}).text)
