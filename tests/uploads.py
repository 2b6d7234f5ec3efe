"""Hostile uploads (B-06): made here, mutated by a seed, and judged by the examiner in a process each.

`python -m tests.uploads COUNT SEED KINDS` judges every file of the corpus and COUNT mutations, and says of each on a
line of JSON what became of it. A process is forked for each, so that the libraries are loaded once; it limits itself as
`chassis.documents.examining` does, and what it took is the kernel's word.
"""

from __future__ import annotations

import base64
import io
import json
import os
import random
import struct
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import pikepdf
from PIL import Image

from chassis.documents import examining
from chassis.documents.unpacking import MOST
from chassis.documents.uploads import DocumentSettings

MARK = b"B06-PAYLOAD"
"""Stands in whatever a file carries besides its picture or pages."""
SCRIPT = MARK + b"<script>alert(1)</script>"
BOMB = "bomb-flate.pdf"
"""Takes seconds to be refused, and is mutated no further."""
CRASHED, TIMED_OUT = "CRASHED", "TIMED_OUT"
TRY_S = 6 * DocumentSettings().examine_seconds
"""On the clock: the machine may be busy with others, and the kernel counts what a process itself takes."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of one file."""

    name: str
    word: str
    """A media type, KIND, UNREADABLE, UNSAFE, or how the process ended."""
    is_whole: bool
    """Of one that was taken: its copy is taken again for the same, and carries nothing of the payload."""
    cpu_s: float
    memory_kib: int


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("run.js", SCRIPT)
    return out.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], None] = lambda _: None, **saving: Any) -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    change(made)
    made.save(out, **saving)
    return out.getvalue()


def image(kind: str, **saving: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 60).convert("RGB").save(out, kind, **saving)
    return out.getvalue()


def script() -> pikepdf.Dictionary:
    return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=SCRIPT.decode())


def _opens(made: pikepdf.Pdf) -> None:
    made.Root.OpenAction = script()


def _turns(made: pikepdf.Pdf) -> None:
    made.pages[0].AA = pikepdf.Dictionary(O=script())


def _named(made: pikepdf.Pdf) -> None:
    names = pikepdf.Array([pikepdf.String("x"), made.make_indirect(script())])
    made.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=names))


def _next(made: pikepdf.Pdf) -> None:
    turn = pikepdf.Dictionary(S=pikepdf.Name.GoTo, D=pikepdf.Array([0]), Next=pikepdf.Array([script()]))
    made.Root.OpenAction = made.make_indirect(turn)


def _form(made: pikepdf.Pdf) -> None:
    made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([]), XFA=made.make_stream(SCRIPT))


def _attached(made: pikepdf.Pdf) -> None:
    made.attachments["run.exe"] = pikepdf.AttachedFileSpec(made, b"MZ" + MARK)


def _pinned(made: pikepdf.Pdf) -> None:
    """A file that a click on the page hands over; no list of the document names it."""
    file = pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="run.exe")
    file.EF = pikepdf.Dictionary(F=made.make_stream(b"MZ" + MARK))
    _lays(made, "/FileAttachment", FS=made.make_indirect(file))


def _associated(made: pikepdf.Pdf) -> None:
    held = pikepdf.Dictionary(F=made.make_stream(b"MZ" + MARK))
    made.Root.AF = pikepdf.Array([pikepdf.Dictionary(Type=pikepdf.Name.Filespec, F="run.exe", EF=held)])


def _plays(made: pikepdf.Pdf) -> None:
    _lays(made, "/RichMedia", RichMediaContent=pikepdf.Dictionary())


def _sounds(made: pikepdf.Pdf) -> None:
    _lays(made, "/Movie", Movie=pikepdf.Dictionary(F="a.avi"))


def _lays(made: pikepdf.Pdf, kind: str, **more: Any) -> None:
    one = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name(kind), Rect=[0, 0, 9, 9], **more)
    made.pages[0].Annots = pikepdf.Array([one])


def _pictures(made: pikepdf.Pdf) -> None:
    """10^9 pixels that are packed as no zip: few bytes say how many they are."""
    said = {"Width": 31_623, "Height": 31_623, "BitsPerComponent": 1, "ImageMask": True}
    picture = made.make_stream(b"\0", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, **said)
    picture.Filter = pikepdf.Name.CCITTFaxDecode
    made.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=picture))


