"""2.5 and 2.10: business functions, the end of one of them, and roles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from chassis.domain import DomainError
from chassis.vocabulary import functions, roles

LAST_MOMENT = functions.EHR_RETIRED_AT - timedelta(microseconds=1)


def test_ehr_ends_at_midnight_eastern() -> None:
    assert datetime(2023, 10, 1, 4, tzinfo=UTC) == functions.EHR_RETIRED_AT  # D-18: 00:00 EDT
    assert functions.EHR_RETIRED_AT.tzinfo is UTC


def test_ehr_is_active_to_the_last_moment_and_no_longer() -> None:
    assert functions.active(LAST_MOMENT) == ("PECOS", "NPPES", "EHR")
    assert functions.active(functions.EHR_RETIRED_AT) == ("PECOS", "NPPES")  # IA-EHR-04


def test_ehr_is_refused_from_its_end_on_and_not_before() -> None:
    functions.refuse_retired("EHR", LAST_MOMENT)
    for at in (functions.EHR_RETIRED_AT, functions.EHR_RETIRED_AT + timedelta(days=900)):
        with pytest.raises(functions.EhrRetiredError, match="Choose PECOS or NPPES") as refused:
            functions.refuse_retired("EHR", at)  # IA-EHR-01
        assert refused.value.code == "EHR_RETIRED"
        assert isinstance(refused.value, DomainError)


@pytest.mark.parametrize("function", ["PECOS", "NPPES"])
def test_the_others_stay(function: str) -> None:
    functions.refuse_retired(function, functions.EHR_RETIRED_AT)


@pytest.mark.parametrize("function", ["PECOS", "NPPES", "EHR"])
def test_of_every_function_there_was_one_may_ask(function: str) -> None:
    functions.require_known(function)  # IA-EHR-03


@pytest.mark.parametrize("function", ["", "pecos", "PECOS ", "PÉCOS"])
def test_of_what_is_no_function_nobody_is_answered(function: str) -> None:
    with pytest.raises(functions.UnknownFunctionError):
        functions.require_known(function)


def test_the_end_is_the_same_instant_in_every_zone() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert "EHR" in functions.active(LAST_MOMENT.astimezone(tokyo))
    assert "EHR" not in functions.active(functions.EHR_RETIRED_AT.astimezone(tokyo))


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = functions.EHR_RETIRED_AT.replace(tzinfo=None)
    with pytest.raises(ValueError, match="aware"):
        functions.active(naive)
    with pytest.raises(ValueError, match="aware"):
        functions.refuse_retired("PECOS", naive)


def test_officials_and_access_managers_manage_and_staff_do_not() -> None:
    managing = {role for role in roles.NAMES if roles.manages(role)}
    assert managing == {"AUTHORIZED_OFFICIAL", "ACCESS_MANAGER"}  # IA-ROLE-02, IA-ROLE-03, IA-ROLE-04
    assert not roles.manages("SURROGATE")  # IA-ROLE-05


def test_roles_are_named_in_the_fields_own_words() -> None:
    assert list(roles.NAMES.values()) == ["Authorized Official", "Access Manager", "Staff End User"]  # IA-EMP-07
