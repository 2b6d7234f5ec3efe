"""Which searches are refused, and how a typed box is read (IA-EMP-01, D-47)."""

from __future__ import annotations

import pytest

from services.registry.domain import criteria
from services.registry.domain.criteria import Criterion
from services.registry.domain.errors import CriteriaMissingError, NpiCriterionError, WildcardError


@pytest.mark.parametrize("boxes", [{}, {"first_name": "Rosalind"}, {"last_name": "  ", "first_name": "R"}])
def test_first_name_alone_is_not_enough(boxes: dict[str, str]) -> None:
    with pytest.raises(CriteriaMissingError, match="First Name alone is not enough") as refused:
        criteria.read(**boxes)
    assert refused.value.rule == "IA-EMP-01"


@pytest.mark.parametrize("box", ["organization_name", "last_name", "city", "state", "zip", "npi"])
def test_any_other_box_alone_is_enough(box: str) -> None:
    """D-47: the State too."""
    asked = criteria.read(**{box: "2000000002"})
    assert list(asked.given()) == [box]
    assert asked.only_state == (box == "state")


@pytest.mark.parametrize("typed", ["*", "a*", "*ab", "a*b", "ab**", "a b*c"])
def test_a_wildcard_stands_at_the_end_after_two_characters(typed: str) -> None:
    with pytest.raises(WildcardError) as refused:
        criteria.read(last_name=typed)
    assert (refused.value.rule, refused.value.field) == ("D-47", "last_name")


def test_a_wildcard_after_two_characters_is_a_prefix() -> None:
    assert criteria.read(last_name=" ma* ").last_name == Criterion("ma", prefix=True)
    assert criteria.read(last_name="Marl   brook").last_name == Criterion("Marl brook")


def test_a_state_takes_no_wildcard() -> None:
    with pytest.raises(WildcardError):
        criteria.read(state="ME*")


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("03904", Criterion("03904", prefix=True)),
        ("03904-0118", Criterion("039040118")),
        ("039*", Criterion("039", prefix=True)),
        ("0390", Criterion("0390")),
        ("K1A 0B1", Criterion("K1A 0B1")),
    ],
)
def test_five_digits_of_a_zip_code_stand_for_all_below_them(typed: str, read: Criterion) -> None:
    assert criteria.read(zip=typed).zip == read


@pytest.mark.parametrize("typed", ["2000000003", "200000000", "20000000*", "' OR 1=1"])
def test_an_npi_is_whole_and_right(typed: str) -> None:
    """NP-01."""
    with pytest.raises(NpiCriterionError) as refused:
        criteria.read(npi=typed)
    assert refused.value.field == "npi"
