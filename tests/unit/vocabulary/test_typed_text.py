"""What is forgiven in every number and code that people type."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary.typed import is_digits, without_separators


@pytest.mark.parametrize("between", ["-", " ", "\t", "\u00a0", "\u00ad", "\u2011", "\u2013", "\u2212", " - "])
def test_what_only_groups_is_taken_out(between: str) -> None:
    assert without_separators(f" 12{between}34 ") == "1234"


@pytest.mark.parametrize("other", ["_", ".", "/", "+", "\n", "\u202e", "\u200b"])
def test_anything_else_stays_to_be_judged(other: str) -> None:
    assert without_separators(f"12{other}34") == f"12{other}34"


@given(st.text(alphabet=st.characters(categories=["Nd", "No", "Nl"]), min_size=1, max_size=9))
def test_only_the_ten_digits_count(text: str) -> None:
    assert is_digits(text, len(text)) == all("DIGIT" in unicodedata.name(c) and ord(c) < 128 for c in text)
    assert not is_digits(text, len(text) + 1)
