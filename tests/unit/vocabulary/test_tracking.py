"""D-29: tracking IDs survive being read aloud and typed again."""

from __future__ import annotations

from datetime import date
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import tracking

EIGHT = st.binary(min_size=8, max_size=8)
PREFIXES = st.sampled_from("RVC")
IDS = st.builds(tracking.make, PREFIXES, EIGHT)
DAYS = st.dates(date(1900, 1, 1), date(2999, 12, 31))
APPLICATIONS = st.builds(tracking.make_application, DAYS, EIGHT)

SAMPLES = [
    tracking.make("R", bytes(8)),
    tracking.make("V", bytes(range(8))),
    tracking.make("C", bytes([31] * 8)),
    tracking.make("C", bytes([10, 3, 31, 0, 17, 17, 29, 4])),
]
SAMPLE_APPLICATIONS = [
    tracking.make_application(date(2026, 6, 14), bytes(8)),
    tracking.make_application(date(1999, 12, 31), bytes(range(8))),
]


def is_id(text: str) -> bool:
    try:
        return tracking.parse(text) == text
    except tracking.TrackingIdError:
        return False


def swapped(text: str, one: int, other: int) -> str:
    letters = list(text)
    letters[one], letters[other] = letters[other], letters[one]
    return "".join(letters)


@given(IDS)
def test_an_id_has_ten_characters_of_the_alphabet(id_: str) -> None:
    assert len(id_) == 10  # limits.md: a letter, 8 random characters, a check character
    assert set(id_) <= set(tracking.ALPHABET)
    assert len(set(tracking.ALPHABET)) == 32


@given(DAYS, EIGHT)
def test_an_application_has_its_day_and_seven_digits(day: date, chance: bytes) -> None:
    id_ = tracking.make_application(day, chance)
    assert id_[:9] == f"T{day.month:02}{day.day:02}{day.year:04}"  # PE-REA-04
    assert len(id_) == 16
    assert id_[1:].isdigit()


@given(st.one_of(IDS, APPLICATIONS))
def test_every_id_comes_back_from_its_groups_in_any_case(id_: str) -> None:
    shown = tracking.grouped(id_)
    assert all(len(group) == 4 for group in shown.split("-")[:-1])
    assert tracking.parse(shown) == tracking.parse(shown.lower().replace("-", " ")) == tracking.parse(f" {id_} ") == id_


def test_an_id_is_shown_in_groups_of_four() -> None:
    assert tracking.grouped("C7F3K2QX9V") == "C7F3-K2QX-9V"
    assert tracking.grouped("T061420260000000") == "T061-4202-6000-0000"


@given(IDS)
def test_letters_taken_for_digits_are_forgiven(id_: str) -> None:
    for misread in (id_.replace("0", "O"), id_.replace("0", "o"), id_.replace("1", "I"), id_.replace("1", "l")):
        assert tracking.parse(misread) == id_


@given(APPLICATIONS)
def test_letters_taken_for_digits_are_forgiven_in_applications_too(id_: str) -> None:
    assert tracking.parse(id_.replace("0", "o").replace("1", "L")) == id_


@pytest.mark.parametrize("id_", SAMPLES)
def test_every_single_wrong_character_is_found(id_: str) -> None:
    for place in range(len(id_)):
        for letter in set(tracking.ALPHABET) - {id_[place]}:
            assert not is_id(id_[:place] + letter + id_[place + 1 :])


@pytest.mark.parametrize("place", range(9))
def test_every_exchange_of_neighbours_is_found_whatever_they_are(place: int) -> None:
    # The check is linear, so what stands elsewhere does not matter; all 32 x 31 pairs at each place do.
    for one, other in combinations(range(32), 2):
        chance = bytearray(8)
        if 1 <= place <= 7:
            chance[place - 1], chance[place] = one, other
            ids = [tracking.make("R", bytes(chance))]
        elif place == 0:  # the prefix and the first random character
            chance[0] = one
            ids = [tracking.make(prefix, bytes(chance)) for prefix in "RVC"]
        else:  # the last random character and the check character
            chance[7], chance[0] = one, other
            ids = [tracking.make("R", bytes(chance))]
        for id_ in ids:
            exchanged = swapped(id_, place, place + 1)
            assert exchanged == id_ or not is_id(exchanged)


