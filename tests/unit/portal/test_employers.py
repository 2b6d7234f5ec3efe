"""Employer Information (IA-PROF-02 to IA-PROF-09), leaving an employer (4.3, D-08)."""

from __future__ import annotations

import re
from html import unescape

import grpc
import httpx
import pytest

from tests.unit.portal.answers import (
    AM,
    AO,
    CLINIC,
    OTHER,
    OWN,
    SEU,
    STRANGER,
    World,
    association,
    id_of,
    late,
    refusal,
)
from tests.unit.portal.reading import errors, hidden, text

LEAVE = f"/profile/employers/{id_of(1)}/leave"


def names(page: str) -> list[str]:
    return [text(found) for found in re.findall(r'<a class="m-open".*?<span>(.*?)<small', page, re.DOTALL)]


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("all", ["Brightwater Billing Services", "Harbor Point Medical Group", "Rivera, Ana"]),
        ("approved", ["Harbor Point Medical Group"]),
        ("pending", ["Brightwater Billing Services", "Harbor Point Medical Group"]),
        ("ended", ["Rivera, Ana"]),
        ("nonsense", ["Brightwater Billing Services", "Harbor Point Medical Group", "Rivera, Ana"]),
    ],
)
def test_the_filter_chooses_by_status(ana: httpx.Client, world: World, shown: str, expected: list[str]) -> None:
    """IA-PROF-02."""
    world.mine = [
        association(1, CLINIC),
        association(2, OWN, SEU, "DISASSOCIATED"),
        association(3, OTHER, AM, "PENDING"),
    ]
    for path in ("/profile", "/profile/employers"):
        assert names(ana.get(f"{path}?show={shown}").text) == expected


def test_search_is_by_a_part_of_the_name(ana: httpx.Client) -> None:
    """IA-PROF-03."""
    assert names(ana.get("/profile/employers?name=HARBOR").text) == ["Harbor Point Medical Group"]
    page = text(ana.get("/profile/employers?name=nobody").text)
    assert "No Employers Exist." in page
    assert "Show all employers" in page


def test_a_pending_row_has_its_tracking_id_and_no_function(ana: httpx.Client, world: World) -> None:
    """IA-PROF-07."""
    world.mine = [association(3, OTHER, AM, "PENDING", track="R8WKT4C1GX")]
    page = text(ana.get("/profile/employers").text)
    assert "Pending Approval Tracking Id R8WK-T4C1-GX NO NO" in page


def test_a_row_shows_exactly_what_was_granted(ana: httpx.Client, world: World) -> None:
    """IA-PROF-08, IA-PROF-09, IA-CONF-06."""
    world.mine = [
        association(1, CLINIC, SEU, "APPROVED", "NPPES"),
        association(2, OWN, AO, "APPROVED", "PECOS", "NPPES"),
    ]
    page = text(ana.get("/profile/employers").text)
    assert "Harbor Point Medical Group EIN **-***4576 Staff End User Approved NO YES" in page
    assert "Rivera, Ana NPI 2000000036 Authorized Official Approved YES YES" in page


def test_d_08_a_row_says_that_an_employer_has_no_official(ana: httpx.Client, world: World) -> None:
    world.mine = [association(1, CLINIC, AM), association(2, OWN)]
    assert "No Authorized Official" not in text(ana.get(f"/profile/employers?open={id_of(1)}").text)
    world.mine[0].lacks_official = True
    assert text(ana.get("/profile/employers").text).count("No Authorized Official") == 1
    assert "Nobody there can approve an Access Manager" in text(ana.get(f"/profile/employers?open={id_of(1)}").text)


def test_ia_conf_06_who_manages_sees_the_whole_ein_when_they_ask(ana: httpx.Client, world: World) -> None:
    world.mine = [association(1, CLINIC, AM), association(2, OWN), association(3, OTHER, SEU, "APPROVED", "PECOS")]
    page = ana.get(f"/profile/employers?open={id_of(1)}").text
    assert world.access.requests("ShowEin") == []
    link = unescape(re.search(r'href="(/profile/employers\?[^"]*ein=1[^"]*)"', page)[1])  # type: ignore[index]
    shown = ana.get(link).text
    assert "Whole EIN: 12-4434576" in text(shown)
    assert [one.employer_id for one in world.access.requests("ShowEin")] == [CLINIC]
    assert "ein=1" not in shown.partition("<main")[2], "no other link carries it on"
    world.access.answers["ShowEin"] = refusal(grpc.StatusCode.NOT_FOUND, "NOT_FOUND")  # not a manager since a moment
    assert ana.get(link).status_code == 200
    for number in (2, 3):  # an NPI alone; a Staff End User
        assert "12-4434576" not in text(ana.get(f"/profile/employers?open={id_of(number)}&ein=1").text)


def test_every_column_sorts_both_ways(ana: httpx.Client, world: World) -> None:
    """IA-PROF-05."""
    world.mine = [association(1, CLINIC, AO), association(2, OTHER, SEU, "PENDING")]
    assert 'aria-sort="ascending"' in ana.get("/profile/employers").text
    page = ana.get("/profile/employers?sort=-employer").text
    assert names(page) == ["Harbor Point Medical Group", "Brightwater Billing Services"]
    assert 'aria-sort="descending"' in page
    assert names(ana.get("/profile/employers?sort=status").text)[0] == "Brightwater Billing Services"


