"""Employers at the desk of External User Services: found, closed (portal.md row 60; D-41)."""

from __future__ import annotations

import grpc
import httpx
import pytest
from mandate.access.v1.service_pb2 import GetEmployerResponse

from services.portal.web import words
from tests.unit.portal.answers import CLINIC, OTHER, OWN, STRANGER, World, refusal, stamp
from tests.unit.portal.identity_answers import CAST
from tests.unit.portal.reading import errors, hidden, text

PATH = "/eus/employers"
EMPLOYER = f"{PATH}/{CLINIC}"
CLOSE = f"{EMPLOYER}/close"


@pytest.mark.parametrize("path", [PATH, EMPLOYER, CLOSE])
def test_for_others_there_is_no_such_desk_of_employers(ana: httpx.Client, world: World, path: str) -> None:
    assert ana.get(path).status_code == 404
    assert ana.post(path, data=hidden(ana.get("/home").text, "/signout")).status_code in {404, 405}
    assert world.access.requests("GetEmployer") == world.access.requests("CloseEmployer") == []


def test_the_desk_finds_an_employer_as_everybody_does(erin: httpx.Client, world: World) -> None:
    """By the boxes of IA-EMP-01; what is chosen leads to the desk's page of it, not to a request."""
    assert f'href="{PATH}"' in erin.get("/eus").text
    page = erin.get(f"{PATH}?state=ME").text
    assert f'href="{EMPLOYER}"' in page
    assert f'href="{PATH}/{OTHER}"' in page
    assert "/request" not in page
    assert world.registry.requests("SearchProviders")[0].state == "ME"
    broken = refusal(grpc.StatusCode.INVALID_ARGUMENT, "CRITERIA_MISSING")
    world.registry.answers["SearchProviders"] = broken
    answer = erin.get(f"{PATH}?first_name=Ann")
    assert (answer.status_code, len(errors(answer.text)[0])) == (422, 1)


def test_an_employer_shows_what_hangs_on_it(erin: httpx.Client) -> None:
    page = text(erin.get(EMPLOYER).text)
    for part in (
        "Employer Harbor Point Medical Group", "EIN **-***4576", "18 Wharf Street", "Status Open",
        "People who work there 12", "Role requests that wait 3", "Open invitations 2", "Close employer",
    ):  # fmt: skip
        assert part in page.replace("check_circle ", "")
    assert erin.get(f"{PATH}/{STRANGER}").status_code == 404


def test_d_41_closing_an_employer_says_what_ends_and_wants_a_reason(erin: httpx.Client, world: World) -> None:
    page = erin.get(CLOSE).text
    assert "Everybody who works for Harbor Point Medical Group is let go" in text(page)
    form = hidden(page, CLOSE)
    answer = erin.post(CLOSE, data=form)
    assert answer.status_code == 422
    assert "Enter the reason" in errors(answer.text)[0][0]
    assert world.access.requests("CloseEmployer") == []
    answer = erin.post(CLOSE, data=form | {"reason": " Out of business. "})
    assert answer.headers["location"] == f"{EMPLOYER}?done=employer_closed"
    [sent] = world.access.requests("CloseEmployer")
    assert (sent.employer_id, sent.reason, sent.command_id) == (CLINIC, "Out of business.", form["command_id"])


def test_d_41_a_closed_employer_says_when_by_whom_and_why_and_is_not_closed_again(
    erin: httpx.Client, world: World
) -> None:
    by = CAST["eusdesk1"].account_id
    world.closing = GetEmployerResponse(closed_at=stamp(), closed_by=by, reason="Out of business.")
    page = text(erin.get(EMPLOYER).text)
    for part in ("Status Closed", "Closed on 05/07/2026", "Closed by", "Out of business.", "People who work there 0"):
        assert part in page.replace("info_outline ", "")
    assert "Close employer" not in page
    assert erin.get(CLOSE).status_code == 404


def test_d_41_a_person_s_own_record_is_not_closed_as_an_employer(erin: httpx.Client) -> None:
    page = text(erin.get(f"{PATH}/{OWN}").text)
    assert "It ends with the account of the person" in page
    assert "Close employer" not in page
    assert erin.get(f"{PATH}/{OWN}/close").status_code == 404


def test_d_41_who_asks_a_closed_employer_for_a_role_reads_what_to_do(ana: httpx.Client, world: World) -> None:
    world.access.answers["RequestRole"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "EMPLOYER_CLOSED")
    path = f"/employers/{OTHER}/request/official"
    form = hidden(ana.get(f"{path}?role=STAFF_END_USER").text, path) | {
        "contact": "own",
        "official_name": "Otto Named",
        "official_title": "Chief Executive",
        "official_phone": "207-555-0186",
        "official_email": "otto@named.example",
        "confirm_official_email": "otto@named.example",
    }
    answer = ana.post(path, data=form)
    assert answer.status_code == 422
    assert words.load("en")("error.EMPLOYER_CLOSED").unescape() in text(answer.text)
