"""Accounts at the desk of External User Services: found, closed, put off the desk (portal.md row 60; 4.1, D-41)."""

from __future__ import annotations

import httpx
import pytest

from tests.unit.portal.answers import (
    AM,
    CLINIC,
    DELIA,
    OWN,
    SEU,
    World,
    association,
    id_of,
)
from tests.unit.portal.identity_answers import CAST
from tests.unit.portal.reading import errors, hidden, text

PATH = "/eus/accounts"
ACCOUNT = f"{PATH}/{DELIA}"
CLOSE, TAKE = f"{ACCOUNT}/close", f"{ACCOUNT}/take"
MINE = f"{PATH}/{CAST['eusdesk1'].account_id}"


@pytest.fixture
def held(world: World) -> World:
    """Delia Marsh works for one employer, and asks to for another; that was nothing with a third."""
    world.staff = [
        association(11, CLINIC, SEU, account=DELIA),
        association(12, OWN, AM, "PENDING", account=DELIA, track="R8WKT4C1GX"),
        association(13, OWN, AM, "REJECTED", account=DELIA),
    ]
    return world


@pytest.mark.parametrize("path", [PATH, ACCOUNT, CLOSE, TAKE])
def test_for_others_there_is_no_such_page(ana: httpx.Client, world: World, path: str) -> None:
    assert ana.get(path).status_code == 404
    assert ana.post(path, data=hidden(ana.get("/home").text, "/signout")).status_code in {404, 405}
    assert world.desk.asked == []


def test_an_account_is_found_by_a_form_whose_address_names_nobody(erin: httpx.Client, held: World) -> None:
    """S-18: what was typed is posted."""
    page = erin.get("/eus").text
    assert f'href="{PATH}"' in page
    form = hidden(erin.get(PATH).text, PATH)
    assert erin.post(PATH, data=form | {"typed": " dmarsh22 "}).headers["location"] == ACCOUNT
    assert held.desk.requests("FindAccount")[0].typed == "dmarsh22"
    for typed, said in (("nobody99", "No account has this User ID"), ("", "Enter a User ID")):
        answer = erin.post(PATH, data=form | {"typed": typed})
        assert answer.status_code == 422
        assert said in errors(answer.text)[0][0]


def test_the_account_shows_what_hangs_on_it(erin: httpx.Client, held: World) -> None:
    page = text(erin.get(ACCOUNT).text)
    assert "Marsh, Delia" in page
    assert "Roles at employers 1 Harbor Point Medical Group EIN **-***4576 : Staff End User, since 05/07/2026" in page
    assert "Requests that wait 1 Rivera, Ana NPI 2000000036 : Role request R8WK-T4C1-GX" in page
    assert "Close account" in page
    assert "Take role back" not in page
    assert erin.get(f"{PATH}/{id_of(1)}").status_code == 404


def test_closing_says_what_ends_and_wants_a_reason(erin: httpx.Client, held: World) -> None:
    """4.1, D-41."""
    page = erin.get(CLOSE).text
    assert "The roles above end and the requests above are cancelled. Connections go on" in text(page)
    form = hidden(page, CLOSE)
    answer = erin.post(CLOSE, data=form)
    assert answer.status_code == 422
    assert "Enter the reason" in errors(answer.text)[0][0]
    assert held.desk.requests("CloseAccount") == []
    answer = erin.post(CLOSE, data=form | {"reason": " Died in May. "})
    assert answer.headers["location"] == f"{ACCOUNT}?done=account_closed"
    [sent] = held.desk.requests("CloseAccount")
    assert (sent.account_id, sent.reason, sent.command_id) == (DELIA, "Died in May.", form["command_id"])


def test_what_is_closed_or_one_s_own_is_not_closed(erin: httpx.Client, held: World) -> None:
    assert "Your own account: somebody else at the desk decides" in text(erin.get(MINE).text)
    assert erin.get(f"{MINE}/close").status_code == erin.get(f"{MINE}/take").status_code == 404
    held.status = "CLOSED"
    assert "Close account" not in erin.get(ACCOUNT).text
    assert erin.get(CLOSE).status_code == 404


def test_the_desk_s_role_is_taken_back_from_another(erin: httpx.Client, held: World) -> None:
    """Never from oneself, so that one is left."""
    assert erin.get(TAKE).status_code == 404
    held.at_desk.append("dmarsh22")
    held.desk.answers["ListDeskPeople"].account_ids.append(DELIA)
    page = erin.get("/eus/people").text
    assert f'href="{TAKE}"' in page
    assert f'href="{MINE}/take"' not in page
    form = hidden(erin.get(TAKE).text, TAKE)
    assert erin.post(TAKE, data=form).headers["location"] == "/eus/people?done=taken_from_desk"
    [sent] = held.desk.requests("TakeFromDesk")
    assert (sent.account_id, sent.command_id) == (DELIA, form["command_id"])
