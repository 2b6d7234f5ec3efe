"""Seals for one service, padding, blind indexes (S-19, S-21)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.sealing import new_pair, open_sealed, public_of, seal_for
from chassis.vault import BUCKETS, SealBrokenError, blind, pad, unpad

PRIVATE, PUBLIC = new_pair()


@given(st.text(max_size=300))
def test_what_is_sealed_for_a_service_is_opened_by_it(text: str) -> None:
    assert open_sealed(PRIVATE, seal_for(PUBLIC, text, "c"), "c") == text


def test_nobody_else_opens_it() -> None:
    token = seal_for(PUBLIC, "123456", "c")
    other, _ = new_pair()
    flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
    for private, given_token, context in (
        (other, token, "c"),
        (PRIVATE, token, "d"),
        (PRIVATE, flipped, "c"),
        (PRIVATE, "v1.1.AAAA", "c"),
        (PRIVATE, "x1.!", "c"),
        (PRIVATE, "x1.AAAA", "c"),
    ):
        with pytest.raises(SealBrokenError):
            open_sealed(private, given_token, context)


def test_the_same_text_is_never_sealed_alike() -> None:
    assert seal_for(PUBLIC, "123456", "c") != seal_for(PUBLIC, "123456", "c")
    assert public_of(PRIVATE) == PUBLIC


@given(st.binary(max_size=5_000))
def test_padding_comes_off_and_leaves_few_sizes(plain: bytes) -> None:
    padded = pad(plain)
    assert unpad(padded) == plain
    assert len(padded) in BUCKETS or len(padded) % BUCKETS[-1] == 0


def test_a_blind_index_needs_its_key_and_knows_its_parts_apart() -> None:
    assert blind(b"k", "ab", "c") != blind(b"k", "a", "bc")
    assert blind(b"k", "ab") != blind(b"l", "ab")
    assert len(blind(b"k", "ab")) == 64
    with pytest.raises(ValueError, match="empty key"):
        blind(b"", "ab")
