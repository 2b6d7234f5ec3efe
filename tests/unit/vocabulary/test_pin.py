"""D-27, D-25, S-05, S-06: secrets that people copy by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import pin


def source(stream: bytes) -> Callable[[int], bytes]:
    """Random bytes that are known: `stream`, then zeros."""
    rest = bytearray(stream)

    def take(count: int) -> bytes:
        taken = bytes(rest[:count]).ljust(count, b"\0")
        del rest[:count]
        return taken

    return take


def test_the_alphabet_is_that_of_the_limits() -> None:
    assert pin.ALPHABET == "ABCDEFGHJKLMNPQRSTUVWXYZ2345679"
    assert len(set(pin.ALPHABET)) == 31  # S-06
    assert not set("IO018") & set(pin.ALPHABET)  # D-27


@given(st.binary(max_size=64))
def test_a_pin_has_eight_characters_and_is_its_own_normal_form(stream: bytes) -> None:
    made = pin.make(source(stream))
    assert len(made) == 8
    assert set(made) <= set(pin.ALPHABET)
    assert pin.normalize(made) == made


@given(st.binary(max_size=64))
def test_a_code_has_six_digits_and_is_its_own_normal_form(stream: bytes) -> None:
    made = pin.make_code(source(stream))
    assert len(made) == 6
    assert pin.normalize_code(made) == made  # S-05


def test_no_character_of_a_pin_is_likelier_than_another() -> None:
    made = Counter(letter for byte in range(256) for letter in pin.make(source(bytes([byte] * 8)))[:1] if byte < 248)
    assert set(made.values()) == {8}
    assert len(made) == 31


def test_bytes_that_would_favour_some_characters_are_drawn_again() -> None:
    assert pin.make(source(bytes([248, 255, 1, 2, 3, 4, 5, 6, 7, 8]))) == "BCDEFGHJ"
    assert pin.make_code(source(bytes([250, 255, 249, 10, 21, 32, 43, 54]))) == "901234"


def test_no_digit_of_a_code_is_likelier_than_another() -> None:
    made = Counter(pin.make_code(source(bytes([byte] * 6)))[0] for byte in range(250))
    assert set(made.values()) == {25}
    assert len(made) == 10


@given(st.binary(max_size=16), st.sampled_from([" ", "-", "\u2013", "\u00a0"]))
def test_spaces_dashes_and_case_are_forgiven(stream: bytes, between: str) -> None:
    made = pin.make(source(stream))
    assert pin.normalize(f" {made[:4].lower()}{between}{made[4:]} ") == made  # limits.md


@pytest.mark.parametrize(
    "text", ["", "ABCDEFG", "ABCDEFGHJ", "ABCDEFG1", "ABCDEFG8", "ABCDEFGO", "ABCDEFG?", "ABCDEFGß"]
)
def test_what_cannot_be_a_pin_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(pin.PinError, match="Enter the 8 letters and digits") as refused:
        pin.normalize(text)
    assert not text or text not in str(refused.value)


@pytest.mark.parametrize("text", ["123456", " 123456 ", "123 456", "123-456", "12 34 56"])
def test_spaces_and_dashes_of_a_code_are_forgiven(text: str) -> None:
    assert pin.normalize_code(text) == "123456"


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_what_cannot_be_a_code_is_refused(text: str) -> None:
    with pytest.raises(pin.PinError, match="Enter the 6 digits"):
        pin.normalize_code(text)
