"""Document Management of a role request (IA-CONF-03, IA-CONF-04, D-42, 4.9)."""

from __future__ import annotations

import re
from typing import Any

import grpc
import httpx
import pytest

from tests.unit.portal.answers import (
    AM,
    AO,
    DELIA,
    ME,
    SEU,
    World,
    document,
    id_of,
    late,
    refusal,
    role_request,
)
from tests.unit.portal.conftest import DirectStub
from tests.unit.portal.reading import errors, hidden, text

REQUEST = f"/requests/{id_of(60)}"
ADD = f"{REQUEST}/documents"
ONE = f"{ADD}/{id_of(70)}"
PDF = ("cp575.pdf", b"%PDF-1.7", "application/pdf")


def mine(role: str = AO, there: int = 0, **more: Any) -> Any:
    required = {AO: 1, AM: 2, SEU: 0}[role]
    return role_request(60, role, ME, documents_uploaded=there, documents_required=required, **more)


def send(browser: httpx.Client, kind: str = "CP_575", file: Any = PDF, **more: str) -> httpx.Response:
    form = hidden(browser.get(ADD).text, ADD)
    return browser.post(ADD, data=form | {"document_type": kind} | more, files={"file": file})


@pytest.mark.parametrize(
    ("role", "there", "sentence"),
    [
        (AO, 0, "0 of the total required 1 document for completion has been uploaded."),
        (AO, 1, "1 of the total required 1 document for completion has been uploaded."),
        (AM, 0, "0 of the total required 2 documents for completion have been uploaded."),
        (AM, 1, "1 of the total required 2 documents for completion have been uploaded."),
        (AM, 2, "2 of the total required 2 documents for completion have been uploaded."),
    ],
)
def test_how_many_are_there_in_the_deck_s_words(
    ana: httpx.Client, world: World, role: str, there: int, sentence: str
) -> None:
    """IA-CONF-04: access counts; one document is no documents."""
    world.requests = [mine(role, there)]
    assert sentence in text(ana.get(REQUEST).text)


@pytest.mark.parametrize(("role", "words"), [(AO, "0 de 1 documento requerido"), (AM, "0 de los 2 documentos")])
def test_how_many_are_there_is_right_in_spanish_too(ana: httpx.Client, world: World, role: str, words: str) -> None:
    """IA-CONF-04."""
    world.requests = [mine(role)]
    assert words in text(ana.get(f"{REQUEST}?lang=es").text)


def test_what_is_still_needed_is_said(ana: httpx.Client, world: World) -> None:
    world.requests = [mine(AM, 1)]
    world.documents = [document(70, "ALTERNATE")]
    page = text(ana.get(REQUEST).text)
    assert "Still needed: Access Manager Certification Documents of this request" in page
    world.requests, world.documents = [mine(AO)], []
    page = text(ana.get(REQUEST).text)
    assert "Still needed: CP 575 or approved alternate Add a Document" in page
    assert "Waiting for: the required documents" in page
    world.requests = [mine(AO, 1)]
    assert "Waiting for: External User Services" in text(ana.get(REQUEST).text)


def test_the_table_shows_each_document(ana: httpx.Client, world: World) -> None:
    """IA-CONF-03: what it is called, what it is, when it came; what can be done with it."""
    world.requests, world.documents = [mine(AO, 1)], [document(70, name="<b>scan.pdf", content=bytes(1_300_000))]
    page = ana.get(REQUEST).text
    assert "<b>scan" not in page
    assert (
        "<b>scan.pdf PDF, 1.2 MB CP 575 Add a comment <b>scan.pdf "
        "05/07/2026 10:43AM View <b>scan.pdf, CP 575 Delete <b>scan.pdf, CP 575" in text(page)
    )
    assert f'href="{ONE}"' in page
    assert f'href="{ONE}/delete"' in page


def test_a_staff_end_user_has_no_documents(ana: httpx.Client, world: World) -> None:
    """D-42."""
    world.requests = [mine(SEU)]
    assert "Document Management" not in text(ana.get(REQUEST).text)
    assert ana.get(ADD).headers["location"] == REQUEST
    assert world.access.requests("ListDocuments") == []


