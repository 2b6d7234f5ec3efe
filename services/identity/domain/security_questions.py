"""Five different security questions with five different answers (IA-USEC-02, D-34)."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

COUNT = 5
"""Questions that an account has."""

ASKED = 3
"""Of them, how many are asked before a reset or an unlock (D-34)."""

LONGEST_ANSWER = 100

QUESTIONS: Mapping[str, str] = MappingProxyType(
    {
        "FIRST_SCHOOL": "What was the name of your first school?",
        "PARENTS_MET_CITY": "In what city did your parents meet?",
        "FIRST_CAR": "What was the make of your first car?",
        "MEMORABLE_TEACHER": "What is the name of a memorable teacher?",
        "FIRST_PET": "What was the name of your first pet?",
        "FIRST_EMPLOYER_CITY": "In what city was your first job?",
        "CHILDHOOD_STREET": "On what street did you live as a child?",
        "CHILDHOOD_FRIEND": "What was the first name of your best friend in childhood?",
        "FAVORITE_BOOK": "What was your favorite book as a child?",
        "FIRST_TRIP": "Where did you go on your first trip by plane?",
        "OLDEST_COUSIN": "What is the first name of your oldest cousin?",
        "FIRST_CONCERT": "What was the first concert you went to?",
        "FIRST_MOVIE": "What was the first movie you saw in a theater?",
        "FIRST_BOSS": "What was the last name of your first boss?",
        "FIRST_DISH": "What was the first dish you learned to cook?",
        "CHILDHOOD_HERO": "Who was your hero when you were a child?",
    }
)
"""Stored name and English words; the deck shows none, the first four are those of our pages."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field; `field` is `answers` or `answers.N.question|answer`, N counted from 0."""

    field: str
    code: str
    message: str


def normalize(answer: str) -> str:
    """The answer as it is compared and hashed: trimmed and case-folded, in one form of Unicode (D-34)."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", answer.strip()).casefold())


def judge(chosen: Sequence[tuple[str, str]]) -> tuple[Problem, ...]:
    """All that is wrong with the chosen questions (stored names) and their answers, field by field; empty if nothing.

    Of two that are the same, the later one is told.
    """
    problems = [] if len(chosen) == COUNT else [Problem("answers", "QUESTIONS_COUNT", f"Choose {COUNT} questions")]
    questions: dict[str, int] = {}
    answers: dict[str, int] = {}
    for place, (question, answer) in enumerate(chosen):
        normal = normalize(answer)
        problems += _of_question(place, question, questions.setdefault(question, place))
        problems += _of_answer(place, normal, answers.setdefault(normal, place))
    return tuple(problems)


def _of_question(place: int, question: str, first: int) -> list[Problem]:
    field, number = f"answers.{place}.question", place + 1
    if not question:
        return [Problem(field, "FIELD_REQUIRED", f"Select Question {number}")]
    if question not in QUESTIONS:
        return [Problem(field, "FIELD_MALFORMED", f"Question {number} is none of the list. Select a question")]
    if first != place:
        repeated = f"Question {number} is the same as Question {first + 1}. Select a different question"
        return [Problem(field, "QUESTION_REPEATED", repeated)]
    return []


def _of_answer(place: int, answer: str, first: int) -> list[Problem]:
    field, number = f"answers.{place}.answer", place + 1
    if not answer:
        return [Problem(field, "FIELD_REQUIRED", f"Enter an answer to Question {number}")]
    if len(answer) > LONGEST_ANSWER:
        return [Problem(field, "FIELD_TOO_LONG", f"Enter at most {LONGEST_ANSWER} characters as Answer {number}")]
    if first != place:
        repeated = f"Answer {number} is the same as Answer {first + 1}. Enter a different answer"
        return [Problem(field, "ANSWER_REPEATED", repeated)]
    return []