def _inflates(made: pikepdf.Pdf) -> None:
    """A gigabyte of nothing, packed twice."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packing.compress(bytes(64 * 1024 * 1024)) + packing.flush(zlib.Z_FULL_FLUSH)  # may be repeated
    stream = made.make_stream(zlib.compress(b"\x78\x01" + block * 16, 9))
    stream.Filter = pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode])
    made.pages[0].Contents = stream


def packed(content: bytes, *filters: str) -> bytes:
    """A page whose instructions are packed like this."""

    def change(made: pikepdf.Pdf) -> None:
        made.pages[0].Contents = made.make_stream(content, Filter=[pikepdf.Name(one) for one in filters])

    return pdf(change, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)


def _picture(content: bytes, kind: str, **parameters: Any) -> Callable[[pikepdf.Pdf], None]:
    """A picture that is said to have one pixel."""

    def change(made: pikepdf.Pdf) -> None:
        said = {"Subtype": pikepdf.Name.Image, "Width": 1, "Height": 1, "BitsPerComponent": 8}
        picture = made.make_stream(content, Filter=pikepdf.Name(kind), **said)
        picture.DecodeParms = pikepdf.Dictionary(**parameters)
        made.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=picture))

    return change


LZW_RUN = 3_837
"""Codes after which a table of LZW is full; they stand for LZW_RUN * (LZW_RUN + 1) / 2 bytes."""


def lzw(tables: int, codes: int = LZW_RUN) -> bytes:
    """Spaces as LZW: each code stands for one more of them than the code before, until the table begins anew."""
    widths = [max(9, (258 + max(at, 1)).bit_length()) for at in range(codes + 1)]
    said = [32, *range(258, 257 + codes)]
    run = "".join(f"{code:0{width}b}" for code, width in zip(said, widths, strict=False))
    text = f"{256:09b}" + f"{256:0{widths[-1]}b}".join([run] * tables) + f"{257:0{widths[-1]}b}"
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")


PACKED = {
    "lzw": (lzw(1, 300), ("/LZWDecode",)),
    "runs": (b"\x02q Q\xff \x80", ("/RunLengthDecode",)),
    "85": (base64.a85encode(zlib.compress(b"q Q")) + b"~>", ("/ASCII85Decode", "/FlateDecode")),
    "hex": (b"71 20 51>", ("/ASCIIHexDecode",)),
    "twice": (zlib.compress(zlib.compress(b"q Q")), ("/FlateDecode", "/FlateDecode")),
}
"""How scanners and old printers' software pack pages."""


def _circular(made: pikepdf.Pdf) -> None:
    made.Root.Pages.Kids.append(made.Root.Pages)


def gif_of(width: int, height: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", width, height, 0xF0, 0, 0) + bytes(6)
    return head + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"


def jpeg_of(width: int, height: int) -> bytes:
    content = bytearray(image("JPEG"))
    at = content.index(b"\xff\xc0") + 5
    content[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def tiff_of(width: int, height: int) -> bytes:
    tags = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 8)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 16) + bytes(8) + struct.pack("<H", len(tags)) + entries + bytes(4)