def test_an_official_who_decides_sees_no_documents(ana: httpx.Client, world: World) -> None:
    """They are for the requester and External User Services."""
    world.requests = [role_request(60, AM, DELIA, documents_required=2)]
    assert "Document Management" not in text(ana.get(REQUEST).text)
    assert ana.get(ADD).status_code == 404
    assert ana.get(f"{ONE}/delete").status_code == 404
    assert world.access.requests("ListDocuments") == []


@pytest.mark.parametrize(
    ("role", "types"), [(AO, ["CP_575", "ALTERNATE"]), (AM, ["CERTIFICATION", "CP_575", "ALTERNATE"])]
)
def test_types_and_size_stand_beside_the_box(ana: httpx.Client, world: World, role: str, types: list[str]) -> None:
    """X-14."""
    world.requests = [mine(role)]
    page = ana.get(ADD).text
    assert re.findall(r'name="document_type" value="(\w+)"', page) == types
    assert "PDF, GIF or JPEG, at most 10 MB" in text(page)


def test_a_document_is_sent_on_with_its_name_and_its_bytes(ana: httpx.Client, world: World) -> None:
    world.requests = [mine()]
    content = b"%PDF-" + bytes(600_000)
    form = hidden(ana.get(ADD).text, ADD)
    answer = ana.post(ADD, data=form | {"document_type": "ALTERNATE"}, files={"file": ("147C «é».pdf", content)})
    assert answer.headers["location"] == f"{REQUEST}?done=document_added"
    first, *rest = world.access.requests("UploadDocument")[0]
    about = first.about
    assert (about.role_request_id, about.document_type, about.file_name) == (id_of(60), "ALTERNATE", "147C «é».pdf")
    assert about.command_id == form["command_id"]
    assert b"".join(one.piece for one in rest) == content
    ana.get(REQUEST)
    assert [one.position for one in world.access.requests("ListDocuments")[-1].at_least] == [7], "read your own writes"


def test_a_form_without_a_type_or_a_file_says_so(ana: httpx.Client, world: World) -> None:
    world.requests = [mine()]
    form = hidden(ana.get(ADD).text, ADD)
    answer = ana.post(ADD, data=form, files={"file": ("", b"")})
    assert answer.status_code == 422
    assert errors(answer.text) == (["Choose the document type", "Choose the file"],) * 2
    assert world.access.requests("UploadDocument") == []


@pytest.mark.parametrize(
    ("code", "field", "says"),
    [
        ("DOCUMENT_EMPTY", "file", "Choose a file that is not empty"),
        ("DOCUMENT_TOO_LARGE", "file", "Choose a file of at most 10 MB"),
        ("DOCUMENT_KIND", "file", "Choose a PDF, GIF or JPEG"),
        ("DOCUMENT_UNREADABLE", "file", "Choose a file that opens without a password"),
        ("DOCUMENT_UNSAFE", "file", "Choose a PDF without scripts"),
        ("FILE_NAME", "file_name", "Give the file a name"),
        ("UNKNOWN_DOCUMENT_TYPE", "document_type", "Choose one of the document types"),
    ],
)
def test_a_refusal_stands_above_and_beside_and_keeps_the_type(
    ana: httpx.Client, world: World, code: str, field: str, says: str
) -> None:
    world.requests = [mine()]
    world.access.answers["UploadDocument"] = refusal(grpc.StatusCode.INVALID_ARGUMENT, code, field)
    answer = send(ana, "ALTERNATE")
    above, beside = errors(answer.text)
    assert answer.status_code == 422
    assert above == beside
    assert above[0].startswith(says)
    assert re.search(r'value="ALTERNATE" checked', answer.text)
    assert "Choose the file again: your browser does not keep it." in text(answer.text)


@pytest.mark.parametrize("code", ["TOO_MANY_DOCUMENTS", "ALREADY_DECIDED", "NO_DOCUMENTS_NEEDED"])
def test_what_is_about_the_request_stands_above_alone(ana: httpx.Client, world: World, code: str) -> None:
    world.requests = [mine()]
    world.access.answers["UploadDocument"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, code)
    answer = send(ana)
    above, beside = errors(answer.text)
    assert answer.status_code == 422
    assert (len(above), beside) == (1, [])


