"""Names of people as they are typed: letters of any script, and the signs that join or shorten them (IA-UINF-01)."""

from __future__ import annotations

import unicodedata

from chassis.vocabulary.header_text import HostileTextError, refuse_hostile

_BETWEEN = frozenset(
    " .,-"
    "'`\u00b4\u2018\u2019\u02bb\u02bc"  # the apostrophe, and what keyboards and word processors make of it
    "\u00b7\u2010\u2011"  # middle dot, hyphen, and the one that does not break
)


def is_name(text: str, *, digits: bool = False) -> bool:
    """Whether a text can be somebody's name, given one; `digits` where they may stand in it (3rd).

    No other signs, and nothing that cannot be seen (S-25): what passes may stand in a mail's header.
    """
    try:
        refuse_hostile(text, "")
    except HostileTextError:
        return False
    letters = [character for character in text if _is_letter(character) or (digits and character in "0123456789")]
    return bool(letters) and all(character in letters or character in _BETWEEN for character in text)


def _is_letter(character: str) -> bool:
    """A letter, or a mark that stands on one."""
    return unicodedata.category(character)[0] in "LM"
