"""The statements that people agree to, known by their marks (IA-EMP-08, PE-X-04)."""

from __future__ import annotations

import pytest

from chassis.vocabulary import attestations, languages
from chassis.vocabulary.attestations import OFFICIAL, SIGNATURE, AttestationUnknownError
from services.portal.web import words

TOLD = {
    (OFFICIAL, "en"): "IA-EMP-08.2025-05.en:sha256:06265e72140be87c2227e8c192012601fd1fdcfbaa7db173577b914d2105ebb9",
    (OFFICIAL, "es"): "IA-EMP-08.2025-05.es:sha256:02fc751f83dc933016e1dbb27ec6dff7103278cba45bffc9866e32eff7f1acfe",
    (SIGNATURE, "en"): "PE-X-04.2026-05.en:sha256:57cb1bc57c47f9d17b12f748a962d3631e98ccacba160445b49cda1c3cd000fa",
    (SIGNATURE, "es"): "PE-X-04.2026-05.es:sha256:b4d80b06d79ddcdb1f6e609b4bb4617a07bfe4b3b09e154b742bc4f3ea831e9a",
}
"""Marks that stand in logs: changed words are a new version beside these."""


@pytest.mark.parametrize(("rule", "language"), TOLD)
def test_what_a_page_shows_is_known_and_its_words_are_the_version(rule: str, language: str) -> None:
    attestations.require_known(rule, TOLD[rule, language])
    shown = attestations.shown(language)[rule]
    assert shown.mark == TOLD[rule, language]
    page = words.load(language)
    assert [page(f"{rule}.{part}").unescape() for part in ("text", "agree")] == [shown.text, shown.agree]


def test_each_statement_stands_in_each_language() -> None:
    """A page in any language of ours shows its statement."""
    for language in languages.LANGUAGES:
        assert attestations.shown(language).keys() == {OFFICIAL, SIGNATURE}


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "v1",
        "IA-EMP-08.2025-05.en",
        TOLD[OFFICIAL, "en"].upper(),
        TOLD[OFFICIAL, "en"] + " ",
        TOLD[OFFICIAL, "en"][:-1] + "x",
        TOLD[OFFICIAL, "en"].replace(".en:", ".fr:"),
        TOLD[OFFICIAL, "en"].replace(".en:", ".es:"),
        TOLD[OFFICIAL, "en"].replace("2025-05", "2024-05"),
        TOLD[SIGNATURE, "en"],
        attestations.shown("en")[OFFICIAL].text,
        "é" * 100_000,
    ],
)
def test_what_no_page_shows_is_unknown(mark: str) -> None:
    """IA-EMP-08: a wrong hash, language, version or statement, or the text itself."""
    with pytest.raises(AttestationUnknownError, match="tick the box"):
        attestations.require_known(OFFICIAL, mark)
