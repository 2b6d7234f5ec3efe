"""TX-01, TX-02 and IA-CONF-06: tax numbers, and what is shown of them."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.vocabulary import tax_numbers

NINE = st.from_regex(r"[0-9]{9}", fullmatch=True)
EINS = NINE.filter(tax_numbers.is_valid_ein)
SSNS = NINE.filter(tax_numbers.is_valid_ssn)
NEVER_ASSIGNED = "00 07 08 09 17 18 19 28 29 49 69 70 78 79 89 96 97".split()  # noqa: SIM905 - as TX-02 writes it


@pytest.mark.parametrize("number", range(100))
def test_exactly_the_prefixes_never_assigned_are_refused(number: int) -> None:
    prefix = f"{number:02}"
    assert tax_numbers.is_valid_ein(f"{prefix}3456789") == (prefix not in NEVER_ASSIGNED)  # TX-02


def test_the_refusal_of_an_ein_says_what_to_do() -> None:
    with pytest.raises(tax_numbers.TaxNumberError, match="Enter the 9 digits"):
        tax_numbers.parse_ein("1234567")
    with pytest.raises(tax_numbers.TaxNumberError, match="CP 575"):
        tax_numbers.parse_ein("07-3456789")


def test_a_deployment_may_refuse_other_prefixes() -> None:
    assert tax_numbers.parse_ein("07-3456789", refused=()) == "073456789"
    assert not tax_numbers.is_valid_ein("123456789", refused={"12"})


@given(EINS)
def test_an_ein_comes_back_from_its_format(ein: str) -> None:
    shown = tax_numbers.format_ein(ein)
    assert shown == f"{ein[:2]}-{ein[2:]}"  # TX-02
    assert tax_numbers.parse_ein(f" {shown} ") == ein


@given(SSNS)
def test_an_ssn_comes_back_from_its_format(ssn: str) -> None:
    shown = tax_numbers.format_ssn(ssn)
    assert tax_numbers.parse_ssn(shown) == tax_numbers.parse_ssn(shown.replace("-", " ")) == ssn


@pytest.mark.parametrize(
    ("ssn", "valid"),
    [
        ("000121234", False),
        ("001121234", True),
        ("665121234", True),
        ("666121234", False),
        ("667121234", True),
        ("899121234", True),
        ("900121234", False),
        ("999121234", False),
        ("881001234", False),
        ("881011234", True),
        ("881120000", False),
        ("881120001", True),
        ("88112000", False),
        ("8811200012", False),
        ("٨٨١١٢٠٠٠١", False),
    ],
)
def test_an_ssn_is_judged_by_area_group_and_serial(ssn: str, valid: bool) -> None:
    assert tax_numbers.is_valid_ssn(ssn) == valid  # TX-01


@pytest.mark.parametrize("text", ["12345678", "987-65-4321", "666-12-1234", "881-00-1234"])
def test_no_refusal_repeats_the_number(text: str) -> None:
    with pytest.raises(tax_numbers.TaxNumberError) as refused:
        tax_numbers.parse_ssn(text)
    assert not any(part in str(refused.value) for part in [text, *text.split("-")])  # S-18


def test_an_itin_is_told_apart() -> None:
    with pytest.raises(tax_numbers.TaxNumberError, match="ITIN"):
        tax_numbers.parse_ssn("912-34-5678")  # TX-01


@given(NINE)
def test_a_mask_keeps_the_last_four_and_nothing_else(number: str) -> None:
    assert tax_numbers.mask_ein(number) == f"**-***{number[-4:]}"  # IA-CONF-06
    assert tax_numbers.mask_ssn(number) == f"***-**-{number[-4:]}"
    assert tax_numbers.mask_ssn(number[-4:]) == tax_numbers.mask_ssn(number)


def test_masks_look_as_the_deck_shows_them() -> None:
    assert tax_numbers.mask_ein("12-3456668") == "**-***6668"  # IA-CONF-06
    assert tax_numbers.mask_ssn("881-40-1234") == "***-**-1234"


@given(st.text(max_size=12).filter(lambda text: sum(map(str.isdigit, text)) not in (4, 9)))
def test_what_is_no_tax_number_is_not_shown_at_all(text: str) -> None:
    for show in (
        tax_numbers.mask_ein,
        tax_numbers.mask_ssn,
        tax_numbers.format_ein,
        tax_numbers.format_ssn,
    ):
        with pytest.raises(tax_numbers.TaxNumberError):
            show(text)


@given(SSNS, st.binary(min_size=1, max_size=64))
def test_the_index_is_the_hmac_of_the_digits_however_they_are_written(ssn: str, key: bytes) -> None:
    expected = hmac.new(key, ssn.encode(), hashlib.sha256).digest()
    assert tax_numbers.ssn_index(key, ssn) == expected  # S-19
    assert tax_numbers.ssn_index(key, tax_numbers.format_ssn(ssn)) == expected


def test_two_keys_give_two_indexes() -> None:
    assert tax_numbers.ssn_index(b"one", "881401234") != tax_numbers.ssn_index(b"two", "881401234")


def test_an_index_needs_a_key_and_an_ssn() -> None:
    with pytest.raises(ValueError, match="key"):
        tax_numbers.ssn_index(b"", "881401234")
    with pytest.raises(tax_numbers.TaxNumberError):
        tax_numbers.ssn_index(b"key", "900401234")


def test_a_person_has_one_id_however_the_number_is_typed() -> None:
    """X-11: a UUID that tells nothing of the number without the key."""
    one = tax_numbers.person_id(b"k" * 32, "871-20-4417")
    assert one == tax_numbers.person_id(b"k" * 32, "871204417")
    assert (one.version, one.variant) == (8, "specified in RFC 4122")
    assert one != tax_numbers.person_id(b"x" * 32, "871204417")
    assert one != tax_numbers.person_id(b"k" * 32, "871204418")
    assert one.bytes not in tax_numbers.ssn_index(b"k" * 32, "871204417")


def test_without_a_key_or_a_number_there_is_no_person() -> None:
    with pytest.raises(ValueError, match="key of persons"):
        tax_numbers.person_id(b"", "871204417")
    with pytest.raises(tax_numbers.TaxNumberError):
        tax_numbers.person_id(b"k" * 32, "000000000")
