"""A form that brings a document (D-42): read part by part into memory, never into a file, and sent on in pieces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from mandate.access.v1.service_pb2 import UploadDocumentRequest
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

PARTS = 20
"""More than any form of ours has."""
PIECE = 256 * 1024
"""What access takes at once (limits.md)."""


class BadUploadError(Exception):
    """The body is no form with a document, or was cut off."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A document as its sender calls it; nobody has looked into it yet."""

    name: str
    content: bytes
    is_whole: bool
    """False: there was more than a form may bring, and the rest was let go."""


@dataclass(slots=True)
class _Part:
    name: str = ""
    file_name: str | None = None
    """None: an ordinary field."""
    content: bytearray = field(default_factory=bytearray)
    is_whole: bool = True

    def text(self) -> str:
        return self.content.decode("utf-8", "replace")


class Parts:
    """The parts of a body while it comes in. Of all of them together `most` bytes are kept."""

    def __init__(self, content_type: str, *, most: int) -> None:
        """Raises `BadUploadError` for another kind of body."""
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not boundary:
            raise BadUploadError
        self._left = most
        self._parts: list[_Part] = []
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_begin": self._begin_header,
                    "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
                    "on_header_end": self._end_header,
                    "on_part_data": self._take,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadUploadError from error

    def feed(self, chunk: bytes) -> None:
        """Read on. Raises `BadUploadError`."""
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise BadUploadError from error

    def done(self) -> tuple[list[tuple[str, str]], dict[str, Upload]]:
        """The fields in their order, a document's by its file name, and the documents. Raises `BadUploadError`."""
        files = {
            part.name: Upload(part.file_name, bytes(part.content), part.is_whole)
            for part in self._parts
            if part.file_name is not None
        }
        if not self._ended or not all(part.is_whole or part.name in files for part in self._parts):
            raise BadUploadError
        return [(part.name, part.text() if part.file_name is None else part.file_name) for part in self._parts], files

    def _begin(self) -> None:
        if len(self._parts) == PARTS:
            raise BadUploadError
        self._parts.append(_Part())

    def _begin_header(self) -> None:
        self._header = (bytearray(), bytearray())

    def _end_header(self) -> None:
        name, value = (text.decode("latin-1") for text in self._header)
        if name.lower() != "content-disposition":
            return
        _, options = parse_options_header(value)
        part = self._parts[-1]
        part.name = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" in options:
            part.file_name = options[b"filename"].decode("utf-8", "replace")

    def _take(self, data: bytes, start: int, end: int) -> None:
        part, kept = self._parts[-1], min(end - start, self._left)
        part.content += data[start : start + kept]
        part.is_whole = part.is_whole and kept == end - start
        self._left -= kept

    def _end(self) -> None:
        self._ended = True


def pieces(about: UploadDocumentRequest.About, content: bytes) -> Iterator[UploadDocumentRequest]:
    """What access wants to hear: what it is about, and then the content."""
    yield UploadDocumentRequest(about=about)
    yield from (UploadDocumentRequest(piece=piece) for piece in cut(content))


def cut(content: bytes) -> Iterator[bytes]:
    """A document in pieces as services take them."""
    return (content[start : start + PIECE] for start in range(0, len(content), PIECE))
