"""Compliance lists (IA-RST-01): one line a rule, with a mark for what was typed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """How what was typed stands to one rule (IA-RST-02)."""

    MET = "MET"
    NOT_MET = "NOT_MET"
    NOT_YET = "NOT_YET"
    """Cannot be judged by what is known."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line of a compliance list and its mark."""

    rule: str
    words: str
    state: State


def is_accepted(judgements: Iterable[Judgement]) -> bool:
    """Whether every rule is met; a rule that nobody could judge refuses too."""
    return all(judgement.state is State.MET for judgement in judgements)
