"""Asking for a role (IA-EMP-01 to -10), Confirmation and Review (IA-CONF-01, -02, -05, -06)."""

from __future__ import annotations

import hashlib

import grpc
import httpx
import pytest
from mandate.access.v1.service_pb2 import GetRoleRequestResponse, NamedOfficial
from mandate.registry.v1.service_pb2 import SearchProvidersResponse

from services.portal.web import words
from tests.unit.portal.answers import (
    AM,
    AO,
    CLINIC,
    DELIA,
    ME,
    OTHER,
    PROVIDERS,
    SEU,
    STRANGER,
    World,
    association,
    id_of,
    late,
    refusal,
    role_request,
)
from tests.unit.portal.reading import errors, hidden, text

ASK, ATTEST = f"/employers/{CLINIC}/request", f"/employers/{CLINIC}/request/attest"
OFFICIAL = f"/employers/{CLINIC}/request/official"
REQUEST = f"/requests/{id_of(50)}"
OTTO = {
    "official_name": "Otto Named",
    "official_title": "Chief Executive",
    "official_phone": "207-555-0186",
    "official_email": "otto@named.example",
    "confirm_official_email": "otto@named.example",
}
DECK_06 = (
    "Identify the Contact E-mail Address for this Employer:", "Use My Primary E-mail Address",
    "Enter Employer E-mail Address:", "Confirm E-mail Address",
)  # fmt: skip
DECK_09 = (
    "Please provide the required Authorized Official Information associated with this employer:",
    "Authorized Official Name", "Authorized Official Title", "Authorized Official Phone",
    "Authorized Official E-mail Address", "Authorized Official Confirm E-mail Address",
)  # fmt: skip


@pytest.mark.parametrize(
    ("code", "field", "box"),
    [("CRITERIA_MISSING", "", "organization-name"), ("WILDCARD", "city", "city"), ("NPI_CRITERION", "npi", "npi")],
)
def test_a_broken_rule_of_the_registry_stands_at_its_box(
    ana: httpx.Client, world: World, code: str, field: str, box: str
) -> None:
    """IA-EMP-01, D-47: First Name alone is not enough."""
    world.registry.answers["SearchProviders"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, code, field)
    answer = ana.get("/employers/find?first_name=Ann")
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert summary == beside == [words.load("en")(f"error.{code}").unescape()]
    assert f'href="#{box}"' in answer.text
    assert 'value="Ann"' in answer.text


def test_results_have_npis_other_names_and_one_select_each(ana: httpx.Client, world: World) -> None:
    """IA-EMP-03, IA-EMP-04: the registry is asked in the person's name."""
    found = SearchProvidersResponse(providers=[PROVIDERS[CLINIC]], after="cursor", narrow=True)
    world.registry.answers["SearchProviders"] = found
    page = ana.get("/employers/find?state=ME").text
    for part in ("View NPI(s)", "View Other Name(s)", "Former Name", "2000000036", "Enter more boxes"):
        assert part in text(page)
    assert f'href="{ASK}"' in page
    assert "state=ME&amp;after=cursor" in page
    assert world.registry.metadata("SearchProviders")["authorization"] == "Bearer token-registry"
    ana.get("/profile/employers")
    assert "authorization" not in world.registry.metadata("GetProviders"), "names are asked as the portal"


def test_a_role_must_be_chosen(ana: httpx.Client, world: World) -> None:
    """IA-EMP-07, IA-EMP-10."""
    page = ana.get(ASK).text
    for wrong in ({}, {"role": "KING"}):
        answer = ana.post(ASK, data=hidden(page, ASK) | wrong)
        assert answer.status_code == 422
        assert (
            errors(answer.text)[0] == errors(answer.text)[1] == ["Select the role you are requesting for this employer"]
        )
    assert world.access.requests("RequestRole") == []


