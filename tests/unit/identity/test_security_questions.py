"""IA-USEC-02 and D-34: five different questions, five different answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.security_questions import ASKED, COUNT, QUESTIONS, judge, normalize

GOOD = [
    ("FIRST_SCHOOL", "Lakeview"),
    ("PARENTS_MET_CITY", "Duluth"),
    ("FIRST_CAR", "Saab"),
    ("FIRST_PET", "Pebble"),
    ("OLDEST_COUSIN", "Imke"),
]


def changed(place: int, question: str | None = None, answer: str | None = None) -> list[tuple[str, str]]:
    chosen = list(GOOD)
    old_question, old_answer = chosen[place]
    chosen[place] = (old_question if question is None else question, old_answer if answer is None else answer)
    return chosen


def problems(chosen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(problem.field, problem.code) for problem in judge(chosen)]


def test_there_are_questions_enough_and_no_two_are_the_same() -> None:
    assert len(QUESTIONS) >= 15
    assert len(set(QUESTIONS.values())) == len(QUESTIONS)
    assert all(words.endswith("?") for words in QUESTIONS.values())
    assert (COUNT, ASKED) == (5, 3)  # D-34: three of five


@pytest.mark.parametrize(
    "words",
    [
        "What was the name of your first school?",
        "In what city did your parents meet?",
        "What was the make of your first car?",
        "What is the name of a memorable teacher?",
    ],
)
def test_the_questions_of_the_portals_look_are_among_them(words: str) -> None:
    assert words in QUESTIONS.values()


def test_five_different_questions_with_five_different_answers_are_right() -> None:
    assert judge(GOOD) == ()  # IA-USEC-02


@pytest.mark.parametrize("count", [0, 4, 6])
def test_another_number_of_questions_is_refused(count: int) -> None:
    chosen = [*GOOD, ("FIRST_TRIP", "Bergen")][:count]
    assert problems(chosen) == [("answers", "QUESTIONS_COUNT")]  # IA-USEC-02


@pytest.mark.parametrize("place", range(5))
def test_all_ten_fields_are_required(place: int) -> None:
    assert problems(changed(place, question="")) == [(f"answers.{place}.question", "FIELD_REQUIRED")]  # IA-USEC-02
    assert problems(changed(place, answer=" \t")) == [(f"answers.{place}.answer", "FIELD_REQUIRED")]


def test_five_empty_rows_tell_of_empty_fields_only() -> None:
    assert {code for _, code in problems([("", "")] * 5)} == {"FIELD_REQUIRED"}


def test_a_question_chosen_twice_is_told_at_the_later_place() -> None:
    assert problems(changed(3, question="PARENTS_MET_CITY")) == [("answers.3.question", "QUESTION_REPEATED")]
    assert judge(changed(3, question="PARENTS_MET_CITY"))[0].message == (
        "Question 4 is the same as Question 2. Select a different question"
    )


@pytest.mark.parametrize("answer", ["Lakeview", " lakeview ", "LAKEVIEW"])
def test_an_answer_given_twice_is_told_at_the_later_place(answer: str) -> None:
    assert problems(changed(4, answer=answer)) == [("answers.4.answer", "ANSWER_REPEATED")]  # D-34


def test_a_question_that_is_not_on_offer_is_refused() -> None:
    assert problems(changed(1, question="FAVORITE_COLOR")) == [("answers.1.question", "FIELD_MALFORMED")]


def test_an_answer_has_at_most_100_characters() -> None:
    assert problems(changed(0, answer="x" * 100)) == []
    assert problems(changed(0, answer="x" * 101)) == [("answers.0.answer", "FIELD_TOO_LONG")]


@pytest.mark.parametrize(
    ("typed", "again"),
    [(" Duluth ", "duluth"), ("STRASSE", "straße"), ("Ce\u0301line", "c\u00e9line"), ("İzmir", "i\u0307zmir")],
)
def test_answers_are_trimmed_and_case_folded(typed: str, again: str) -> None:
    assert normalize(typed) == normalize(again)  # D-34


@given(st.text(max_size=40))
def test_normalizing_twice_is_the_same_as_once(answer: str) -> None:
    assert normalize(normalize(answer)) == normalize(answer)


@given(st.text(min_size=1, max_size=40))
def test_no_message_repeats_an_answer(answer: str) -> None:
    for problem in judge(changed(4, answer=answer * 4)):
        assert answer * 4 not in problem.message or len(answer * 4) < 5
