"""A document as it comes in: its limits, its refusals, and the pieces it is sent in (D-42)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict

from chassis.domain import DomainError

PIECE_SENT = 256 * 1024
PIECE_READ = 512 * 1024
LONGEST_NAME = 255


class DocumentSettings(BaseSettings):
    """limits.md, prefix MANDATE_."""

    model_config = SettingsConfigDict(env_prefix="MANDATE_", extra="ignore")

    document_bytes: int = 10 * 1024 * 1024
    """Equality allowed (D-42)."""
    examine_seconds: int = 10
    """Of CPU, for one document; twice that on the clock."""
    examine_megabytes: int = 512


class FieldRequiredError(DomainError):
    """Say first what is sent, then send it."""

    field = "about"


class PieceTooLargeError(DomainError):
    """Send at most 256 KiB at once."""

    field = "piece"


class FileNameError(DomainError):
    """Give the file a name of at most 255 characters."""

    field = "file_name"


class DocumentEmptyError(DomainError):
    """The file is empty. Choose it again."""

    field = "file"


class DocumentTooLargeError(DomainError):
    """The file is larger than 10 MB. Scan it with fewer dots or fewer colors (D-42)."""

    field = "file"


class DocumentKindError(DomainError):
    """The file is of a kind that is not taken, whatever its name says (D-42)."""

    field = "file"


class DocumentUnreadableError(DomainError):
    """The file is damaged or locked by a password. Save it again without one."""

    field = "file"


class DocumentUnsafeError(DomainError):
    """The PDF holds programs, forms or other files. Print it to a new PDF and send that."""

    field = "file"


def received(pieces: Iterator[Any], *, most: int) -> tuple[Any, bytes]:
    """What was sent, an `about` and then pieces, and no more of it than one piece over the limit.

    Raises `FieldRequiredError`, `PieceTooLargeError`; whether it is too large is the command's to judge.
    """
    first = next(pieces, None)
    if first is None or first.WhichOneof("part") != "about":
        raise FieldRequiredError
    content = bytearray()
    for piece in pieces:
        if len(piece.piece) > PIECE_SENT:
            raise PieceTooLargeError
        content += piece.piece
        if len(content) > most:
            break
    return first.about, bytes(content)


def checked(file_name: str, content: bytes, *, most: int) -> str:
    """The name without what cannot be seen. Raises `FileNameError`, `DocumentEmptyError`, `DocumentTooLargeError`."""
    name = "".join(character for character in file_name.strip() if character.isprintable())
    if not name or len(name) > LONGEST_NAME:
        raise FileNameError
    if not content:
        raise DocumentEmptyError
    if len(content) > most:
        raise DocumentTooLargeError
    return name
