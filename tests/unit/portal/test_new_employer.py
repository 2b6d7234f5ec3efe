"""Add Employer Not in List (row 26): D-37, X-16."""

from __future__ import annotations

import grpc
import httpx
import pytest
from mandate.registry.v1.service_pb2 import AddEmployerResponse, SearchProvidersResponse

from services.portal.web import words
from tests.unit.portal.answers import ADDED, AM, ME, PROVIDERS, World, late, receipt, refusal, role_request
from tests.unit.portal.reading import errors, hidden, text

NEW = "/employers/new"
SAID = {
    "category": "THIRD_PARTY",
    "legal_business_name": "Quay Billing LLC",
    "ein": "20-4471113",
    "line_1": "12 Quay Street",
    "line_2": "",
    "city": "Portland",
    "state": "ME",
    "zip": "04101",
    "phone": "207-555-0142",
}


def form(ana: httpx.Client) -> dict[str, str]:
    return hidden(ana.get(NEW).text, NEW)


def test_the_search_offers_it_whether_it_finds_anything_or_not(ana: httpx.Client, world: World) -> None:
    """IA-EMP-04: the deck's words."""
    for found in (SearchProvidersResponse(providers=PROVIDERS.values()), SearchProvidersResponse()):
        world.registry.answers["SearchProviders"] = found
        page = ana.get("/employers/find?state=ME").text
        assert 'If your employer information does not exist, please select "Add Employer Not in List".' in text(page)
        assert f'href="{NEW}"' in page


def test_what_was_said_is_asked_in_the_person_s_name_and_leads_to_the_role(ana: httpx.Client, world: World) -> None:
    """D-37: the pages that follow wait for it, and nobody else is asked to."""
    sent = form(ana)
    answer = ana.post(NEW, data=sent | SAID)
    assert answer.headers["location"] == f"/employers/{ADDED}/request?done=employer_added"
    (asked,) = world.registry.requests("AddEmployer")
    assert (asked.command_id, asked.ein, asked.category) == (sent["command_id"], "20-4471113", "THIRD_PARTY")
    assert (asked.legal_business_name, asked.phone) == ("Quay Billing LLC", "207-555-0142")
    assert (asked.address.line1, asked.address.city, asked.address.state) == ("12 Quay Street", "Portland", "ME")
    assert world.registry.metadata("AddEmployer")["authorization"] == "Bearer token-registry"
    page = text(ana.get(answer.headers["location"]).text)
    for part in ("The employer is added.", "Quay Billing LLC", "3rd Party Organization", "**-***1113", "Portland"):
        assert part in page
    assert [one.origin for one in world.registry.requests("GetProviders")[-1].at_least] == ["registry"]
    assert list(world.access.requests("ListMyEmployers")[-1].at_least) == []


def test_who_joins_an_employer_is_told_to_look_whether_it_is_theirs(ana: httpx.Client, world: World) -> None:
    """D-37."""
    world.registry.answers["AddEmployer"] = AddEmployerResponse(receipt=receipt("registry", id=ADDED), joined=True)
    answer = ana.post(NEW, data=form(ana) | SAID)
    page = text(ana.get(answer.headers["location"]).text)
    assert "There is an employer with this EIN already. Check that it is yours" in page


def test_every_box_but_one_must_be_filled_in(ana: httpx.Client, world: World) -> None:
    answer = ana.post(NEW, data=form(ana) | dict.fromkeys(SAID, ""))
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert len(summary) == len(SAID) - 1
    assert summary == beside
    assert world.registry.requests("AddEmployer") == []


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("EIN_INVALID", "ein"),
        ("UNKNOWN_CATEGORY", "category"),
        ("NAME_MALFORMED", "legal_business_name"),
        ("STATE_UNKNOWN", "state"),
        ("POSTAL_CODE_MALFORMED", "zip"),
        ("PHONE_MALFORMED", "phone"),
    ],
)
def test_what_the_registry_refuses_stands_at_its_box(ana: httpx.Client, world: World, code: str, field: str) -> None:
    """TX-02: and what was typed is kept."""
    world.registry.answers["AddEmployer"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, code, field)
    answer = ana.post(NEW, data=form(ana) | SAID)
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert summary == beside == [words.load("en")(f"error.{code}").unescape()]
    assert 'value="12 Quay Street"' in answer.text
    assert '<option value="ME" selected>' in answer.text


def test_a_registry_that_does_not_answer_keeps_the_form(ana: httpx.Client, world: World) -> None:
    world.registry.answers["AddEmployer"] = late()
    sent = form(ana)
    answer = ana.post(NEW, data=sent | SAID)
    assert answer.status_code == 503
    assert hidden(answer.text, NEW)["command_id"] == sent["command_id"]


def test_it_is_found_and_confirmed_without_an_npi(ana: httpx.Client, world: World) -> None:
    """X-16, IA-CONF-01: address and phone are what was said."""
    world.registry.answers["SearchProviders"] = SearchProvidersResponse(providers=[PROVIDERS[ADDED]])
    page = text(ana.get("/employers/find?organization_name=quay*").text)
    assert "No NPI" in page
    assert "View NPI(s)" not in page
    world.requests = [role_request(50, AM, ME, employer=ADDED)]
    page = text(ana.get(f"/requests/{world.requests[0].role_request_id}").text)
    for part in ("Quay Billing LLC", "**-***1113", "12 Quay Street, Portland, ME 04101", "(207) 555-0142"):
        assert part in page
    assert "NPI(s) associated" not in page
