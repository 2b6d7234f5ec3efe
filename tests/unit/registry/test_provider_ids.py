"""Ids of providers are the same for ever: a change here would cut every reference to them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain import provider_ids


def test_ids_never_change() -> None:
    assert str(provider_ids.of_npi("2000000002")) == "8ec62227-ff40-5f96-9453-b5bcb3ca1842"
    assert str(provider_ids.of_employer("harbor-point")) == "38e4db31-822e-5b2a-85aa-1dc490180d45"


def test_an_npi_and_an_employer_key_never_share_an_id() -> None:
    assert provider_ids.of_npi("2000000002") != provider_ids.of_employer("2000000002")


@given(st.from_regex(r"[12][0-9]{9}", fullmatch=True))
def test_the_fast_form_is_the_same_id(npi: str) -> None:
    assert provider_ids.hex_of_npi(npi.encode()).decode() == provider_ids.of_npi(npi).hex


@given(st.from_regex(r"[0-9A-Za-z._:-]{1,64}", fullmatch=True))
def test_the_fast_form_of_an_employer_is_the_same_id(key: str) -> None:
    assert provider_ids.hex_of_employer(key.encode()).decode() == provider_ids.of_employer(key).hex
