"""What a user id must be (2.3): five rules, told in the three lines of the deck's list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from services.identity.domain.compliance import Judgement, State

SHORTEST, LONGEST = 6, 12
MOST_DIGITS = 4
SSN_DIGITS = 9
"""An NPI has ten; neither passes IA-UID-03, but the list tells it by IA-UID-05 too."""

LINES = (
    (
        ("IA-UID-01", "IA-UID-02"),
        "Must be 6-12 alphanumeric characters and unique within the Identity & Access Management System and NPPES.",
    ),
    (
        ("IA-UID-03", "IA-UID-04"),
        "Must not contain more than four numeric characters, any spaces, or any special characters.",
    ),
    (("IA-UID-05",), "Must not contain personally identifiable information such as SSN or NPI."),
)
"""The deck's list "User ID Compliance": which rules stand in one line, and its words."""


@dataclass(frozen=True, slots=True)
class UserIdFacts:
    """What the rules ask that is not typed. None means unknown."""

    is_taken: bool | None = None
    """Whether I&A or NPPES knows the user id already, in whatever case (`folded`)."""
    ssn_last_four: str | None = field(default=None, repr=False)
    """Of the person's own SSN; unknown before step 2, where the user id is judged again (D-04)."""


def folded(user_id: str) -> str:
    """What must be unique: two user ids that differ in case only are one (IA-UID-02)."""
    return user_id.casefold()


def judge(user_id: str | None, facts: UserIdFacts) -> tuple[Judgement, ...]:
    """Judge by all five rules in order, each with the words of its line.

    An empty user id breaks every rule about the text; None leaves them not yet judged. Uniqueness is not yet judged
    while nobody knows. IA-UID-05 is met at step 1, where no SSN is known that could be in it (D-04).
    """
    return tuple(Judgement(rule, words, _state(rule, user_id, facts)) for rules, words in LINES for rule in rules)


def compliance(judgements: Iterable[Judgement]) -> tuple[Judgement, ...]:
    """The deck's three lines, each under its first rule: met when all its rules are, not met when one is not."""
    states = {judgement.rule: judgement.state for judgement in judgements}
    return tuple(Judgement(rules[0], words, _together({states[rule] for rule in rules})) for rules, words in LINES)


def _together(states: set[State]) -> State:
    if State.NOT_MET in states:
        return State.NOT_MET
    return State.NOT_YET if State.NOT_YET in states else State.MET


def _state(rule: str, user_id: str | None, facts: UserIdFacts) -> State:
    if user_id is None or (rule == "IA-UID-02" and (not user_id or facts.is_taken is None)):
        return State.NOT_YET
    return State.MET if user_id and _RULES[rule](user_id, facts) else State.NOT_MET


def _digits(user_id: str) -> str:
    return "".join(filter(str.isdigit, user_id))


def _holds_no_number_of_the_person(user_id: str, facts: UserIdFacts) -> bool:
    """D-04: the last four of the SSN, also with letters between them, or as many digits as an SSN has."""
    digits = _digits(user_id)
    return len(digits) < SSN_DIGITS and (not facts.ssn_last_four or facts.ssn_last_four not in digits)


_RULES: Mapping[str, Callable[[str, UserIdFacts], bool]] = MappingProxyType(
    {
        "IA-UID-01": lambda user_id, _: SHORTEST <= len(user_id) <= LONGEST,
        "IA-UID-02": lambda _, facts: not facts.is_taken,
        "IA-UID-03": lambda user_id, _: len(_digits(user_id)) <= MOST_DIGITS,
        "IA-UID-04": lambda user_id, _: user_id.isascii() and user_id.isalnum(),
        "IA-UID-05": _holds_no_number_of_the_person,
    }
)
