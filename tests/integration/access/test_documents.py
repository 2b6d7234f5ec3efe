"""Documents of a role request: judged by content, counted, read, taken back (IA-CONF-03, IA-CONF-04, D-42)."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import pikepdf
import pytest
from mandate.access.v1 import service_pb2 as pb
from PIL import Image

from chassis import nature
from chassis.documents.examiner import ProcessExaminer
from chassis.domain import NotAllowedError, NotFoundError
from services.access.commands import role_requests
from services.access.commands.parts import KINDS, AccessSettings
from services.access.domain.role_request import RoleRequest
from tests.access_office import Office, refused
from tests.attested import ATTESTATION

GROUP = nature.new_id()
PERSON, STRANGER, HELP = (nature.new_id() for _ in range(3))
AO, AM, SEU = "AUTHORIZED_OFFICIAL", "ACCESS_MANAGER", "STAFF_END_USER"


def pdf(change: Callable[[pikepdf.Pdf], None] = lambda _: None, **saving: Any) -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    change(made)
    out = io.BytesIO()
    made.save(out, **saving)
    return out.getvalue()


def image(kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), "red").save(out, kind)
    return out.getvalue()


def with_script(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")


def with_file(made: pikepdf.Pdf) -> None:
    made.attachments["a.exe"] = pikepdf.AttachedFileSpec(made, b"MZ")


def with_launch(made: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.Launch, F="cmd.exe")
    link = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, A=action)
    made.pages[0].Annots = pikepdf.Array([link])


def with_noise(made: pikepdf.Pdf) -> None:
    """Something that no copy makes shorter."""
    made.pages[0].Contents = made.make_stream(nature.random_bytes(6 * 1024 * 1024))


LOCKED = pikepdf.Encryption(owner="owner", user="user")


def ask(office: Office, role: str, who: UUID = PERSON) -> str:
    asked = office.room.execute(role_requests.request_role, who, employer_id=GROUP, role=role, attestation=ATTESTATION)
    return str(asked.id)


def counted(office: Office, request: str, who: UUID = PERSON, **more: Any) -> tuple[int, int]:
    office.house.settle()
    shown = office.ask("ListDocuments", who, role_request_id=request, **more)
    return shown.documents_uploaded, shown.documents_required


def events(office: Office) -> int:
    return len(office.room.events(RoleRequest.DocumentsCompleted))


def test_one_proof_completes_the_request_of_an_official(office: Office) -> None:
    """4.2 RoleRequestDocumentsCompleted; IA-CONF-04: 1 of 1."""
    request = ask(office, AO)
    assert counted(office, request) == (0, 1)
    answer = office.upload(PERSON, pdf(), role_request_id=request, file_name="CP 575 «é».pdf")
    assert (answer.documents_uploaded, answer.documents_required) == (1, 1)
    assert counted(office, request) == (1, 1)
    [shown] = office.ask("ListDocuments", PERSON, role_request_id=request).documents
    assert (shown.file_name, shown.document_type, shown.media_type) == ("CP 575 «é».pdf", "CP_575", "application/pdf")
    assert events(office) == 1


def test_a_manager_needs_two_different_things_and_not_two_files(office: Office) -> None:
    """D-42: distinct required types; an alternate stands for a CP 575."""
    request = ask(office, AM)
    for document_type, there in (("CP_575", 1), ("ALTERNATE", 1), ("CERTIFICATION", 2), ("CERTIFICATION", 2)):
        office.upload(PERSON, pdf(), role_request_id=request, document_type=document_type)
        assert counted(office, request) == (there, 2)
    assert events(office) == 1


def test_a_staff_end_user_needs_none(office: Office) -> None:
    request = ask(office, SEU)
    assert counted(office, request) == (0, 0)
    assert refused(lambda: office.upload(PERSON, pdf(), role_request_id=request)) == "NO_DOCUMENTS_NEEDED"
    with office.room.app.session() as session:
        assert session.run("SELECT document_id FROM contents") == [], "what nobody may upload is not kept either"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(pdf(), "application/pdf"), (image("GIF"), "image/gif"), (image("JPEG"), "image/jpeg")],
    ids=["pdf", "gif", "jpeg"],
)
def test_d_42_what_may_be_uploaded(office: Office, content: bytes, media_type: str) -> None:
    """By its content: the name says nothing."""
    request = ask(office, AO)
    office.upload(PERSON, content, 1000, role_request_id=request, file_name="scan.exe")
    office.house.settle()
    [shown] = office.ask("ListDocuments", PERSON, role_request_id=request).documents
    piece = office.ask("ReadDocument", PERSON, document_id=shown.document_id).piece
    assert (shown.media_type, shown.bytes) == (media_type, len(piece))
    assert piece[:4] == content[:4]
    assert office.ask("ReadDocument", PERSON, document_id=shown.document_id, offset=len(piece)).piece == b""


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "DOCUMENT_EMPTY"),
        (b"MZ" + bytes(100), "DOCUMENT_KIND"),
        (image("PNG"), "DOCUMENT_KIND"),
        (b"%PDF-1.7\n" + bytes(2000), "DOCUMENT_UNREADABLE"),
        (image("JPEG")[:200], "DOCUMENT_UNREADABLE"),
        (b"GIF89a" + bytes(10), "DOCUMENT_UNREADABLE"),
        (pdf(encryption=LOCKED), "DOCUMENT_UNREADABLE"),
        (pdf(with_script), "DOCUMENT_UNSAFE"),
        (pdf(with_file), "DOCUMENT_UNSAFE"),
        (pdf(with_launch), "DOCUMENT_UNSAFE"),
    ],
    ids=["empty", "program", "png", "no pdf", "cut jpeg", "cut gif", "locked", "script", "file inside", "launch"],
)
def test_d_42_what_is_refused_leaves_nothing(office: Office, content: bytes, code: str) -> None:
    """S-23."""
    request = ask(office, AO)
    before = office.room.end()
    assert refused(lambda: office.upload(PERSON, content, role_request_id=request)) == code
    assert office.room.end() == before
    with office.room.app.session() as session:
        assert session.run("SELECT 1 FROM contents") == []


@pytest.mark.parametrize(("more", "code"), [(0, ""), (1, "DOCUMENT_TOO_LARGE")])
def test_d_42_ten_mebibytes_are_allowed_and_no_byte_more(office: Office, more: int, code: str) -> None:
    content = pdf(with_noise)
    content += b"\n%" + b"x" * (office.parts.settings.document_bytes - len(content) - 2 + more)
    request = ask(office, AO)
    upload = partial(office.upload, PERSON, content, role_request_id=request)
    if code:
        assert refused(upload) == code
    else:
        upload()
        [shown] = office.room.app.repository.get(UUID(request)).documents
        parts, offset = [], 0
        while piece := office.ask("ReadDocument", PERSON, document_id=str(shown), offset=offset).piece:
            parts.append(piece)
            offset += len(piece)
        assert b"".join(parts) == office.parts.examiner.examine(content).content
        assert len(parts) > 10


@pytest.mark.parametrize(
    ("about", "code"),
    [
        ({"document_type": "PASSPORT"}, "UNKNOWN_DOCUMENT_TYPE"),
        ({"document_type": ""}, "UNKNOWN_DOCUMENT_TYPE"),
        ({"file_name": ""}, "FILE_NAME"),
        ({"file_name": "x" * 256}, "FILE_NAME"),
        ({"role_request_id": "x"}, "FIELD_MALFORMED"),
        ({"command_id": ""}, "FIELD_MALFORMED"),
    ],
)
def test_bad_words_about_a_document(office: Office, about: dict[str, str], code: str) -> None:
    request = ask(office, AO)
    before = office.room.end()
    assert refused(lambda: office.upload(PERSON, pdf(), **{"role_request_id": request, **about})) == code
    assert office.room.end() == before


def test_a_stream_begins_with_what_it_is_about(office: Office) -> None:
    pieces = [pb.UploadDocumentRequest(piece=b"%PDF-")]
    for stream in ([], pieces):
        call = partial(office.servicer.UploadDocument, iter(stream), office.caller(PERSON))
        assert refused(call) == "FIELD_REQUIRED"
    request = ask(office, AO)
    assert refused(lambda: office.upload(PERSON, bytes(300_000), 300_000, role_request_id=request)) == "PIECE_TOO_LARGE"


def test_the_same_upload_twice_is_one_document(office: Office) -> None:
    request, id_ = ask(office, AO), str(nature.new_id())
    first, again = (office.upload(PERSON, pdf(), role_request_id=request, command_id=id_) for _ in range(2))
    assert first == again
    assert len(office.room.app.repository.get(UUID(request)).documents) == 1


def test_anothers_request_and_documents_do_not_exist_for_a_stranger(office: Office) -> None:
    """A-09."""
    request, content = ask(office, AO), pdf()
    document = office.upload(PERSON, content, role_request_id=request).receipt.id
    office.house.settle()
    calls: list[Callable[[], Any]] = [
        lambda: office.upload(STRANGER, pdf(), role_request_id=request),
        lambda: office.ask("ListDocuments", STRANGER, role_request_id=request),
        lambda: office.ask("ReadDocument", STRANGER, document_id=document),
        lambda: office.ask("DeleteDocument", STRANGER, document_id=document),
        lambda: office.ask("DeleteDocument", HELP, roles=["EUS"], document_id=document),
    ]
    for call in calls:
        with pytest.raises(NotFoundError):
            call()
    assert counted(office, request, HELP, roles=["EUS"]) == (1, 1)
    kept = office.parts.examiner.examine(content).content
    assert office.ask("ReadDocument", HELP, roles=["EUS"], document_id=document).piece == kept


def waiting(office: Office, **more: Any) -> list[str]:
    shown = office.ask("ListRoleRequests", HELP, roles=["EUS"], **more).role_requests
    return [one.role_request_id for one in shown]


def test_external_user_services_approve_what_has_its_documents(office: Office) -> None:
    """4.2: EUS yes, 1 document for an official, 2 for a manager; the queue shows what is complete."""
    request = ask(office, AM)
    approve = partial(office.ask, "ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=request)
    office.upload(PERSON, pdf(), role_request_id=request)
    office.house.settle()
    assert (waiting(office), waiting(office, also_incomplete=True)) == ([], [request])
    assert refused(approve) == "DOCUMENTS_MISSING"
    office.upload(PERSON, pdf(), role_request_id=request, document_type="CERTIFICATION")
    office.house.settle()
    assert waiting(office) == [request]
    approve()


def test_a_document_is_taken_back_before_the_decision_alone(office: Office) -> None:
    """4.9."""
    request = ask(office, AO)
    first = office.upload(PERSON, pdf(), role_request_id=request).receipt.id
    for _ in range(2):
        office.ask("DeleteDocument", PERSON, document_id=first)
    assert counted(office, request) == (0, 1)
    with pytest.raises(NotFoundError):
        office.ask("ReadDocument", PERSON, document_id=first)
    with office.room.app.session() as session:
        assert session.run("SELECT 1 FROM contents") == []
    again = office.upload(PERSON, pdf(), role_request_id=request).receipt.id
    assert events(office) == 2
    office.ask("ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=request)
    assert refused(lambda: office.ask("DeleteDocument", PERSON, document_id=again)) == "ALREADY_DECIDED"
    assert refused(lambda: office.upload(PERSON, pdf(), role_request_id=request)) == "ALREADY_DECIDED"


def test_twenty_documents_are_the_most(office: Office) -> None:
    request = ask(office, AO)
    for _ in range(20):
        office.room.execute(_attach, PERSON, request=UUID(request))
    assert refused(lambda: office.upload(PERSON, pdf(), role_request_id=request)) == "TOO_MANY_DOCUMENTS"


def _attach(app: Any, cause: Any, *, request: UUID) -> Any:
    found: RoleRequest = app.repository.get(request)
    found.attach(document_id=nature.new_id(), document_type="CP_575")
    return app.commit(found, cause=cause)


def test_nobody_reads_a_document_of_a_person_whose_key_is_destroyed(office: Office) -> None:
    request = ask(office, AO)
    document = office.upload(PERSON, pdf(), role_request_id=request, file_name="mine.pdf").receipt.id
    with office.room.app.session() as session:
        kept = b"".join(bytes(one) for (one,) in session.run("SELECT content FROM contents"))
        kept += b"".join(bytes(one) for (one,) in session.run("SELECT state FROM log"))
    assert b"%PDF" not in kept
    assert b"mine.pdf" not in kept
    office.parts.vault.destroy(PERSON)
    with pytest.raises(NotFoundError):
        office.ask("ReadDocument", PERSON, document_id=document)
    office.house.settle()
    [shown] = office.ask("ListDocuments", PERSON, role_request_id=request).documents
    assert shown.file_name == ""


def test_what_takes_too_long_or_too_much_is_unreadable() -> None:
    """S-23: the process that looks has little memory, and little time."""
    for side, megabytes in ((9_000, 64), (12_000, 512)):
        out = io.BytesIO()
        Image.new("1", (side, side)).save(out, "GIF")
        examiner = ProcessExaminer(AccessSettings(examine_megabytes=megabytes), KINDS)
        assert refused(partial(examiner.examine, out.getvalue())) == "DOCUMENT_UNREADABLE"


def test_the_process_that_looks_opens_and_starts_nothing() -> None:
    """S-23: no file, no socket and no process of its own once it has begun, whoever it runs as."""
    program = (
        "import os, socket; from chassis.documents import examining; examining.limit(512, 10)\n"
        "for opening in (socket.socket, lambda: open('/etc/hostname'), os.fork):\n"
        "    try: opening()\n"
        "    except OSError as error: print(error.errno)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.split() == [b"24", b"24", b"11"]  # EMFILE twice, EAGAIN


def test_the_process_that_looks_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """S-22, S-23: what it can read could come out in the copy, which whoever sent the document reads."""
    monkeypatch.setenv("MANDATE_DATABASE_URL", "postgresql://access:secret@db.example/access")
    told: dict[str, str] = {}

    def run(words: Sequence[str], **how: Any) -> subprocess.CompletedProcess[bytes]:
        told.update(how["env"])
        return subprocess.CompletedProcess(words, 0, b"application/pdf\nPDF", b"")

    monkeypatch.setattr("chassis.documents.examiner.subprocess.run", run)
    ProcessExaminer(AccessSettings(), KINDS).examine(pdf())
    assert "PATH" in told
    assert not [name for name in told if name.startswith("MANDATE_")]


def comments(office: Office, who: UUID, request: str, roles: Sequence[str] = ()) -> list[tuple[str, bool, bool]]:
    office.house.settle()
    [shown] = office.ask("ListDocuments", who, roles=roles, role_request_id=request).documents
    return [(one.text, one.by_desk, one.is_own) for one in shown.comments]


def test_owner_and_desk_talk_about_a_document(office: Office) -> None:
    """IA-CONF-03, 4.9: view, add, delete comments; each their own, while the request waits."""
    request = ask(office, AO)
    document = office.upload(PERSON, pdf(), role_request_id=request).receipt.id
    desk = partial(office.ask, who=HELP, roles=["EUS"], document_id=document)
    own = office.ask("AddComment", PERSON, document_id=document, text=" Page 2\nis blank\u202e ").receipt.id
    theirs = desk("AddComment", text="Which page?").receipt.id
    assert comments(office, PERSON, request) == [("Page 2\nis blank", False, True), ("Which page?", True, False)]
    assert comments(office, HELP, request, ["EUS"])[1] == ("Which page?", True, True)
    for call in (
        partial(office.ask, "RemoveComment", PERSON, document_id=document, comment_id=theirs),
        partial(desk, "RemoveComment", comment_id=own),
    ):
        assert refused(call) == "NOT_YOUR_COMMENT"
    for _ in range(2):
        office.ask("RemoveComment", PERSON, document_id=document, comment_id=own)
    assert comments(office, PERSON, request) == [("Which page?", True, False)]
    for call in (
        partial(office.ask, "AddComment", STRANGER, document_id=document, text="x"),
        partial(office.ask, "RemoveComment", STRANGER, document_id=document, comment_id=own),
    ):
        with pytest.raises(NotFoundError):
            call()
    for text, code in ((" \u202e", "FIELD_REQUIRED"), ("x" * 501, "FIELD_TOO_LONG")):
        assert refused(partial(desk, "AddComment", text=text)) == code
    desk("AddComment", text="x" * 500)
    with office.room.app.session() as session:
        kept = b"".join(bytes(one) for (one,) in session.run("SELECT state FROM log"))
        kept += str(session.run("SELECT text FROM comments_v1")).encode()
    assert b"Which page" not in kept, "sealed for the owner of the document"
    office.ask("ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=request)
    for call in (partial(desk, "AddComment", text="late"), partial(desk, "RemoveComment", comment_id=theirs)):
        assert refused(call) == "ALREADY_DECIDED"


def test_the_desk_asks_for_another_document(office: Office) -> None:
    """4.9 DocumentRefused: it counts no more, its owner reads why, and another completes the request again."""
    request = ask(office, AO)
    document = office.upload(PERSON, pdf(), role_request_id=request).receipt.id
    refuse = partial(office.ask, "RefuseDocument", document_id=document, reason="The EIN is cut off")
    with pytest.raises(NotAllowedError):
        refuse(PERSON)
    assert refused(partial(refuse, HELP, roles=["EUS"], reason=" ")) == "FIELD_REQUIRED"
    assert refused(partial(refuse, PERSON, roles=["EUS"])) == "OWN_REQUEST"
    for _ in range(2):
        refuse(HELP, roles=["EUS"])
    assert counted(office, request) == (0, 1)
    assert waiting(office) == []
    [shown] = office.ask("ListDocuments", PERSON, role_request_id=request).documents
    assert (shown.status, shown.reason) == ("REFUSED", "The EIN is cut off")
    with office.room.app.session() as session:
        assert b"cut off" not in b"".join(bytes(one) for (one,) in session.run("SELECT state FROM log"))
    office.upload(PERSON, pdf(), role_request_id=request)
    office.house.settle()
    assert (counted(office, request), waiting(office), events(office)) == ((1, 1), [request], 2)
    office.ask("ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=request)
    office.house.settle()
    shown = office.ask("ListDocuments", PERSON, role_request_id=request).documents
    assert [one.status for one in shown] == ["REFUSED", "ACCEPTED"]
    last = shown[1].document_id
    assert refused(partial(refuse, HELP, roles=["EUS"], document_id=last)) == "ALREADY_DECIDED"


def test_a_kept_document_is_drawn_anew(office: Office) -> None:
    """S-23: what a file carries besides is not kept: where a picture was taken, a second file behind the first."""
    request, exif, out = ask(office, AO), Image.Exif(), io.BytesIO()
    exif[0x010F], exif[0x0112] = "Made of Secret", 6  # lies on its side
    Image.new("RGB", (40, 20), "red").save(out, "JPEG", exif=exif, comment=b"Secret")

    def noted(made: pikepdf.Pdf) -> None:
        made.docinfo["/Author"] = "Secret"
        made.Root.Metadata = made.make_stream(b"Secret")

    for content in (out.getvalue() + b"PK\x03\x04Secret", pdf(noted, compress_streams=False) + b"PK\x03\x04Secret"):
        assert b"Secret" in content
        document = office.upload(PERSON, content, role_request_id=request).receipt.id
        kept = office.ask("ReadDocument", PERSON, document_id=document).piece
        assert b"Secret" not in kept
        again = office.parts.examiner.examine(content)
        assert (again.content, again.media_type) == (kept, office.parts.examiner.examine(kept).media_type)
        if kept.startswith(b"\xff"):
            assert Image.open(io.BytesIO(kept)).size == (20, 40)


def test_two_people_of_the_desk_approve_an_official_where_it_is_set(office: Office) -> None:
    """4.2, S-14, limits.md: nothing is held before the second; nobody but the desk is told of the first."""
    settings = office.parts.settings.model_copy(update={"officials_by_two": True})
    two = Office(office.house, replace(office.parts, settings=settings), office.clock)
    request, first, second = ask(office, AO), HELP, nature.new_id()
    office.upload(PERSON, pdf(), role_request_id=request)
    approve = partial(two.ask, "ApproveRoleRequest", roles=["EUS"], role_request_id=request)
    for _ in range(2):
        assert approve(first).needs_second
    office.house.settle()
    see = partial(two.ask, "GetRoleRequest", role_request_id=request)
    assert see(second, roles=["EUS"]).role_request.first_approved_by == str(first)
    mine = see(PERSON).role_request
    assert (mine.first_approved_by, mine.status) == ("", "PENDING")
    [shown] = two.ask("ListRoleRequests", second, roles=["EUS"]).role_requests
    assert shown.first_approved_by == str(first)
    assert not approve(second).needs_second
    office.house.settle()
    assert see(PERSON).role_request.status == "APPROVED"
    assert see(second, roles=["EUS"]).role_request.first_approved_by == ""


def test_two_people_are_needed_for_an_official_alone(office: Office) -> None:
    """S-14."""
    settings = office.parts.settings.model_copy(update={"officials_by_two": True})
    two = Office(office.house, replace(office.parts, settings=settings), office.clock)
    staff = ask(office, SEU)
    assert not two.ask("ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=staff).needs_second


def test_the_desk_finds_a_request_by_what_is_told_on_the_telephone(office: Office) -> None:
    """4.2 help desk: by its Tracking ID in any case, whatever was decided; for others there is nothing to find."""
    request = ask(office, SEU)
    office.house.settle()
    id_ = office.ask("GetRoleRequest", PERSON, role_request_id=request).role_request.tracking_id
    find = partial(office.ask, "FindRoleRequest", HELP, roles=["EUS"])
    office.ask("ApproveRoleRequest", HELP, roles=["EUS"], role_request_id=request)
    for typed in (id_, id_.lower(), f"{id_[:4]}-{id_[4:8]} {id_[8:]}"):
        assert find(tracking_id=typed).role_request_id == request
    assert refused(partial(find, tracking_id=f"{id_[:-1]}{'0' if id_[-1] != '0' else '1'}")) == "UNREADABLE_TRACKING_ID"
    for roles in ([], ["MAC"]):
        with pytest.raises(NotAllowedError):
            office.ask("FindRoleRequest", STRANGER, roles=roles, tracking_id=id_)
