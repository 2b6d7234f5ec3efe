"""The desk of External User Services (portal.md row 60): shown to them and to nobody else."""

from __future__ import annotations

from html import escape

import grpc
import httpx
import pytest
from mandate.access.v1 import service_pb2 as a

from tests.unit.portal.answers import (
    AM,
    AO,
    CLINIC,
    JO,
    OTHER,
    PETRA,
    SEU,
    World,
    id_of,
    receipt,
    refusal,
    role_request,
)
from tests.unit.portal.identity_answers import CAST
from tests.unit.portal.reading import errors, hidden, text


@pytest.mark.parametrize("path", ["/eus", f"/eus/{id_of(60)}/reject"])
def test_for_others_there_is_no_such_page(ana: httpx.Client, world: World, path: str) -> None:
    world.requests = [role_request(60, AO)]
    assert ana.get(path).status_code == 404
    form = hidden(ana.get("/home").text, "/signout")
    assert ana.post(path, data=form | {"request": id_of(60), "reason": "x"}).status_code == 404
    assert "EUS" not in text(ana.get("/profile").text).replace("EUS_Support", "")
    assert world.access.requests("ApproveRoleRequest") == []


def test_the_queue_is_of_all_employers_with_names(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(60, AO), role_request(61, AM, JO, OTHER)]
    page = text(erin.get("/eus").text)
    assert page.index("Marsh, Delia") < page.index("Nakamura, Jo")
    assert "Brightwater Billing Services" in page
    assert "R8WK-T4C1-GX" in page
    asked = world.access.requests("ListRoleRequests")[-1]
    assert (asked.employer_id, asked.role) == ("", "")


def test_the_queue_filters_by_role_and_pages(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(100 + n, SEU) for n in range(30)]
    page = erin.get(f"/eus?role={SEU}").text
    assert f"/eus?role={SEU}&amp;after={id_of(124)}" in page
    assert text(page).count("Approve Marsh, Delia") == 25
    rest = erin.get(f"/eus?role={SEU}&after={id_of(124)}").text
    assert text(rest).count("Approve Marsh, Delia") == 5
    assert "First page" in text(rest)
    assert "The queue is empty" in text(erin.get(f"/eus?role={AO}").text)
    assert erin.get("/eus?role=KING&after=x").status_code == 200


def test_approving_and_rejecting(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(60, AO)]
    assert (
        erin.post("/eus", data=hidden(erin.get("/eus").text, "/eus")).headers["location"] == "/eus?done=role_approved"
    )
    assert world.access.requests("ApproveRoleRequest")[0].role_request_id == id_of(60)
    path = f"/eus/{id_of(60)}/reject"
    form = hidden(erin.get(path).text, path)
    assert errors(erin.post(path, data=form).text)[1] == ["Enter the reason; the person reads it"]
    assert erin.post(path, data=form | {"reason": "No CP 575"}).headers["location"] == "/eus?done=role_rejected"
    assert world.access.requests("RejectRoleRequest")[0].reason == "No CP 575"


def test_the_queue_shows_what_is_complete_and_the_rest_when_asked(erin: httpx.Client, world: World) -> None:
    """4.2: in the queue when all required documents are present."""
    world.requests = [
        role_request(60, AM, documents_uploaded=1, documents_required=2),
        role_request(61, AO, JO, documents_uploaded=1, documents_required=1),
        role_request(62, SEU, PETRA),
    ]
    page = text(erin.get("/eus").text)
    assert "1 of 2 documents" not in page
    assert "1 of 1 document " in page
    assert "None needed" in page
    assert "Also those that lack documents" in page
    page = erin.get("/eus?lacking=yes").text
    assert "1 of 2 documents" in text(page)
    assert f'href="/requests/{id_of(60)}#documents"' in page
    assert f'href="/eus?role={AM}&amp;lacking=yes"' in page, "one choice keeps the other"
    assert f'href="/eus?role={AM}"' in erin.get(f"/eus?role={AM}&lacking=yes").text
    assert [one.also_incomplete for one in world.access.requests("ListRoleRequests")] == [False, True, True]


def test_the_desk_keeps_what_it_is_narrowed_to(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(60, AM)]
    desk = f"/eus?role={AM}&lacking=yes"
    done = erin.post(desk, data=hidden(erin.get(desk).text, escape(desk))).headers["location"]
    assert done == f"{desk}&done=role_approved"
    path = f"/eus/{id_of(60)}/reject?role={AM}&lacking=yes"
    assert f'href="{escape(path)}"' in erin.get(desk).text
    page = erin.get(path).text
    assert f'href="{escape(desk)}"' in page
    done = erin.post(path, data=hidden(page, escape(path)) | {"reason": "No CP 575"}).headers["location"]
    assert done == f"{desk}&done=role_rejected"


