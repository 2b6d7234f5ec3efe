"""D-05, D-33, IA-MFA-03, S-25: where people are reached."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import addresses


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("03904", "03904"),
        (" 03904 ", "03904"),
        ("03904-0118", "03904-0118"),
        ("039040118", "03904-0118"),
        ("03904 0118", "03904-0118"),
    ],
)
def test_a_zip_code_has_five_digits_or_five_and_four(typed: str, code: str) -> None:
    assert addresses.zip_code(typed) == addresses.postal_code(typed, "US") == code  # D-05


@pytest.mark.parametrize("typed", ["", "0390", "039040", "03904-011", "0390401189", "O3904", "SW1A 1AA"])
def test_another_length_is_no_zip_code(typed: str) -> None:
    with pytest.raises(addresses.AddressError, match="Enter a ZIP code"):
        addresses.zip_code(typed)


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_every_zip_code_comes_back_from_its_own_form(digits: str) -> None:
    code = addresses.zip_code(digits)
    assert addresses.zip_code(code) == code
    assert addresses.zip_code(code[:5]) == addresses.comparable_postal_code(digits, "US")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("k1a 0b1", "K1A 0B1"),
        ("SW1A  1AA", "SW1A 1AA"),
        ("1010", "1010"),
        ("123-4567", "123-4567"),
        ("A" * 16, "A" * 16),
    ],
)
def test_a_foreign_postal_code_is_taken_as_it_is(typed: str, code: str) -> None:
    assert addresses.postal_code(typed, "CA") == code  # D-05


@pytest.mark.parametrize("typed", ["", " ", "A" * 17, "K1A_0B1", "-1010", "\uff11\uff10\uff11\uff10", "1010\u202e"])
def test_what_is_no_postal_code_is_refused(typed: str) -> None:
    with pytest.raises(addresses.AddressError, match="Enter a postal code"):
        addresses.foreign_postal_code(typed)


def test_postal_codes_are_compared_as_recovery_asks() -> None:
    assert addresses.comparable_postal_code("03904-0118", "US") == "03904"  # D-33: the first five
    assert addresses.comparable_postal_code("k1a 0b1", "CA") == addresses.comparable_postal_code("K1A0B1", "CA")


def test_the_states_are_fifty_the_district_and_the_postal_ones_beyond() -> None:
    beyond = {"DC", "AS", "GU", "MP", "PR", "VI", "FM", "MH", "PW", "AA", "AE", "AP"}
    assert len(addresses.STATES) == 50 + len(beyond)
    assert beyond <= set(addresses.STATES)
    assert addresses.state(" me ") == "ME"
    with pytest.raises(addresses.AddressError, match="Choose a state"):
        addresses.state("ZZ")


@pytest.mark.parametrize(
    ("typed", "e164"),
    [
        ("(585) 555-0142", "+15855550142"),
        ("585.555.0142", "+15855550142"),
        ("1 585 555 0142", "+15855550142"),
        ("+1-585-555-0142", "+15855550142"),
        ("+44 20 7946 0018", "+442079460018"),
        ("+49 30 901820", "+4930901820"),
    ],
)
def test_a_phone_number_becomes_e164(typed: str, e164: str) -> None:
    assert addresses.phone(typed) == e164  # D-05
    assert addresses.phone(e164) == e164


@pytest.mark.parametrize(
    "typed", ["", "555-0142", "585 555 014", "585 555 01422", "185 555 0142", "585 155 0142", "call me", "+", "9" * 300]
)
def test_what_is_no_whole_number_is_refused(typed: str) -> None:
    with pytest.raises(addresses.AddressError, match="Enter a phone number"):
        addresses.phone(typed)


def test_an_extension_is_kept_where_one_may_be() -> None:
    assert addresses.phone("585 555 0142 ext. 12", extension=True) == "+15855550142;ext=12"
    assert addresses.phone("+15855550142;ext=12", extension=True) == "+15855550142;ext=12"
    with pytest.raises(addresses.AddressError, match="without an extension"):
        addresses.phone("585 555 0142 x12")


def test_codes_go_to_north_american_numbers_only() -> None:
    assert addresses.mfa_phone("585-555-0142") == "+15855550142"
    with pytest.raises(addresses.AddressError, match="international phone numbers are not supported"):
        addresses.mfa_phone("+44 20 7946 0018")  # IA-MFA-03
    with pytest.raises(addresses.AddressError, match="without an extension"):
        addresses.mfa_phone("585-555-0142 x12")


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ana.rivera@clinic.example", "ana.rivera@clinic.example"),
        (" ana@clinic.example ", "ana@clinic.example"),
        ("o'brien+pecos@clinic.example", "o'brien+pecos@clinic.example"),
        ("Ana@CLINIC.example", "Ana@clinic.example"),
        ("ana@klinik-köln.example", "ana@xn--klinik-kln-lcb.example"),
    ],
)
def test_one_address_is_taken(typed: str, address: str) -> None:
    assert addresses.email(typed) == address  # S-25


def test_a_lookalike_domain_is_shown_as_what_it_is() -> None:
    assert addresses.email("ana@cl\u0456nic.example").startswith("ana@xn--")  # a Cyrillic letter


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ana",
        "@clinic.example",
        "ana@clinic",
        "ana@clinic.example, eve@evil.example",
        "ana@clinic.example;eve@evil.example",
        "ana@clinic.example eve@evil.example",
        "ana@clinic.example\r\nBcc: eve@evil.example",
        "ana@clinic.example\n",
        "Ana <ana@clinic.example>",
        "<ana@clinic.example>",
        '"ana rivera"@clinic.example',
        "ana@[192.0.2.1]",
        "ana(comment)@clinic.example",
        "ana@@clinic.example",
        "a\u202ena@clinic.example",
        "josé@clinic.example",
        "=?utf-8?q?ana=0ABcc:_eve@evil.example?=@clinic.example\n",
        "a" * 65 + "@clinic.example",
    ],
)
def test_anything_but_exactly_one_address_is_refused(typed: str) -> None:
    with pytest.raises(addresses.AddressError, match="Enter one e-mail address"):
        addresses.email(typed)  # S-25
