"""What looks into one document: reads it from standard input, writes what it is, or why it is refused.

`python -m chassis.documents.examining MEGABYTES SECONDS KINDS`, such as 512 10 PDF,TIFF. It limits itself before it
reads: memory, CPU, and no new file or socket, so that a parser taken over by a document can do nothing but fail.
"""

from __future__ import annotations

import io
import resource
import sys
from collections.abc import Iterator, Sequence

import pikepdf
from PIL import GifImagePlugin, Image, ImageSequence, JpegImagePlugin, TiffImagePlugin

BEGINNINGS = {
    "PDF": (b"%PDF-",),
    "GIF": (b"GIF8",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}
PLUGINS = {
    "GIF": GifImagePlugin.GifImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
KIND, UNREADABLE, UNSAFE = "KIND", "UNREADABLE", "UNSAFE"
MOST_PIXELS = 100_000_000
"""A4 at 1,000 dots an inch."""

ACTIVE = frozenset({"/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition"})
"""Actions of a PDF that do more than turn a page or open a link."""
CARRIES = ("/EmbeddedFiles", "/JavaScript", "/XFA", "/RichMedia")


class RefusedError(Exception):
    """The document is refused; its word is the argument."""


def limit(megabytes: int, seconds: int) -> None:
    """Let this process have no more than this, and open nothing any more. What is imported already stays."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def examine(content: bytes, kinds: Sequence[str]) -> str:
    """The media type, by what is in it and not by its name (D-42). Raises `RefusedError`."""
    for kind in kinds:
        if content.startswith(BEGINNINGS[kind]):
            return _pdf(content) if kind == "PDF" else _image(content, kind)
    raise RefusedError(KIND)


def _pdf(content: bytes) -> str:
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted or not len(pdf.pages):
                raise RefusedError(UNREADABLE)
            if any(_is_active(one) for one in _dictionaries(pdf)):
                raise RefusedError(UNSAFE)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, TypeError, RecursionError):
        raise RefusedError(UNREADABLE) from None
    return "application/pdf"


def _dictionaries(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Every dictionary of the file: those that are objects, and those inside them."""
    waiting = list(pdf.objects)
    while waiting:
        one = waiting.pop()
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            yield one
            waiting += [value for _, value in one.items() if _is_inside(value)]
        elif isinstance(one, pikepdf.Array):
            waiting += [value for value in one if _is_inside(value)]


def _is_inside(value: object) -> bool:
    """Whether it is a part of what holds it, and not an object of the file that is met by itself."""
    return isinstance(value, pikepdf.Object) and not value.is_indirect


def _is_active(one: pikepdf.Object) -> bool:
    return str(one.get("/S", "")) in ACTIVE or any(name in one for name in CARRIES)


def _image(content: bytes, kind: str) -> str:
    """Every page of a TIFF, the first picture of what has no pages."""
    try:
        with PLUGINS[kind](io.BytesIO(content)) as image:
            pixels = 0
            for page in ImageSequence.Iterator(image) if kind == "TIFF" else (image,):
                pixels += page.width * page.height
                if pixels > MOST_PIXELS:
                    raise RefusedError(UNREADABLE)
                page.load()
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, TypeError, KeyError, Image.DecompressionBombError):
        raise RefusedError(UNREADABLE) from None
    return f"image/{kind.lower()}"


def main() -> None:
    """Answer with one word."""
    limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        answer = examine(sys.stdin.buffer.read(), sys.argv[3].split(","))
    except RefusedError as refused:
        sys.stdout.write(f"{refused}\n")
        sys.exit(1)
    sys.stdout.write(f"{answer}\n")


if __name__ == "__main__":
    main()