def test_what_lacks_documents_is_not_approved(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(n, AM, documents_uploaded=1, documents_required=2) for n in (60, 61)]
    world.access.answers["ApproveRoleRequest"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "DOCUMENTS_MISSING")
    form = hidden(erin.get("/eus?lacking=yes").text, "/eus?lacking=yes")  # of the first
    answer = erin.post("/eus?lacking=yes", data=form)
    assert answer.status_code == 422
    above, beside = errors(answer.text)
    assert above == beside, "it says which of them"
    assert above[0].startswith("This request lacks documents.")


def test_the_desk_manages_no_staff(erin: httpx.Client) -> None:
    assert erin.get("/staff").status_code == 404
    assert CLINIC not in erin.get("/home").text


def test_a_tracking_id_opens_its_request_however_it_is_typed(erin: httpx.Client, world: World) -> None:
    """portal.md 3.2: typed from the telephone, decided or not."""
    world.requests = [role_request(60, SEU, status="REJECTED")]
    assert erin.get("/eus?track=r8wk-t4c1-gx").headers["location"] == f"/requests/{id_of(60)}"
    world.requests = []
    answer = erin.get("/eus?track=r8wk-t4c1-gx")
    assert answer.status_code == 422
    says = "No request has this Tracking ID. Compare it with the papers, R and 9 more characters"
    assert errors(answer.text) == ([says],) * 2
    unreadable = refusal(grpc.StatusCode.INVALID_ARGUMENT, "UNREADABLE_TRACKING_ID", "tracking_id")
    world.access.answers["FindRoleRequest"] = unreadable
    assert erin.get("/eus?track=x").status_code == 422
    assert 'value="x"' in erin.get("/eus?track=x").text


def test_the_queue_is_searched_by_person_and_employer(erin: httpx.Client, world: World) -> None:
    world.requests = [role_request(60, AO), role_request(61, AM, JO, OTHER), role_request(62, SEU, JO)]
    page = text(erin.get("/eus?last=naka&employer=BRIGHT").text)
    assert "Nakamura, Jo" in page
    assert "Harbor Point" not in page
    assert "Marsh" not in page
    assert "Nothing matches" in text(erin.get("/eus?first=zz").text)
    assert 'name="role" value="' + AM in erin.get(f"/eus?role={AM}&last=naka").text


def test_a_search_looks_through_the_whole_queue_and_pages(erin: httpx.Client, world: World) -> None:
    """Names are not access's: its pages are gone through, and the cursor is where the page ended."""
    world.requests = [role_request(100 + n, SEU, JO if n % 10 == 0 else PETRA) for n in range(430)]
    page = erin.get("/eus?last=naka").text
    assert text(page).count("Approve Nakamura, Jo") == 25
    assert f"/eus?last=naka&amp;after={id_of(340)}" in page
    rest = text(erin.get(f"/eus?last=naka&after={id_of(340)}").text)
    assert rest.count("Approve Nakamura, Jo") == 18
    assert "Next page" not in rest
    world.requests = world.requests[:25]
    assert "Next page" not in text(erin.get("/eus").text)


def test_two_people_approve_an_official(erin: httpx.Client, world: World) -> None:
    """S-14: who has approved waits; another gives the role."""
    me = CAST["eusdesk1"].account_id
    world.requests = [role_request(60, AO, first_approved_by=me), role_request(61, AO, JO, first_approved_by=PETRA)]
    page = text(erin.get("/eus").text)
    assert "Another person of External User Services must approve it, too." in page
    assert "One person has approved it. With your approval the role is given." in page
    assert page.count("Approve Marsh") == 0
    assert page.count("Approve Nakamura") == 1
    world.access.answers["ApproveRoleRequest"] = a.ApproveRoleRequestResponse(
        receipt=receipt("access"), needs_second=True
    )
    form = hidden(erin.get("/eus").text, "/eus")
    assert erin.post("/eus", data=form).headers["location"] == "/eus?done=role_approved_by_one"


def test_the_desk_decides_on_the_page_of_a_request(erin: httpx.Client, ana: httpx.Client, world: World) -> None:
    """4.2: with the documents and what was said before its eyes."""
    world.requests = [role_request(60, AO, documents_uploaded=1, documents_required=1)]
    page = erin.get(f"/requests/{id_of(60)}").text
    assert f'href="/eus/{id_of(60)}/reject"' in page
    assert erin.post("/eus", data=hidden(page, "/eus")).headers["location"] == "/eus?done=role_approved"
    assert 'action="/eus"' not in ana.get(f"/requests/{id_of(60)}").text
    world.requests[0].status = "APPROVED"
    assert 'action="/eus"' not in erin.get(f"/requests/{id_of(60)}").text
