"""NP-01: what an NPI is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import npi

NINE = st.from_regex(r"[12][0-9]{8}", fullmatch=True)


def luhn_sum(digits: str) -> int:
    """The sum as the card industry writes it: from the right, every second digit doubled."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        total += sum(divmod(2 * digit, 10)) if place % 2 else digit
    return total


@pytest.mark.parametrize("known", ["1234567893", "1993999998", "2000000002"])
def test_the_known_numbers_are_valid(known: str) -> None:
    assert npi.is_valid(known)  # NP-01
    assert npi.parse(known) == known


@given(NINE)
def test_the_check_digit_makes_the_luhn_sum_with_the_issuers_prefix_a_multiple_of_ten(first_nine: str) -> None:
    whole = first_nine + npi.check_digit(first_nine)
    assert luhn_sum("80840" + whole) % 10 == 0  # NP-01
    assert npi.is_valid(whole)


@given(NINE, st.integers(0, 9), st.integers(1, 9))
def test_every_single_wrong_digit_is_found(first_nine: str, place: int, off: int) -> None:
    right = first_nine + npi.check_digit(first_nine)
    wrong = right[:place] + str((int(right[place]) + off) % 10) + right[place + 1 :]
    assert not npi.is_valid(wrong)


@pytest.mark.parametrize("text", ["", "123456789", "12345678931", "123456789x", "١٢٣٤٥٦٧٨٩٣", "1234567893\n"])
def test_anything_but_ten_digits_is_invalid(text: str) -> None:
    assert not npi.is_valid(text)


@pytest.mark.parametrize("first", "03456789")
def test_a_number_that_begins_with_another_digit_is_refused_though_its_check_digit_is_right(first: str) -> None:
    number = first + "23456789"
    with pytest.raises(npi.NpiError, match="begins with 1 or 2"):
        npi.parse(number + npi.check_digit(number))


@pytest.mark.parametrize("text", [" 1234567893 ", "123-456-7893", "1234 567 893", "12345\u201367893"])
def test_spaces_and_dashes_are_forgiven(text: str) -> None:
    assert npi.parse(text) == "1234567893"


def test_the_refusal_says_what_to_do() -> None:
    with pytest.raises(npi.NpiError, match="Enter the 10 digits"):
        npi.parse("12345")
    with pytest.raises(npi.NpiError, match="one of its digits is wrong"):
        npi.parse("1234567894")


@pytest.mark.parametrize("text", ["", "12345678", "1234567890", "12345678x"])
def test_a_check_digit_is_made_for_nine_digits_only(text: str) -> None:
    with pytest.raises(npi.NpiError):
        npi.check_digit(text)