@pytest.mark.parametrize("role", [AM, SEU])
def test_asking_leads_to_the_confirmation(ana: httpx.Client, world: World, role: str) -> None:
    """IA-EMP-06, IA-EMP-09: the primary address is chosen already."""
    answer = ana.post(ASK, data=hidden(ana.get(ASK).text, ASK) | {"role": role})
    assert answer.headers["location"] == f"{OFFICIAL}?role={role}"
    page = ana.get(answer.headers["location"]).text
    for part in (*DECK_06, *DECK_09):
        assert part in text(page)
    assert 'name="contact" value="own" checked' in page
    form = hidden(page, OFFICIAL)
    assert ana.post(OFFICIAL, data=form | {"contact": "own"} | OTTO).headers["location"] == REQUEST
    (asked,) = world.access.requests("RequestRole")
    assert (asked.employer_id, asked.role, asked.attestation) == (CLINIC, role, "")
    assert asked.command_id == form["command_id"]
    assert (asked.contact_email, asked.official.name, asked.official.title) == ("", "Otto Named", "Chief Executive")
    assert asked.official.email == asked.official.confirm_email == "otto@named.example"


@pytest.mark.parametrize(
    ("change", "box"),
    [
        ({"contact": ""}, "contact"),
        ({"contact": "king"}, "contact"),
        ({"contact": "other"}, "contact-email"),
        ({"contact_email": "a@b.example"}, "contact"),
        ({"official_name": ""}, "official-name"),
        ({"confirm_official_email": ""}, "confirm-official-email"),
    ],
)
def test_what_is_not_filled_in_stands_at_its_box(
    ana: httpx.Client, world: World, change: dict[str, str], box: str
) -> None:
    """IA-EMP-06, IA-EMP-09."""
    form = hidden(ana.get(f"{OFFICIAL}?role={SEU}").text, OFFICIAL) | {"contact": "own"} | OTTO
    answer = ana.post(OFFICIAL, data=form | change)
    assert answer.status_code == 422
    summary, beside = errors(answer.text)
    assert summary == beside
    assert f'href="#{box}"' in answer.text
    assert world.access.requests("RequestRole") == []


@pytest.mark.parametrize(
    ("code", "field"), [("EMAIL_MISMATCH", "confirm_contact_email"), ("NAME_MALFORMED", "official_name")]
)
def test_what_access_finds_wrong_stands_at_its_box(ana: httpx.Client, world: World, code: str, field: str) -> None:
    """IA-EMP-06: what was typed is kept."""
    world.access.answers["RequestRole"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, code, field)
    other = {"contact": "other", "contact_email": "ana@work.example", "confirm_contact_email": "x"}
    form = hidden(ana.get(f"{OFFICIAL}?role={SEU}").text, OFFICIAL) | OTTO | other
    answer = ana.post(OFFICIAL, data=form)
    assert errors(answer.text)[0] == errors(answer.text)[1] == [words.load("en")(f"error.{code}").unescape()]
    assert 'value="ana@work.example"' in answer.text
    assert 'name="contact" value="other" checked' in answer.text


def test_without_a_role_there_is_nobody_to_name(ana: httpx.Client) -> None:
    for path in (OFFICIAL, f"{OFFICIAL}?role={AO}", f"{OFFICIAL}?role=KING"):
        assert ana.get(path).headers["location"] == ASK


def test_an_official_reads_the_statement_and_ticks_the_box(ana: httpx.Client, world: World) -> None:
    """IA-EMP-08: version and hash of the text as it was shown."""
    world.mine = []
    assert ana.post(ASK, data=hidden(ana.get(ASK).text, ASK) | {"role": AO}).headers["location"] == ATTEST
    page = ana.get(ATTEST).text
    assert "42 CFR § 424.520(b)" in text(page)
    for part in DECK_06:
        assert part in text(page)
    form = hidden(page, ATTEST) | {"contact": "own"}
    answer = ana.post(ATTEST, data=form)
    assert answer.status_code == 422
    assert errors(answer.text)[0] == errors(answer.text)[1] != []
    assert world.access.requests("RequestRole") == []
    assert ana.post(ATTEST, data=form | {"agreed": "yes"}).headers["location"] == REQUEST
    (asked,) = world.access.requests("RequestRole")
    en = words.load("en")
    shown = "\n".join(en(key).unescape() for key in ("IA-EMP-08.text", "IA-EMP-08.agree"))
    assert asked.role == AO
    assert asked.attestation == f"IA-EMP-08.2025-05.en:sha256:{hashlib.sha256(shown.encode()).hexdigest()}"


