"""IA-UINF-01, IA-ADDS-01: what can be somebody's name."""

from __future__ import annotations

import pytest

from chassis.vocabulary.names import is_name

NAMES = ("Ana", "O'Neil", "D\u2019Arcy", "Ana Mar\u00eda", "Ze\u0308ta", "Anne-Marie", "J. R.", "\u674e", "Rivera, Sr.")
NONE = (
    "R2D2",
    "<b>Ana</b>",
    "a@b",
    "Ana;",
    "$",
    "...",
    "Ana\nBcc: x",
    "A\u202ena",
    "=?utf-8?q?a?=",
    "\u3164",
    "Ana \u0663",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_of_all_scripts_pass(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("text", NONE)
def test_digits_signs_and_what_is_not_seen_do_not(text: str) -> None:
    assert not is_name(text)


def test_a_suffix_may_hold_digits() -> None:
    assert is_name("3rd", digits=True)
    assert not is_name("3rd")
    assert not is_name("3\u00b3", digits=True)