@given(IDS)
def test_every_exchange_is_found_even_of_characters_far_apart(id_: str) -> None:
    for one, other in combinations(range(10), 2):
        exchanged = swapped(id_, one, other)
        assert exchanged == id_ or not is_id(exchanged)


@given(IDS, st.integers(0, 9), st.sampled_from(tracking.ALPHABET))
def test_no_two_ids_differ_in_one_character_only(id_: str, place: int, letter: str) -> None:
    other = id_[:place] + letter + id_[place + 1 :]
    assert other == id_ or not is_id(other)


@pytest.mark.parametrize("id_", SAMPLE_APPLICATIONS)
def test_every_single_wrong_digit_of_an_application_is_found(id_: str) -> None:
    for place in range(1, len(id_)):
        for digit in set("0123456789") - {id_[place]}:
            assert not is_id(id_[:place] + digit + id_[place + 1 :])


@given(APPLICATIONS)
def test_every_exchange_of_neighbouring_digits_of_an_application_is_found(id_: str) -> None:
    for one, other in pairwise(range(1, 16)):
        exchanged = swapped(id_, one, other)
        assert exchanged == id_ or not is_id(exchanged)


def test_the_table_of_the_check_digit_finds_every_error_that_it_should() -> None:
    table = tracking._DAMM
    for state in range(10):
        assert sorted(table[state]) == list("0123456789")  # a wrong digit leads to another state
        assert table[state][state] == "0"  # the state is its own check digit
        for one, other in combinations(range(10), 2):
            assert table[int(table[state][one])][other] != table[int(table[state][other])][one]


@given(PREFIXES, EIGHT)
def test_the_same_bytes_give_the_same_id_and_each_byte_its_own_character(prefix: str, chance: bytes) -> None:
    assert tracking.make(prefix, chance) == tracking.make(prefix, chance + b"more")
    assert [tracking.ALPHABET.index(letter) for letter in tracking.make(prefix, chance)[1:9]] == [
        byte % 32 for byte in chance
    ]


@pytest.mark.parametrize(
    "text",
    ["", "R", "X123456789", "T12345678", SAMPLES[0][:-1], SAMPLES[0] + "0", SAMPLES[0].replace("0", "U"), "ß" * 5],
)
def test_what_is_no_tracking_id_is_refused_with_its_shape(text: str) -> None:
    with pytest.raises(tracking.TrackingIdError, match="Enter a Tracking ID"):
        tracking.parse(text)


def test_a_wrong_character_asks_to_compare() -> None:
    wrong = SAMPLES[1][:-1] + ("0" if SAMPLES[1][-1] != "0" else "1")
    with pytest.raises(tracking.TrackingIdError, match="Compare"):
        tracking.parse(wrong)


def test_an_application_of_no_day_is_refused_though_its_check_digit_is_right() -> None:
    digits = "02302026000000"
    with pytest.raises(tracking.TrackingIdError, match="Compare"):
        tracking.parse("T" + digits + tracking._damm(digits))


@pytest.mark.parametrize("prefix", ["T", "X", "", "RV", "r"])
def test_other_prefixes_are_not_made(prefix: str) -> None:
    with pytest.raises(ValueError, match="R, V or C"):
        tracking.make(prefix, bytes(8))


def test_too_few_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="8 random bytes"):
        tracking.make("R", bytes(7))
    with pytest.raises(ValueError, match="8 random bytes"):
        tracking.make_application(date(2026, 6, 14), bytes(7))
