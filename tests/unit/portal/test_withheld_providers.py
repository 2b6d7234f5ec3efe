"""Providers withheld from a Staff End User (D-40, X-20)."""

from __future__ import annotations

import re
from typing import Any

import grpc
import httpx
import pytest

from services.portal.web import withholding
from tests.unit.portal.answers import (
    ADDED,
    AM,
    AO,
    CLINIC,
    DELIA,
    JO,
    OTHER,
    OWN,
    PETRA,
    SEU,
    World,
    association,
    connection,
    id_of,
    refusal,
)
from tests.unit.portal.reading import errors, hidden, text

PATH = f"/staff/{PETRA}/providers/{id_of(11)}"


@pytest.fixture
def team(world: World) -> World:
    """The clinic acts for Ana Rivera's practice and for a billing service; Petra has PECOS and not the practice."""
    petra = association(11, CLINIC, SEU, "APPROVED", "PECOS", account=PETRA)
    petra.withheld_provider_ids.append(OWN)
    world.staff = [association(10, CLINIC, AM, "APPROVED", "PECOS", account=JO), petra]
    world.connected = [
        connection(1, OWN, CLINIC, "PECOS", "SURROGATE", "APPROVED"),
        connection(2, OTHER, CLINIC, "NPPES", "SURROGATE", "APPROVED"),
        connection(3, ADDED, CLINIC, "PECOS", "SURROGATE"),
        connection(4, CLINIC, ADDED, "PECOS", "SURROGATE", "APPROVED"),
        connection(5, ADDED, CLINIC, "EHR", "SURROGATE", "APPROVED"),
    ]
    return world


def ticks(page: str, **chosen: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    form: dict[str, Any] = {
        "shown": re.findall(r'name="shown" value="([^"]+)"', page),
        "withheld": re.findall(r'name="withheld" value="([^"]+)" checked', page),
    }
    return hidden(page, PATH) | form | chosen


def test_the_page_shows_for_whom_the_employer_acts_and_who_is_withheld(ana: httpx.Client, team: World) -> None:
    """Not who waits, nor who acts for the employer, nor an EHR connection of the past (IA-EHR-04)."""
    page = ana.get(PATH).text
    form = ticks(page)
    assert (set(form["shown"]), form["withheld"]) == ({OWN, OTHER}, [OWN])
    assert "Rivera, Ana NPI 2000000036 PECOS Withhold" in text(page)
    assert "Brightwater Billing Services EIN **-***4576 NPPES Not among the functions of this person" in text(page)
    assert f'href="{PATH}"' in ana.get(f"/staff/{PETRA}").text
    assert f'href="{PATH}"' in ana.get(f"/staff?open={PETRA}").text


def test_saving_sends_the_whole_list(ana: httpx.Client, team: World) -> None:
    form = ticks(ana.get(PATH).text, withheld=[OTHER])
    assert ana.post(PATH, data=form).headers["location"] == f"/staff/{PETRA}?done=providers_withheld"
    [sent] = team.access.requests("WithholdProviders")
    assert (sent.association_id, list(sent.provider_ids), sent.command_id) == (id_of(11), [OTHER], form["command_id"])
    ana.post(PATH, data=ticks(ana.get(PATH).text, withheld=[]))
    assert list(team.access.requests("WithholdProviders")[1].provider_ids) == []


def test_what_is_not_shown_stays_withheld_and_nobody_else_is_slipped_in(
    ana: httpx.Client, team: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form has room for some; those withheld come first, the others are searched by name."""
    monkeypatch.setattr(withholding, "MOST", 1)
    page = ana.get(PATH).text
    assert ticks(page)["shown"] == [OWN]
    assert "1 of 2 providers are shown" in text(page)
    page = ana.get(f"{PATH}?name=bright").text
    assert ticks(page)["shown"] == [OTHER]
    ana.post(PATH, data=ticks(page, shown=[OTHER, ADDED], withheld=[OTHER, ADDED]))
    assert list(team.access.requests("WithholdProviders")[0].provider_ids) == sorted([OWN, OTHER])


def test_a_provider_whose_connection_ended_can_be_given_back(ana: httpx.Client, team: World) -> None:
    team.connected = []
    page = ana.get(PATH).text
    assert "Rivera, Ana NPI 2000000036 No connection now" in text(page)
    ana.post(PATH, data=ticks(page, withheld=[]))
    assert list(team.access.requests("WithholdProviders")[0].provider_ids) == []


def test_an_employer_without_providers_says_so(ana: httpx.Client, team: World) -> None:
    team.connected = []
    del team.staff[1].withheld_provider_ids[:]
    assert "No provider has authorized Harbor Point Medical Group" in text(ana.get(PATH).text)


@pytest.mark.parametrize("mine", [[], [association(1, CLINIC, SEU)], [association(1, OTHER, AO)]])
def test_for_who_may_not_manage_there_is_no_such_page(ana: httpx.Client, team: World, mine: list[Any]) -> None:
    form = ticks(ana.get(PATH).text)
    team.mine = mine
    assert ana.get(PATH).status_code == ana.post(PATH, data=form).status_code == 404
    assert team.access.requests("WithholdProviders") == []


@pytest.mark.parametrize("person", [f"{JO}/providers/{id_of(10)}", f"{DELIA}/providers/{id_of(11)}"])
def test_from_a_manager_nobody_is_withheld(ana: httpx.Client, team: World, person: str) -> None:
    """An Access Manager acts for all; and the address is of one person."""
    assert ana.get(f"/staff/{person}").status_code == 404
    assert f"{JO}/providers" not in ana.get(f"/staff?open={JO}").text


def test_too_many_are_told(ana: httpx.Client, team: World) -> None:
    form = ticks(ana.get(PATH).text)
    team.access.answers["WithholdProviders"] = refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "TOO_MANY_WITHHELD", "provider_ids"
    )
    answer = ana.post(PATH, data=form)
    assert answer.status_code == 422
    assert "At most 200 providers" in errors(answer.text)[0][0]