def test_nobody_answered_and_sending_again_counts_once(ana: httpx.Client, world: World) -> None:
    world.requests = [mine()]
    world.access.answers["UploadDocument"] = late()
    form = hidden(ana.get(ADD).text, ADD)
    answer = ana.post(ADD, data=form | {"document_type": "CP_575"}, files={"file": PDF})
    assert answer.status_code == 503
    assert hidden(answer.text, ADD)["command_id"] == form["command_id"]


def test_what_does_not_fit_is_read_to_its_end_and_refused(ana: httpx.Client, world: World) -> None:
    """Its sender reads why, and keeps the type."""
    world.requests = [mine()]
    answer = send(ana, "ALTERNATE", ("scan.pdf", bytes(13 * 1024 * 1024)))
    assert answer.status_code == 422
    assert errors(answer.text)[1][0].startswith("Choose a file of at most 10 MB")
    assert re.search(r'value="ALTERNATE" checked', answer.text)
    assert world.access.requests("UploadDocument") == []
    form = hidden(ana.get(ADD).text, ADD)
    headers = {"content-length": str(65 * 1024 * 1024)}
    assert ana.post(ADD, data=form, files={"file": PDF}, headers=headers).status_code == 413


def test_only_this_page_takes_so_much(ana: httpx.Client, world: World) -> None:
    world.requests, world.documents = [mine()], [document(70)]
    for path in (f"{ONE}/delete", f"{REQUEST}/cancel"):
        form = hidden(ana.get(path).text, path)
        assert ana.post(path, data=form | {"x": "x" * 70_000}).status_code == 413
        assert ana.post(path, data=form, files={"file": PDF}).status_code == 415
    form = hidden(ana.get(ADD).text, ADD)
    assert ana.post(ADD, data=form | {"document_type": "CP_575"}).status_code == 415, "no document, no multipart"


def test_an_upload_is_guarded_as_every_form_is(ana: httpx.Client, world: World, identity: DirectStub) -> None:
    """S-10, S-33."""
    world.requests = [mine()]
    assert send(ana, csrf="x" * 43).status_code == 403
    assert send(ana, command_id="1").status_code == 422
    assert send(ana, roles="EUS").status_code == 422
    form = hidden(ana.get(ADD).text, ADD) | {"document_type": "CP_575"}
    evil = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    assert ana.post(ADD, data=form, files={"file": PDF}, headers=evil).status_code == 403
    assert ana.post(ADD, data=form, files={"other": PDF}).status_code == 422
    kind = {"content-type": "multipart/form-data; boundary=x"}
    assert ana.post(ADD, content=b"--x\r\nhalf of", headers=kind).status_code == 415
    identity.answers.sessions.clear()
    assert ana.post(ADD, data=form, files={"file": PDF}).headers["location"] == "/signin?notice=session_ended"
    assert world.access.requests("UploadDocument") == []


def test_a_stranger_is_turned_away_before_anything_is_read(browser: httpx.Client) -> None:
    """Megabytes of somebody who is not signed in are not kept for a moment."""
    kind = {"content-type": "multipart/form-data; boundary=x"}
    answer = browser.post(ADD, content=b"nothing of the kind", headers=kind)
    assert answer.headers["location"] == "/signin?notice=sign_in_first"


def test_after_the_decision_nothing_is_added_or_deleted(ana: httpx.Client, world: World) -> None:
    """4.9."""
    world.requests, world.documents = [mine(there=1, status="APPROVED")], [document(70)]
    page = ana.get(REQUEST).text
    assert f'href="{ONE}"' in page
    assert f'href="{ONE}/delete"' not in page
    assert f'href="{ADD}"' not in page
    assert ana.get(ADD).headers["location"] == REQUEST
    assert ana.get(f"{ONE}/delete").headers["location"] == REQUEST


