"""How much a PDF unpacks to, stream by stream and filter by filter (ISO 32000-1, 7.4): counted, and mostly not kept.

What is damaged is counted as the most patient of readers would read it. What no reader knows is refused, and so is what
hardly anybody writes and would have to be kept to be counted: LZW or run lengths with another filter over them. Of a
JBIG2 picture its width and height are what the PDF says; a picture inside a page's instructions is not counted.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf
from PIL import Jpeg2KImagePlugin, JpegImagePlugin

MOST = 512 * 1024 * 1024
"""Of all that a PDF packs: A3 in color at 600 dots an inch, and as much again."""
MOST_BETWEEN = 32 * 1024 * 1024
"""Of what is packed twice, once unpacked."""
MOST_PIXELS = 100_000_000
"""A4 at 1,000 dots an inch; of all pages of a TIFF, all pictures of a GIF together, each picture of a PDF."""
PIECE = 1024 * 1024

Parameters = Mapping[str, Any]


class UnboundedError(Exception):
    """It unpacks to more than it may, or nobody can tell to how much."""


def require_bounded(pdf: pikepdf.Pdf) -> None:
    """Let a PDF pass that unpacks to what a reader's machine can hold. Raises `UnboundedError`."""
    left = MOST
    for one in pdf.objects:
        if isinstance(one, pikepdf.Stream):
            if one.get("/Subtype") == "/Image":
                _require_pixels(int(one.Width), int(one.Height))
            left -= _length(one, left)


def _length(one: pikepdf.Stream, most: int) -> int:
    """How many bytes its filters make of it, each of them; pictures are bounded by their pixels instead."""
    names, parameters = _listed(one, "/Filter"), _listed(one, "/DecodeParms")
    content, total = one.read_raw_bytes(), 0
    for at, name in enumerate(map(str, names)):
        more = parameters[at] if at < len(parameters) and isinstance(parameters[at], pikepdf.Dictionary) else {}
        is_last = at + 1 == len(names)
        if name in PICTURES and is_last:
            _require_pixels(*PICTURES[name](content, one, more))
        elif name in COUNTED and is_last:
            total += COUNTED[name](content, most - total, more)
        elif name in KEPT:
            content = KEPT[name](content, MOST_BETWEEN)
            total += len(content)
        else:
            raise UnboundedError(name)
    if total > most:
        raise UnboundedError
    return total


def _listed(one: pikepdf.Stream, key: str) -> list[Any]:
    value: Any = one.get(key, [])
    return list(value) if isinstance(value, pikepdf.Array | list) else [value]


def _require_pixels(width: int, height: int) -> None:
    if width * height > MOST_PIXELS:
        raise UnboundedError


def _inflated(content: bytes, most: int, _more: Parameters) -> int:
    """The length alone. The piece in which damage lies is counted whole: readers keep what stands before it."""
    unpacking, length = zlib.decompressobj(), 0
    while content and not unpacking.eof:
        try:
            length += len(unpacking.decompress(content, PIECE))
            content = unpacking.unconsumed_tail
        except zlib.error:
            length, content = length + PIECE, b""
        if length > most:
            raise UnboundedError
    return length


def _inflate(content: bytes, most: int) -> bytes:
    try:
        kept = zlib.decompressobj().decompress(content, most + 1)
    except zlib.error:
        raise UnboundedError from None  # a reader keeps some of it, and we do not know what
    if len(kept) > most:
        raise UnboundedError
    return kept


def _of_text(name: str) -> Callable[[bytes, int], bytes]:
    """What turns text into bytes, at most four for a letter; the library does it. Raises `pikepdf.PdfError`."""

    def read(content: bytes, most: int) -> bytes:
        if len(content) > most:
            raise UnboundedError
        with pikepdf.new() as beside:
            packed = beside.make_stream(content, Filter=pikepdf.Name(name))
            return packed.read_bytes(pikepdf.StreamDecodeLevel.generalized)

    return read


def _repeated(content: bytes, most: int, _more: Parameters) -> int:
    """Run lengths (7.4.5)."""
    at = length = 0
    while at < len(content) and content[at] != _END_OF_RUNS:
        is_copied = content[at] < _END_OF_RUNS
        length += content[at] + 1 if is_copied else 257 - content[at]
        at += content[at] + 2 if is_copied else 2
        if length > most:
            raise UnboundedError
    return length


def _looked_up(content: bytes, most: int, more: Parameters) -> int:
    """LZW (7.4.4): of each code the length of what it stands for is kept, and not the text."""
    early = int(more.get("/EarlyChange", 1))
    lengths, width, before, length = [1] * _CLEAR + [0, 0], _NARROWEST, 0, 0
    held = bits = 0
    for byte in content:
        held, bits = held << 8 | byte, bits + 8
        if bits < width:
            continue
        bits -= width
        code, held = held >> bits, held & (1 << bits) - 1
        if code == _CLEAR:
            del lengths[_CLEAR + 2 :]
            width, before = _NARROWEST, 0
            continue
        if code == _END:
            break
        if before and len(lengths) < 1 << _WIDEST:
            lengths.append(before + 1)
        before = lengths[code] if code < len(lengths) else before + 1
        length += before
        if length > most:
            raise UnboundedError
        width = min(max((len(lengths) + early).bit_length(), _NARROWEST), _WIDEST)
    return length


_END_OF_RUNS = 128
_CLEAR, _END = 256, 257
_NARROWEST, _WIDEST = 9, 12
"""Bits of a code."""


def _as_jpeg(content: bytes, _one: pikepdf.Stream, _more: Parameters) -> tuple[int, int]:
    """By its own head, whatever the PDF says of it."""
    return JpegImagePlugin.JpegImageFile(io.BytesIO(content)).size


def _as_jpeg_2000(content: bytes, _one: pikepdf.Stream, _more: Parameters) -> tuple[int, int]:
    return Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(content)).size


def _as_fax(_content: bytes, one: pikepdf.Stream, more: Parameters) -> tuple[int, int]:
    return int(more.get("/Columns", 1728)), int(one.Height)


def _as_said(_content: bytes, one: pikepdf.Stream, _more: Parameters) -> tuple[int, int]:
    return int(one.Width), int(one.Height)


COUNTED: Mapping[str, Callable[[bytes, int, Parameters], int]] = {
    "/FlateDecode": _inflated,
    "/LZWDecode": _looked_up,
    "/RunLengthDecode": _repeated,
}
"""Filters that grow what they unpack, where nothing comes after them."""
KEPT: Mapping[str, Callable[[bytes, int], bytes]] = {
    "/FlateDecode": _inflate,
    "/ASCIIHexDecode": _of_text("/ASCIIHexDecode"),
    "/ASCII85Decode": _of_text("/ASCII85Decode"),
}
"""Filters over which another may stand."""
PICTURES: Mapping[str, Callable[[bytes, pikepdf.Stream, Parameters], tuple[int, int]]] = {
    "/DCTDecode": _as_jpeg,
    "/JPXDecode": _as_jpeg_2000,
    "/CCITTFaxDecode": _as_fax,
    "/JBIG2Decode": _as_said,
}
"""Filters of pictures, and how wide and high what they hold is."""
