"""The one message catalogue: every sentence of the pages, by rule id and name, in each language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from chassis.vocabulary import attestations

HERE = Path(__file__).parent
LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True)
class Words:
    """The sentences in one language. `words("IA-SIGN-01.user_id")` is safe to print in a page."""

    language: str
    sentences: Mapping[str, Markup]

    def __call__(self, key: str, **values: Any) -> Markup:
        """The sentence of a key, with values put in and escaped. Raises `KeyError` for an unknown key."""
        sentence = self.sentences[key]
        return sentence.format(**values) if values else sentence

    def __contains__(self, key: str) -> bool:
        return key in self.sentences

    def under(self, prefix: str) -> list[Markup]:
        """The sentences `prefix.1`, `prefix.2` and so on: the paragraphs of a page."""
        found: list[Markup] = []
        while (key := f"{prefix}.{len(found) + 1}") in self.sentences:
            found.append(self.sentences[key])
        return found


@cache
def load(language: str) -> Words:
    """The catalogue of a language, and the statements that services know too, read once."""
    sentences = dict(_flat(tomllib.loads((HERE / f"{language}.toml").read_text("utf-8"))))
    for rule, statement in attestations.shown(language).items():
        sentences |= {f"{rule}.text": statement.text, f"{rule}.agree": statement.agree}
    return Words(language, {key: escape(text) for key, text in sentences.items()})


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)
