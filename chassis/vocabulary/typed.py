"""Numbers and codes as people type them: grouped by spaces and dashes, copied from mails and papers."""

from __future__ import annotations

import re

_DASHES = (
    "-"
    "\u00ad"  # soft hyphen
    "\u2010\u2011"  # hyphen, and the one that does not break
    "\u2012\u2013\u2014\u2015"  # figure dash, en dash, em dash, bar
    "\u2212"  # minus
)
"""The hyphen, and what word processors and mail programs make of it."""

_SPACES = " \t\u00a0\u2007\u2009\u202f"

_SEPARATORS = re.compile(f"[{re.escape(_DASHES)}{_SPACES}]+")


def without_separators(text: str) -> str:
    """The text without the spaces and dashes that only group it; anything else stays, to be judged."""
    return _SEPARATORS.sub("", text.strip())


def is_digits(text: str, count: int) -> bool:
    """Whether the text is exactly `count` of the digits 0 to 9.

    `str.isdigit` alone also takes digits of other scripts, which no number of ours is written in.
    """
    return len(text) == count and text.isascii() and text.isdigit()
