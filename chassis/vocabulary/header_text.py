"""Text that may stand in the header of a mail: what reads as it is written, and cannot become another header (S-25)."""

from __future__ import annotations

import unicodedata

_UNSEEN = frozenset(
    "\u034f"  # combining grapheme joiner
    "\u115f\u1160\u3164\uffa0"  # Hangul fillers
    "\u17b4\u17b5"  # Khmer vowels that are not drawn
    "\u180b\u180c\u180d\u180f"  # Mongolian variation selectors
    "\u2800"  # braille without a dot
)
"""Characters that Unicode counts as letters, marks or signs although nobody sees them."""

_VARIATION_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))

_LINE_ENDS = frozenset({"Zl", "Zp"})

_ENCODED_WORD = "=?"
"""How an encoded word begins; Python 3.11's `email` decodes one in a name, line breaks and all."""


class HostileTextError(ValueError):
    """The text could be read as something else than it is; `field` names its box, the message says what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def refuse_hostile(text: str, field: str) -> None:
    """Let plain text pass, accents, apostrophes and hyphens included (S-25).

    Refused: control characters (C0, C1), `=?`, bidi marks, overrides and isolates, and whatever else is not seen
    or has no agreed look (categories C*, Zl and Zp, and letters, marks and signs without a picture). `field` is the
    caption of the box. Raises `HostileTextError`, which names the character by its number only.
    """
    if _ENCODED_WORD in text:
        raise HostileTextError(field, f"{field}: take out the characters =?")
    for character in text:
        if _is_hostile(character):
            raise HostileTextError(
                field, f"{field}: take out the character U+{ord(character):04X}, which cannot be seen, or type it anew"
            )


def _is_hostile(character: str) -> bool:
    category = unicodedata.category(character)
    return (
        category.startswith("C")
        or category in _LINE_ENDS
        or character in _UNSEEN
        or any(ord(character) in selectors for selectors in _VARIATION_SELECTORS)
    )
