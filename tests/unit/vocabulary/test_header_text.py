"""S-25: what may stand in the header of a mail."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary.header_text import HostileTextError, refuse_hostile


@pytest.mark.parametrize(
    "name",
    [
        "Ana Rivera",
        "Siobhán O'Brien-Núñez",
        "Zoë d\u2019Arcy",
        "Nguye\u0302\u0303n",
        "李小龍",
        "محمد",
        "Harbor Point Medical Group, LLC",
        "A = B? No.",
        "Smith & Sons (DBA) #2 / 50%",
        "",
    ],
)
def test_plain_names_pass(name: str) -> None:
    refuse_hostile(name, "Name")


@pytest.mark.parametrize(
    "hostile",
    [
        *(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))),  # C0, DEL, C1
        *"\u200e\u200f\u061c",  # bidi marks
        *"\u202a\u202b\u202c\u202d\u202e",  # embeddings and overrides
        *"\u2066\u2067\u2068\u2069",  # isolates
        *"\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061",  # format characters that nobody sees
        *"\u2028\u2029",  # line ends
        *"\u034f\u115f\u1160\u3164\uffa0\u2800\ufe0f\U000e0100\U000e0041",
        *"\ue000\ud800\uffff",  # without an agreed look
    ],
)
def test_characters_that_hide_or_turn_text_are_refused(hostile: str) -> None:
    with pytest.raises(HostileTextError, match=f"Legal Business Name: .*U\\+{ord(hostile):04X}") as refused:
        refuse_hostile(f"Harbor{hostile}Point", "Legal Business Name")  # S-25
    assert refused.value.field == "Legal Business Name"
    assert hostile not in str(refused.value) or hostile == " "


def test_the_beginning_of_an_encoded_word_is_refused() -> None:
    with pytest.raises(HostileTextError, match=r"take out the characters =\?"):
        refuse_hostile("=?utf-8?q?hi=0ABcc:_evil@x.test?=", "First Name")  # S-25


@given(st.text())
def test_what_passes_has_only_characters_that_are_seen(text: str) -> None:
    try:
        refuse_hostile(text, "Name")
    except HostileTextError as refused:
        assert str(refused).startswith("Name: take out")  # noqa: PT017 - either way is right
    else:
        assert "=?" not in text
        assert all(unicodedata.category(c)[0] != "C" for c in text)
        assert len(text.splitlines()) <= 1
