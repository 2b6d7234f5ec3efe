"""A form with a document, read from the wire: whatever its pieces, nothing more than it may bring is kept."""

from __future__ import annotations

import tracemalloc

import pytest
from mandate.access.v1.service_pb2 import UploadDocumentRequest

from services.portal.web.uploads import PIECE, BadUploadError, Parts, Upload, pieces

KIND = "multipart/form-data; boundary=cut"


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    called = "" if file_name is None else f'; filename="{file_name}"'
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{called}\r\nContent-Type: x/y\r\n\r\n'
    return head.encode() + content + b"\r\n"


def read(body: bytes, *, at_once: int = 7, most: int = 1000) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
    parts = Parts(KIND, most=most)
    for start in range(0, len(body), at_once):
        parts.feed(body[start : start + at_once])
    return parts.done()


@pytest.mark.parametrize("at_once", [1, 7, 10_000])
def test_fields_and_a_document_however_they_come_in(at_once: int) -> None:
    body = (
        part("csrf", b"abc") + part("type", "é".encode()) + part("file", b"\r\n--cu\x00\r\n", "CP «é».pdf") + b"--cut--"
    )
    items, files = read(body, at_once=at_once)
    assert items == [("csrf", "abc"), ("type", "é"), ("file", "CP «é».pdf")]
    assert files == {"file": Upload("CP «é».pdf", b"\r\n--cu\x00\r\n", is_whole=True)}


def test_a_box_without_a_file_is_an_empty_field() -> None:
    items, files = read(part("file", b"", "") + b"--cut--")
    assert items == [("file", "")]
    assert files["file"].content == b""


def test_of_a_document_too_large_the_rest_is_let_go() -> None:
    body = part("type", b"CP_575") + part("file", b"x" * 5000, "a.pdf") + b"--cut--"
    items, files = read(body, most=100)
    assert items[0] == ("type", "CP_575"), "what was chosen is known, because it came first"
    assert (len(files["file"].content), files["file"].is_whole) == (94, False)


def test_a_document_too_large_takes_no_memory() -> None:
    parts = Parts(KIND, most=1000)
    parts.feed(part("file", b"", "a.pdf")[:-2])
    chunk = b"x" * 100_000
    tracemalloc.start()
    for _ in range(50):
        parts.feed(chunk)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


@pytest.mark.parametrize(
    ("body", "most"),
    [
        (b"", 1000),
        (b"nothing of the kind", 1000),
        (part("file", b"x" * 50, "a.pdf"), 1000),
        (part("csrf", b"x" * 50) + b"--cut--", 10),
        (b"".join(part(str(n), b"x") for n in range(21)) + b"--cut--", 1000),
        (b"--cut\r\n" + b"X: " + b"x" * 10_000 + b"\r\n\r\n--cut--", 1000),
    ],
    ids=["empty", "text", "cut off", "large field", "many parts", "large header"],
)
def test_what_is_no_form_of_ours_is_refused(body: bytes, most: int) -> None:
    with pytest.raises(BadUploadError):
        read(body, most=most)


@pytest.mark.parametrize("kind", ["", "text/plain", "multipart/form-data", "multipart/mixed; boundary=cut",
                                  "multipart/form-data; boundary=" + "x" * 300])  # fmt: skip
def test_a_body_of_another_kind_is_refused(kind: str) -> None:
    with pytest.raises(BadUploadError):
        Parts(kind, most=1000)


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_access_hears_first_what_it_is_about_and_then_pieces(size: int) -> None:
    about = UploadDocumentRequest.About(document_type="CP_575", file_name="a.pdf")
    first, *rest = pieces(about, bytes(size))
    assert first.about == about
    assert [len(one.piece) for one in rest] == [PIECE] * (size // PIECE) + ([size % PIECE] if size % PIECE else [])
