"""What looks into one document: reads it from standard input, writes what it is and its clean copy, or a refusal.

`python -m chassis.documents.examining MEGABYTES SECONDS KINDS`, such as 512 10 PDF,TIFF. It limits itself before it
reads: memory, CPU, no new file or socket and no process of its own, so that a parser taken over by a document can do
little but fail. What is left to it: it may signal what runs under the same user (as root: under "nobody"), and a root
who may not become another user, as in some containers, can still fork, up to what the container allows.

The copy is made anew from what was understood: what a document carried besides, such as where a picture was taken, or
a second file behind the first, is not in it (S-23).
"""

from __future__ import annotations

import io
import os
import resource
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pikepdf
from PIL import GifImagePlugin, Image, ImageOps, ImageSequence, JpegImagePlugin, TiffImagePlugin

from chassis.documents.unpacking import MOST_PIXELS, UnboundedError, require_bounded

BEGINNINGS = {
    "PDF": (b"%PDF-",),
    "GIF": (b"GIF8",),
    "JPEG": (b"\xff\xd8\xff",),
    "TIFF": (b"II*\0", b"MM\0*"),
}
MEDIA_TYPES = {"PDF": "application/pdf", "GIF": "image/gif", "JPEG": "image/jpeg", "TIFF": "image/tiff"}
PLUGINS = {
    "GIF": GifImagePlugin.GifImageFile,
    "JPEG": JpegImagePlugin.JpegImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
KIND, UNREADABLE, UNSAFE = "KIND", "UNREADABLE", "UNSAFE"
GROWS = 4
"""How many times as long a clean copy may be: a picture that was packed tighter than that is a bomb or a jest."""
LEAST_COPY = 1024 * 1024
BROKEN = (
    AttributeError, EOFError, Image.DecompressionBombError, KeyError, MemoryError, OSError, OverflowError,
    RecursionError, SyntaxError, TypeError, ValueError, struct.error,
)  # fmt: skip
"""What the libraries raise at files that are none."""

NOBODY = 65534
"""The user and the group that own nothing."""

ACTIVE = frozenset(
    {
        "/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/GoToR", "/GoToE", "/Rendition",
        "/RichMediaExecute", "/Movie", "/Sound",
    }
)  # fmt: skip
"""Actions of a PDF that do more than turn a page or open a link."""
PLAYS = frozenset({"/RichMedia", "/Movie", "/Sound", "/Screen", "/3D", "/FileAttachment"})
"""Kinds of what lies on a page that a reader plays, or hands over as a file."""
CARRIES = ("/EmbeddedFiles", "/EF", "/JavaScript", "/XFA", "/RichMediaContent")


class RefusedError(Exception):
    """The document is refused; its word is the argument."""


def limit(megabytes: int, seconds: int) -> None:
    """Let this process have no more than this, open and start nothing any more. What is imported already stays."""
    Image.preinit()  # what drawing a copy imports
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 1024 * 1024,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
    if os.geteuid() == 0:  # whose processes the kernel does not count
        with suppress(OSError):
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def examine(content: bytes, kinds: Sequence[str]) -> tuple[str, bytes]:
    """The media type, by what is in it and not by its name (D-42), and the clean copy. Raises `RefusedError`."""
    for kind in kinds:
        if content.startswith(BEGINNINGS[kind]):
            copy = _pdf(content) if kind == "PDF" else _image(content, kind)
            if len(copy) > max(LEAST_COPY, GROWS * len(content)):
                raise RefusedError(UNREADABLE)
            return MEDIA_TYPES[kind], copy
    raise RefusedError(KIND)


def _pdf(content: bytes) -> bytes:
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            if pdf.is_encrypted or not len(pdf.pages):
                raise RefusedError(UNREADABLE)
            if any(_is_active(one) for one in _dictionaries(pdf)):
                raise RefusedError(UNSAFE)
            require_bounded(pdf)
            for told in (pdf.trailer, "/Info"), (pdf.Root, "/Metadata"):
                _forget(*told)
            # the same copy for the same content: a command that is tried again keeps what its event says
            pdf.save(
                out,
                deterministic_id=True,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                stream_decode_level=pikepdf.StreamDecodeLevel.none,  # what is packed stays so
            )
    except (pikepdf.PdfError, pikepdf.PasswordError, UnboundedError, *BROKEN):
        raise RefusedError(UNREADABLE) from None
    return out.getvalue()


def _forget(holder: pikepdf.Object, key: str) -> None:
    if key in holder:
        del holder[key]


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
    does, is_ = str(one.get("/S", "")), str(one.get("/Subtype", ""))
    return does in ACTIVE or is_ in PLAYS or any(name in one for name in CARRIES)


def _image(content: bytes, kind: str) -> bytes:
    """Every page is read to its last pixel, and drawn anew."""
    out = io.BytesIO()
    try:
        with PLUGINS[kind](io.BytesIO(content)) as image:
            pixels, pages = 0, []
            for page in ImageSequence.Iterator(image) if kind != "JPEG" else (image,):
                pixels += page.width * page.height
                if pixels > MOST_PIXELS:
                    raise RefusedError(UNREADABLE)
                pages.append(_drawn(page))
            pages[0].save(out, kind, **_saving(image, pages, kind))
    except BROKEN:
        raise RefusedError(UNREADABLE) from None
    return out.getvalue()


def _drawn(page: Image.Image) -> Image.Image:
    """The picture alone, the way up that its camera noted, without what else its file says."""
    page.load()
    drawn = ImageOps.exif_transpose(page)
    drawn.info.clear()
    return drawn


def _saving(image: Image.Image, pages: Sequence[Image.Image], kind: str) -> dict[str, Any]:
    """How the copy is packed: as the original, so that it is as sharp and about as long."""
    if isinstance(image, JpegImagePlugin.JpegImageFile):
        return {"qtables": image.quantization, "subsampling": JpegImagePlugin.get_sampling(image)}
    if kind == "GIF":
        return {"save_all": True, "append_images": pages[1:]}
    packed = "jpeg" if image.info.get("compression") == "jpeg" else "tiff_adobe_deflate"
    packed = "group4" if all(page.mode == "1" for page in pages) else packed
    return {"save_all": True, "append_images": pages[1:], "compression": packed}


def main() -> None:
    """Answer with one word, and the copy behind it."""
    limit(int(sys.argv[1]), int(sys.argv[2]))
    try:
        media_type, copy = examine(sys.stdin.buffer.read(), sys.argv[3].split(","))
    except RefusedError as refused:
        sys.stdout.write(f"{refused}\n")
        sys.exit(1)
    sys.stdout.buffer.write(f"{media_type}\n".encode() + copy)


if __name__ == "__main__":
    main()