@pytest.mark.parametrize(("lang", "said"), [("en", "Current role: Access Manager"), ("es", "Función actual: ")])
def test_d_39_who_has_a_role_there_is_offered_the_others_and_led_back_to_my_profile(
    ana: httpx.Client, world: World, lang: str, said: str
) -> None:
    """The role that is held is shown, and stays until the decision."""
    world.mine = [association(1, CLINIC, AM), association(2, OTHER, AM, "DISASSOCIATED")]
    row = f"/profile/employers?open={id_of(1)}#employers"
    page = ana.get(f"{ASK}?lang={lang}").text
    assert said in text(page)
    assert [value for value in (AO, AM, SEU) if f'value="{value}"' in page] == [AO, SEU]
    for path in (ASK, f"{OFFICIAL}?role={SEU}", ATTEST):
        found = ana.get(path).text
        assert f'href="{row}"' in found
        assert "/employers/find" not in found
    answer = ana.post(ASK, data=hidden(page, ASK) | {"role": AM})
    assert answer.status_code == 422
    assert errors(answer.text)[0] == [words.load(lang)("error.SAME_ROLE").unescape()]


def test_d_39_who_was_there_is_led_back_too_and_offered_every_role(ana: httpx.Client, world: World) -> None:
    world.mine = [association(1, CLINIC, AM, "DISASSOCIATED")]
    page = ana.get(ASK).text
    assert f'href="/profile/employers?open={id_of(1)}#employers"' in page
    assert all(f'value="{role}"' in page for role in (AO, AM, SEU))
    assert "Current role" not in text(page)


def test_who_has_searched_is_led_back_to_the_search(ana: httpx.Client, world: World) -> None:
    """IA-EMP-04."""
    world.mine = []
    assert "/employers/find" in ana.get(ASK).text
    assert "/profile/employers?open" not in ana.get(ASK).text


def test_a_statement_that_has_changed_is_read_again(ana: httpx.Client, world: World) -> None:
    form = hidden(ana.get(f"{ATTEST}?lang=es").text, ATTEST) | {"agreed": "yes", "contact": "own"}
    answer = ana.post(f"{ATTEST}?lang=en", data=form)
    assert answer.status_code == 422
    assert "has changed" in text(answer.text)
    assert world.access.requests("RequestRole") == []


def test_a_statement_that_access_does_not_know_is_said_at_the_box(ana: httpx.Client, world: World) -> None:
    """IA-EMP-08: a page of an older portal."""
    world.access.answers["RequestRole"] = refusal(
        grpc.StatusCode.INVALID_ARGUMENT, "ATTESTATION_UNKNOWN", "attestation"
    )
    answer = ana.post(ATTEST, data=hidden(ana.get(ATTEST).text, ATTEST) | {"agreed": "yes", "contact": "own"})
    assert answer.status_code == 422
    assert errors(answer.text)[0] == errors(answer.text)[1]
    assert "This statement is not in use any more" in errors(answer.text)[0][0]