@cache
def corpus() -> dict[str, bytes]:
    """Name -> file. Those that begin with `good` are to be taken, and of others a polyglot's first half alone."""
    many = [Image.effect_noise((8, 8), 60) for _ in range(50)]
    good = {"good.pdf": pdf(), "good.gif": image("GIF"), "good.jpeg": image("JPEG"), "good.tiff": image("TIFF")}
    return good | {
        "good-pages.tiff": image("TIFF", save_all=True, append_images=many),
        "good-moving.gif": image("GIF", save_all=True, append_images=many),
        **{f"good-packed-{name}.pdf": packed(content, *filters) for name, (content, filters) in PACKED.items()},
        "good-picture-jpeg.pdf": pdf(_picture(image("JPEG"), "/DCTDecode")),
        "good-picture-jpeg2000.pdf": pdf(_picture(image("JPEG2000"), "/JPXDecode")),
        "good-picture-fax.pdf": pdf(_picture(b"\0", "/CCITTFaxDecode", Columns=1728, K=-1)),
        "good-picture-jbig2.pdf": pdf(_picture(b"\0", "/JBIG2Decode")),
        **{f"polyglot-zip-{name}": content + zipped() for name, content in good.items()},
        "polyglot-comment.jpeg": image("JPEG", comment=SCRIPT),
        "polyglot-comment.gif": image("GIF", comment=SCRIPT),
        "polyglot-tag.tiff": image("TIFF", tiffinfo={270: SCRIPT.decode()}),
        "polyglot-info.pdf": pdf(lambda made: made.docinfo.__setitem__("/Author", SCRIPT.decode())),
        "bad-html-first": b"<html>" + SCRIPT + pdf(),
        "bad-zip-first": zipped() + pdf(),
        "bad-program": b"MZ" + bytes(2000),
        "bad-svg": b"<svg xmlns='http://www.w3.org/2000/svg'>" + SCRIPT + b"</svg>",
        **{
            f"bad-script-{change.__name__}": pdf(change, object_stream_mode=mode)
            for change, mode in (
                (_opens, pikepdf.ObjectStreamMode.disable),
                (_turns, pikepdf.ObjectStreamMode.generate),
                (_named, pikepdf.ObjectStreamMode.generate),
                (_next, pikepdf.ObjectStreamMode.generate),
                (_form, pikepdf.ObjectStreamMode.disable),
                (_attached, pikepdf.ObjectStreamMode.generate),
                (_pinned, pikepdf.ObjectStreamMode.generate),
                (_associated, pikepdf.ObjectStreamMode.disable),
                (_plays, pikepdf.ObjectStreamMode.generate),
                (_sounds, pikepdf.ObjectStreamMode.disable),
            )
        },
        "bad-script-written-otherwise": pdf(_opens, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        .replace(b"/JavaScript", b"/Java#53cript")
        .replace(b"/JS", b"/J#53"),
        "bad-locked": pdf(encryption=pikepdf.Encryption(owner="o", user="u")),
        "bad-locked-for-nobody": pdf(encryption=pikepdf.Encryption(owner="o", user="")),
        "bad-deep": b"%PDF-1.7\n1 0 obj\n" + b"[" * 200_000 + b"]" * 200_000 + b"\nendobj\ntrailer<</Root 1 0 R>>",
        "bad-no-pages": pdf(lambda made: made.pages.__delitem__(0)),
        "bomb.gif": gif_of(65_535, 65_535),
        "bomb-1e9.gif": gif_of(31_623, 31_623),
        "bomb.jpeg": jpeg_of(65_500, 65_500),
        "bomb-1e9.tiff": tiff_of(40_000, 25_000),
        BOMB: pdf(_inflates, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False),
        "bomb-1e9.pdf": pdf(_pictures),
        "bomb-lzw.pdf": packed(lzw(140), "/LZWDecode"),
        "bomb-lzw-over-flate.pdf": packed(zlib.compress(lzw(1)), "/LZWDecode", "/FlateDecode"),
        "bomb-flate-over-lzw.pdf": packed(zlib.compress(lzw(140)), "/FlateDecode", "/LZWDecode"),
        "bomb-damaged-over-lzw.pdf": packed(zlib.compress(lzw(140))[:-1] + b"!", "/FlateDecode", "/LZWDecode"),
        "bomb-85-over-lzw.pdf": packed(base64.a85encode(lzw(140)) + b"~>", "/ASCII85Decode", "/LZWDecode"),
        "bomb-hex-over-flate.pdf": packed(
            zlib.compress(zlib.compress(bytes(MOST))).hex().encode() + b">",
            "/ASCIIHexDecode", "/FlateDecode", "/FlateDecode",
        ),
        "bomb-runs.pdf": packed(b"\x81 " * (MOST // 128), "/RunLengthDecode"),
        "bomb-jpeg.pdf": pdf(_picture(jpeg_of(65_500, 65_500), "/DCTDecode")),
        "bomb-fax.pdf": pdf(_picture(b"\0", "/CCITTFaxDecode", Columns=1 << 30)),
        "bad-filter.pdf": packed(b"x", "/Z85Decode"),
        "bad-filter-short.pdf": packed(lzw(1), "/LZW"),
        "circular.pdf": pdf(_circular),
        **{
            f"cut-{tenth}-{name}": content[: len(content) * tenth // 10]
            for tenth in (3, 9)
            for name, content in good.items()
        },
    }  # fmt: skip


def mutated(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Files of the corpus with bytes changed, cut out, repeated, or taken from another; always the same for a seed."""
    chance, files = random.Random(seed), [one for one in corpus().items() if len(one[1]) < 200_000 and one[0] != BOMB]
    for number in range(count):
        name, content = chance.choice(files)
        changed = bytearray(content)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(max(1, len(changed)))
            length = min(chance.choice((1, 1, 2, 4, 16, 300)), max(1, len(changed) - at))
            match chance.randrange(4):
                case 0:
                    changed[at : at + length] = chance.randbytes(length)
                case 1:
                    del changed[at : at + length]
                case 2:
                    changed[at:at] = changed[at : at + length] * chance.randint(1, 20)
                case _:
                    other = chance.choice(files)[1]
                    start = chance.randrange(len(other))
                    changed[at:at] = other[start : start + length * 4]
        yield f"{seed}/{number}: {name}", bytes(changed)


def judge(name: str, content: bytes, kinds: list[str], settings: DocumentSettings) -> Judged:
    """Let a process of its own look at a file."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        said = b""
        try:
            examining.limit(settings.examine_megabytes, settings.examine_seconds)
            try:
                media_type, copy = examining.examine(content, kinds)
                again = (
                    examining.examine(copy, kinds)[0] == media_type and MARK not in copy and b"PK\x03\x04" not in copy
                )
                said = f"{media_type} {int(again)}".encode()
            except examining.RefusedError as refused:
                said = f"{refused} 1".encode()
        finally:
            os.write(writing, said or f"{CRASHED} 0".encode())
            os._exit(0)
    os.close(writing)
    until, done, used = time.monotonic() + TRY_S, 0, None
    while not done and time.monotonic() < until:
        done, _, used = os.wait4(child, os.WNOHANG)
        time.sleep(0 if done else 0.002)
    if not done:
        os.kill(child, 9)
        _, _, used = os.wait4(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        word, _, whole = (pipe.read().decode() or f"{CRASHED if done else TIMED_OUT} 0").partition(" ")
    assert used is not None
    return Judged(name, word, whole == "1", round(used.ru_utime + used.ru_stime, 3), used.ru_maxrss)


def main() -> None:
    """A line for each."""
    count, seed, kinds = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].split(",")
    settings = DocumentSettings()
    for name, content in [*corpus().items(), *mutated(count, seed)]:
        sys.stdout.write(json.dumps(asdict(judge(name, content, kinds, settings))) + "\n")


if __name__ == "__main__":
    main()
