"""Languages in which people are written to."""

from __future__ import annotations

LANGUAGES = ("en", "es")


def known(language: str) -> str:
    """The language, or English where we do not write it."""
    return language if language in LANGUAGES else LANGUAGES[0]
