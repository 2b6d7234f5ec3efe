"""Step 2, field by field, and what proofing doubts (IA-UINF-01, IA-UINF-02, D-05, TX-01)."""

from __future__ import annotations

from datetime import date

import pytest

from services.identity.domain.person import age, doubts, matching, read
from services.identity.domain.refusals import FieldsError

TODAY = date(2026, 6, 14)
ANA = {
    "first_name": " Ana ",
    "last_name": "Rivera",
    "business_phone": "585-555-0142 x12",
    "personal_phone": "+15855550143",
    "date_of_birth": "1980-02-29",
    "ssn": "219099999",
    "home_address.line1": "12 Elm St",
    "home_address.city": "Rochester",
    "home_address.state": "ny",
    "home_address.postal_code": "146041234",
    "home_address.country": "US",
}


def wrong(**changes: str) -> list[tuple[str, str]]:
    typed = ANA | {name.replace("home_", "home_address."): value for name, value in changes.items()}
    with pytest.raises(FieldsError) as caught:
        read(typed, known_ssn="", today=TODAY)
    return [(one.code, one.field.removeprefix("information.")) for one in caught.value.details]


def test_a_person_is_kept_in_one_form() -> None:
    person = read(ANA, known_ssn="", today=TODAY)
    assert (person["first_name"], person["business_phone"]) == ("Ana", "+15855550142;ext=12")
    assert (person["home_address.state"], person["home_address.postal_code"]) == ("NY", "14604-1234")


def test_a_known_ssn_stays_when_none_is_typed() -> None:
    assert read(ANA | {"ssn": ""}, known_ssn="219098888", today=TODAY)["ssn"] == "219098888"


@pytest.mark.parametrize(
    "name", ["first_name", "last_name", "business_phone", "personal_phone", "date_of_birth", "ssn"]
)
def test_required_fields_are_required(name: str) -> None:
    """IA-UINF-01, IA-UINF-03."""
    assert wrong(**{name: " " if name != "ssn" else ""}) == [("FIELD_REQUIRED", name)]


@pytest.mark.parametrize("name", ["line1", "city", "postal_code", "state", "country"])
def test_an_address_is_required(name: str) -> None:
    """D-05: the state in the US alone."""
    assert ("FIELD_REQUIRED", f"home_address.{name}") in wrong(**{f"home_{name}": ""})


def test_an_address_abroad_needs_no_state() -> None:
    abroad = {"home_address.country": "GB", "home_address.state": "", "home_address.postal_code": "sw1a 1aa"}
    assert read(ANA | abroad, known_ssn="", today=TODAY)["home_address.postal_code"] == "SW1A 1AA"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"first_name": "x" * 51}, "FIELD_TOO_LONG"),
        ({"first_name": "R2D2"}, "NAME_MALFORMED"),
        ({"first_name": "<b>Ana</b>"}, "NAME_MALFORMED"),
        ({"last_name": "=?utf-8?q?x?="}, "NAME_MALFORMED"),
        ({"fax": "1"}, "PHONE_MALFORMED"),
        ({"date_of_birth": "02/29/1980"}, "DATE_MALFORMED"),
        ({"date_of_birth": "1981-02-29"}, "DATE_MALFORMED"),
        ({"date_of_birth": "2026-06-14"}, "DATE_IN_FUTURE"),
        ({"ssn": "000123456"}, "SSN_INVALID"),
        ({"ssn": "900123456"}, "SSN_INVALID"),
        ({"ssn": "219009999"}, "SSN_INVALID"),
        ({"ssn": "219090000"}, "SSN_INVALID"),
        ({"home_country": "XXX"}, "FIELD_TOO_LONG"),
        ({"home_country": "u1"}, "COUNTRY_UNKNOWN"),
        ({"home_state": "ZZ"}, "STATE_UNKNOWN"),
        ({"home_postal_code": "1460"}, "POSTAL_CODE_MALFORMED"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, str], code: str) -> None:
    """TX-01, D-05, S-25."""
    assert [one[0] for one in wrong(**changes)] == [code]


def test_a_refusal_repeats_nothing_that_was_typed() -> None:
    """S-18."""
    with pytest.raises(FieldsError) as caught:
        read(ANA | {"ssn": "000123456"}, known_ssn="", today=TODAY)
    assert "123456" not in str(caught.value)


@pytest.mark.parametrize(
    ("born", "found"),
    [
        ("2010-06-14", []),
        ("2010-06-15", ["BIRTH_DATE_IMPLAUSIBLE"]),
        ("1915-06-15", []),
        ("1915-06-14", ["BIRTH_DATE_IMPLAUSIBLE"]),
    ],
)
def test_a_birth_date_is_plausible_from_16_to_110_years(born: str, found: list[str]) -> None:
    assert doubts(ANA | {"date_of_birth": born}, ssn_is_taken=False, today=TODAY) == found
    assert age(date.fromisoformat("1980-02-29"), date(2026, 2, 28)) == 45


def test_an_ssn_that_has_an_account_is_doubted() -> None:
    assert doubts(ANA, ssn_is_taken=True, today=TODAY) == ["SSN_TAKEN"]


def test_six_fields_match_however_they_are_written() -> None:
    """IA-FUID-04, D-33."""
    other = ANA | {"first_name": "ANA", "personal_phone": "+1 585 555-0143", "home_address.postal_code": "14604"}
    assert matching(read(ANA, known_ssn="", today=TODAY)) == matching(read(other, known_ssn="", today=TODAY))
    assert matching(ANA)[0] == "9999"
