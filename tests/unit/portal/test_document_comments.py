"""Comments on the documents of a role request, and asking for another in place of one (IA-CONF-03, 4.9)."""

from __future__ import annotations

import grpc
import httpx
import pytest
from mandate.access.v1 import service_pb2 as a

from tests.unit.portal.answers import AO, ME, World, document, id_of, late, refusal, role_request, stamp
from tests.unit.portal.reading import errors, hidden, text

REQUEST = f"/requests/{id_of(60)}"
ONE = f"{REQUEST}/documents/{id_of(70)}"
TALK, REFUSE = f"{ONE}/comments", f"{ONE}/refuse"


def said(number: int, words: str, *, by_desk: bool = False, is_own: bool = False) -> a.Comment:
    return a.Comment(comment_id=id_of(number), text=words, by_desk=by_desk, is_own=is_own, added_at=stamp())


@pytest.fixture(autouse=True)
def _one(world: World) -> None:
    world.requests = [role_request(60, AO, ME, documents_uploaded=1, documents_required=1)]
    world.documents = [
        document(70, comments=[said(80, "<b>Page 2", is_own=True), said(81, "Which page?", by_desk=True)])
    ]


def test_everything_said_is_shown_with_who_said_it(ana: httpx.Client, erin: httpx.Client, world: World) -> None:
    """IA-CONF-03: view, add, and delete comments; a person deletes their own."""
    assert f'href="{TALK}"' in ana.get(REQUEST).text
    assert "Comments: 2" in text(ana.get(REQUEST).text)
    page = ana.get(TALK).text
    assert "<b>Page" not in page
    assert text(page).index("You <b>Page 2") < text(page).index("External User Services Which page?")
    assert page.count(f'action="{TALK}/delete"') == 1
    world.documents[0].comments[0].is_own = False
    assert "Who uploaded the document <b>Page 2" in text(erin.get(TALK).text)


def test_a_comment_is_added_and_deleted(ana: httpx.Client, world: World) -> None:
    form = hidden(ana.get(TALK).text, TALK)
    assert errors(ana.post(TALK, data=form | {"text": " "}).text) == (["Enter the comment"],) * 2
    assert ana.post(TALK, data=form | {"text": "Look"}).headers["location"] == f"{TALK}?done=comment_added"
    (asked,) = world.access.requests("AddComment")
    assert (asked.document_id, asked.text, asked.command_id) == (id_of(70), "Look", form["command_id"])
    path = f"{TALK}/delete"
    form = hidden(ana.get(TALK).text, path)
    assert form["comment"] == id_of(80)
    assert ana.post(path, data=form).headers["location"] == f"{TALK}?done=comment_deleted"
    assert world.access.requests("RemoveComment")[0].comment_id == id_of(80)
    assert ana.post(path, data=form | {"comment": "x"}).status_code == 404


@pytest.mark.parametrize("code", ["TOO_MANY_COMMENTS", "ALREADY_DECIDED"])
def test_a_refusal_keeps_the_words(ana: httpx.Client, world: World, code: str) -> None:
    world.access.answers["AddComment"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, code)
    answer = ana.post(TALK, data=hidden(ana.get(TALK).text, TALK) | {"text": "Look here"})
    assert answer.status_code == 422
    assert "Look here</textarea>" in answer.text
    world.access.answers["AddComment"] = late()
    form = hidden(ana.get(TALK).text, TALK)
    again = ana.post(TALK, data=form | {"text": "Look here"})
    assert (again.status_code, hidden(again.text, TALK)["command_id"]) == (503, form["command_id"])


def test_after_the_decision_comments_are_read_alone(ana: httpx.Client, world: World) -> None:
    """4.9."""
    world.requests[0].status = "APPROVED"
    page = ana.get(TALK).text
    assert "Which page?" in text(page)
    assert f'action="{TALK}' not in page


def test_the_desk_asks_for_another_document(erin: httpx.Client, world: World) -> None:
    """4.9 DocumentRefused, with the reason that its owner reads."""
    assert f'href="{REFUSE}"' in erin.get(REQUEST).text
    form = hidden(erin.get(REFUSE).text, REFUSE)
    assert errors(erin.post(REFUSE, data=form).text)[1] == ["Enter the reason; the person reads it"]
    answer = erin.post(REFUSE, data=form | {"reason": "The EIN is cut off"})
    assert answer.headers["location"] == f"{REQUEST}?done=document_refused"
    (asked,) = world.access.requests("RefuseDocument")
    assert (asked.document_id, asked.reason) == (id_of(70), "The EIN is cut off")


def test_a_refused_document_says_why_and_is_needed_again(ana: httpx.Client, erin: httpx.Client, world: World) -> None:
    world.requests[0].documents_uploaded = 0
    world.documents = [document(70, status="REFUSED", reason="The EIN is cut off")]
    page = text(ana.get(REQUEST).text)
    assert "Another document is needed The EIN is cut off" in page
    assert "Still needed: CP 575 or approved alternate" in page
    assert f'href="{REFUSE}"' not in erin.get(REQUEST).text
    assert erin.get(REFUSE).status_code == 404


def test_nobody_else_asks_for_another(ana: httpx.Client, erin: httpx.Client, world: World) -> None:
    """A-09, 4.2: for others there is no such page; nobody decides about their own."""
    assert ana.get(REFUSE).status_code == 404
    assert f'href="{REFUSE}"' not in ana.get(REQUEST).text
    world.documents = []
    for path in (TALK, REFUSE):
        assert erin.get(path).status_code == 404
