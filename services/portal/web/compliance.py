"""The compliance lists of 2.3 as the deck prints them: which rules stand in one line, and what is known of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mandate.identity.v1.service_pb2 import (
    COMPLIANCE_STATE_MET,
    COMPLIANCE_STATE_NOT_MET,
    ComplianceRule,
)

from services.portal.web.words import Words

TOGETHER = {"IA-UID-02": "IA-UID-01", "IA-UID-04": "IA-UID-03"}
"""Rules that the deck prints in the line of another."""

MET, NOT_MET, NOT_YET = "met", "not", "open"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list."""

    rule: str
    state: str


def lines(rules: Iterable[ComplianceRule], words: Words) -> list[Line]:
    """The lines in order. A line of two rules is met when both are, not met when one is not."""
    states: dict[str, set[int]] = {}
    for rule in rules:
        line = TOGETHER.get(rule.rule, rule.rule)
        if f"{line}.rule" in words:
            states.setdefault(line, set()).add(rule.state)
    return [Line(rule, _state(found)) for rule, found in states.items()]


def unmet(shown: Iterable[Line]) -> int:
    """How many lines are not met."""
    return sum(line.state == NOT_MET for line in shown)


def _state(found: set[int]) -> str:
    if COMPLIANCE_STATE_NOT_MET in found:
        return NOT_MET
    return MET if found == {COMPLIANCE_STATE_MET} else NOT_YET