def test_a_row_opens_and_offers_what_can_be_done(ana: httpx.Client, world: World) -> None:
    """IA-PROF-05: "+" is a link; without access's id of the request nothing is offered that does nothing."""
    world.mine = [association(1, CLINIC), association(3, OTHER, AM, "PENDING", track="R8WKT4C1GX")]
    page = ana.get(f"/profile/employers?open={id_of(1)}").text
    assert 'aria-expanded="true"' in page
    assert f'href="/profile/employers/{id_of(1)}/leave"' in page
    assert "Cancel request" not in text(ana.get(f"/profile/employers?open={id_of(3)}").text)


def test_a_pending_request_can_be_taken_back_where_access_tells_its_id(ana: httpx.Client, world: World) -> None:
    world.mine = [association(3, OTHER, AM, "PENDING", track="R8WKT4C1GX")]
    world.mine[0].role_request_id = id_of(50)
    assert f"/requests/{id_of(50)}/cancel" in ana.get(f"/profile/employers?open={id_of(3)}").text


def test_leaving_says_what_is_lost_and_then_does_it(ana: httpx.Client, world: World) -> None:
    """4.3, portal.md 3.19."""
    world.mine = [association(1, CLINIC, SEU, "APPROVED", "PECOS")]
    page = ana.get(LEAVE).text
    assert "Your business functions there: PECOS." in text(page)
    form = hidden(page, LEAVE)
    answer = ana.post(LEAVE, data=form)
    assert answer.headers["location"] == "/profile/employers?done=disassociated"
    (asked,) = world.access.requests("Disassociate")
    assert (asked.association_id, asked.command_id) == (id_of(1), form["command_id"])
    assert not asked.leaves_without_official


def test_who_has_become_the_last_official_meanwhile_is_told(ana: httpx.Client, world: World) -> None:
    """D-08: access decides, not the page."""
    world.mine = [association(1, CLINIC, AO, "APPROVED")]
    world.staff = [*world.mine, association(9, CLINIC, AO, account=STRANGER)]
    world.access.answers["Disassociate"] = refusal(
        grpc.StatusCode.FAILED_PRECONDITION, "LAST_OFFICIAL", "leaves_without_official"
    )
    answer = ana.post(LEAVE, data=hidden(ana.get(LEAVE).text, LEAVE))
    assert answer.status_code == 422
    assert "last Authorized Official" in errors(answer.text)[0][0]


def test_the_last_official_says_twice_that_it_is_meant(ana: httpx.Client, world: World) -> None:
    """D-08."""
    world.staff = list(world.mine)
    page = ana.get(LEAVE).text
    assert "last Authorized Official" in text(page)
    answer = ana.post(LEAVE, data=hidden(page, LEAVE))
    assert answer.status_code == 422
    assert errors(answer.text)[0] == errors(answer.text)[1] != []
    assert world.access.requests("Disassociate") == []
    assert ana.post(LEAVE, data=hidden(page, LEAVE) | {"last": "yes"}).status_code == 303
    assert [asked.leaves_without_official for asked in world.access.requests("Disassociate")] == [True]
    world.staff.append(association(9, CLINIC, AO, account=STRANGER))
    assert "last Authorized Official" not in text(ana.get(LEAVE).text)


def test_nobody_opens_the_association_of_another(ana: httpx.Client, world: World) -> None:
    path = f"/profile/employers/{id_of(77)}/leave"
    assert ana.get(path).status_code == 404
    form = hidden(ana.get("/profile/employers").text, "/signout")
    assert ana.post(path, data=form).status_code == 404
    assert world.access.requests("Disassociate") == []


def test_a_form_that_nobody_answered_keeps_its_command_id(ana: httpx.Client, world: World) -> None:
    """Sending it again counts once."""
    world.mine = [association(1, CLINIC, SEU)]
    world.access.answers["Disassociate"] = late()
    form = hidden(ana.get(LEAVE).text, LEAVE)
    answer = ana.post(LEAVE, data=form)
    assert answer.status_code == 503
    assert "counts once" in text(answer.text)
    assert hidden(answer.text, LEAVE)["command_id"] == form["command_id"]


def test_a_stale_view_says_what_to_do(ana: httpx.Client, world: World) -> None:
    """D-50."""
    world.mine = [association(1, CLINIC, SEU)]
    world.access.answers["Disassociate"] = late("VIEW_STALE")
    answer = ana.post(LEAVE, data=hidden(ana.get(LEAVE).text, LEAVE))
    assert "Nothing was changed. Try again in a minute" in text(answer.text)


def test_ehr_has_a_column_only_where_there_is_history_to_show(ana: httpx.Client, world: World) -> None:
    """D-18, IA-EHR-03: what was granted before it ended stays in sight."""
    world.mine = [association(1, CLINIC, SEU, "APPROVED", "PECOS")]
    assert "EHR" not in text(ana.get("/profile/employers").text)
    world.mine = [association(1, CLINIC, SEU, "APPROVED", "EHR"), association(2, OWN)]
    page = ana.get("/profile/employers?sort=ehr").text
    assert page.count('data-label="EHR"') == 2
    assert names(page)[0] == "Harbor Point Medical Group"