def test_what_access_refuses_is_said_in_the_form(ana: httpx.Client, world: World) -> None:
    world.access.answers["RequestRole"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_ASKED")
    sent = hidden(ana.get(f"{OFFICIAL}?role={AM}").text, OFFICIAL) | {"contact": "own"} | OTTO
    answer = ana.post(OFFICIAL, data=sent)
    assert answer.status_code == 422
    assert "There is a request already" in errors(answer.text)[0][0]
    world.access.answers["RequestRole"] = late()
    answer = ana.post(OFFICIAL, data=sent)
    assert answer.status_code == 503
    again = hidden(answer.text, OFFICIAL)
    assert (again["command_id"], again["role"]) == (sent["command_id"], AM)


def test_an_employer_that_is_not_there_is_no_page(ana: httpx.Client) -> None:
    for path in (f"/employers/{STRANGER}/request", f"/employers/{STRANGER}/request/attest", "/employers/x/request"):
        assert ana.get(path).status_code == 404


def test_the_confirmation_of_a_manager_names_both_options(ana: httpx.Client, world: World) -> None:
    """IA-CONF-01, IA-CONF-02, IA-CONF-05, IA-CONF-06."""
    world.requests = [role_request(50, AM, ME)]
    page = text(ana.get(REQUEST).text)
    for part in (
        "You are requesting to be a(n) Access Manager:", "OPTION A:", "OPTION B:", "[or approved alternate]",
        "CMS External User Services", "**-***4576", "R8WK-T4C1-GX", "18 Wharf Street, Harbor Point, ME 03904-0118",
        "NPI(s) associated with your employer are:", "Print this page", "Cancel request", "05/07/2026 10:43AM",
        "Waiting for: an Authorized Official of the employer",
    ):  # fmt: skip
        assert part in page
    assert "Add a Document" not in page, "documents are not built yet"


def test_the_confirmation_shows_whom_to_reach(ana: httpx.Client, world: World) -> None:
    """IA-EMP-06, IA-EMP-09, IA-CONF-07: the requester is led to what else is said about documents."""
    world.requests = [role_request(50, AM, ME, documents_required=2)]
    page = text(ana.get(REQUEST).text)
    assert "E-mails about this employer go to your primary e-mail address." in page
    assert "Authorized Official Information" not in page
    world.access.answers["GetRoleRequest"] = GetRoleRequestResponse(
        role_request=world.requests[0],
        contact_email="ana@work.example",
        official=NamedOfficial(name="Otto Named", title="Chief", phone="+12075550186", email="otto@named.example"),
    )
    answer = ana.get(REQUEST).text
    for part in ("E-mails about this employer go to ana@work.example.", "Otto Named", "(207) 555-0186", "Chief"):
        assert part in text(answer)
    for linked in ("[or approved alternate]", "More information about Uploaded Documents"):
        assert f'<a href="/help/documents">{linked}</a>' in answer


def test_d_39_a_change_of_role_shows_the_role_that_stays_meanwhile(ana: httpx.Client, world: World) -> None:
    world.requests = [role_request(50, AM, ME, current_role=SEU)]
    assert "Current role: Staff End User. It stays until the decision." in text(ana.get(REQUEST).text)
    world.requests = [role_request(50, AM, ME, current_role=SEU, status="APPROVED")]
    assert "Current role" not in text(ana.get(REQUEST).text)


@pytest.mark.parametrize("role", [AO, SEU])
def test_other_roles_have_no_options(ana: httpx.Client, world: World, role: str) -> None:
    world.requests = [role_request(50, role, ME)]
    assert "OPTION" not in text(ana.get(REQUEST).text)


def test_a_decided_request_cannot_be_taken_back(ana: httpx.Client, world: World) -> None:
    world.requests = [role_request(50, AM, ME, status="REJECTED")]
    page = text(ana.get(REQUEST).text)
    assert "Rejected" in page
    assert "Cancel request" not in page
    assert ana.get(f"{REQUEST}/cancel").headers["location"] == REQUEST


def test_a_decider_sees_who_asks(ana: httpx.Client, world: World) -> None:
    world.requests = [role_request(50, SEU, DELIA)]
    page = text(ana.get(REQUEST).text)
    assert "Marsh, Delia is requesting to be a(n) Staff End User:" in page
    assert "Cancel request" not in page
    assert ana.get(f"{REQUEST}/cancel").status_code == 404


def test_a_request_that_access_does_not_show_is_no_page(ana: httpx.Client) -> None:
    assert ana.get(REQUEST).status_code == 404


def test_taking_a_request_back(ana: httpx.Client, world: World) -> None:
    world.requests = [role_request(50, AM, ME)]
    form = hidden(ana.get(f"{REQUEST}/cancel").text, f"{REQUEST}/cancel")
    assert ana.post(f"{REQUEST}/cancel", data=form).headers["location"] == "/profile/employers?done=request_cancelled"
    (asked,) = world.access.requests("CancelRoleRequest")
    assert asked.role_request_id == id_of(50)