def test_deleting_asks_and_then_does_it(ana: httpx.Client, world: World) -> None:
    world.requests, world.documents = [mine(there=1)], [document(70)]
    page = ana.get(f"{ONE}/delete").text
    assert "cp575.pdf" in text(page)
    form = hidden(page, f"{ONE}/delete")
    assert ana.post(f"{ONE}/delete", data=form).headers["location"] == f"{REQUEST}?done=document_deleted"
    (asked,) = world.access.requests("DeleteDocument")
    assert (asked.document_id, asked.command_id) == (id_of(70), form["command_id"])
    world.access.answers["DeleteDocument"] = refusal(grpc.StatusCode.FAILED_PRECONDITION, "ALREADY_DECIDED")
    answer = ana.post(f"{ONE}/delete", data=form)
    assert answer.status_code == 422
    assert errors(answer.text)[0] == ["This was decided in the meantime, or taken back. Look at the list again"]


def test_a_document_is_handed_out_to_be_saved_and_never_to_be_run(ana: httpx.Client, world: World) -> None:
    """S-23: whole, from as many pieces as it takes."""
    world.content = b"%PDF-" + bytes(1_200_000)
    world.requests, world.documents = [mine(there=1)], [document(70, content=world.content)]
    answer = ana.get(ONE)
    assert answer.content == world.content
    assert [one.offset for one in world.access.requests("ReadDocument")] == [0, 524_288, 1_048_576]
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-length"] == str(len(world.content))
    assert answer.headers["content-disposition"] == "attachment; filename=\"cp575.pdf\"; filename*=UTF-8''cp575.pdf"
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "sandbox" not in ana.get(REQUEST).headers["content-security-policy"]


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ("Größe 1.pdf", "attachment; filename=\"Gr__e 1.pdf\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%201.pdf"),
        ("scan.exe", "attachment; filename=\"scan.exe.pdf\"; filename*=UTF-8''scan.exe.pdf"),
        ("SCAN.PDF", "attachment; filename=\"SCAN.PDF\"; filename*=UTF-8''SCAN.PDF"),
        (
            'a"; filename="b.exe\r\nSet-Cookie: x=1',
            (
                "attachment; filename=\"a__ filename__b.exe__Set-Cookie_ x_1.pdf\"; filename*=UTF-8''"
                "a_%3B%20filename%3D_b.exe__Set-Cookie_%20x%3D1.pdf"
            ),
        ),
        ("../../etc/passwd", "attachment; filename=\"_.._etc_passwd.pdf\"; filename*=UTF-8''_.._etc_passwd.pdf"),
        ("fdp.\u202eexe", "attachment; filename=\"fdp._exe.pdf\"; filename*=UTF-8''fdp._exe.pdf"),
        ("..", "attachment; filename=\"document.pdf\"; filename*=UTF-8''document.pdf"),
    ],
)
def test_no_name_gets_out_of_its_header(ana: httpx.Client, world: World, name: str, disposition: str) -> None:
    """A-13, RFC 6266."""
    world.content = b"%PDF-"
    world.requests, world.documents = [mine(there=1)], [document(70, name=name)]
    answer = ana.get(ONE)
    assert answer.headers["content-disposition"] == disposition
    assert "x=1" not in answer.headers.get("set-cookie", "")


def test_half_a_document_is_not_handed_out(ana: httpx.Client, world: World) -> None:
    world.content = b"%PD"
    world.requests, world.documents = [mine(there=1)], [document(70)]
    assert ana.get(ONE).status_code == 503


def test_a_document_of_another_request_is_not_there(ana: httpx.Client, world: World) -> None:
    world.requests = [mine(), role_request(61, AO, ME, documents_required=1)]
    assert ana.get(ONE).status_code == 404
    assert ana.get(f"{ONE}/delete").status_code == 404
    assert ana.get(f"/requests/{id_of(99)}/documents/{id_of(70)}").status_code == 404
    assert world.access.requests("ReadDocument") == []


def test_external_user_services_look_and_change_nothing(erin: httpx.Client, world: World) -> None:
    world.content = b"%PDF-"
    world.requests, world.documents = [mine(AM, 1)], [document(70)]
    page = erin.get(REQUEST).text
    assert "1 of the total required 2 documents" in text(page)
    assert f'href="{ONE}"' in page
    assert f'href="{ADD}"' not in page
    assert f'href="{ONE}/delete"' not in page
    assert erin.get(ONE).content == b"%PDF-"
    assert erin.get(ADD).status_code == 404
    assert erin.get(f"{ONE}/delete").status_code == 404
