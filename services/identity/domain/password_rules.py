"""What a rule about a password asks, and how each is judged: one engine for both policies (2.3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

DAY = timedelta(days=1)

REST = 8
"""Code points that a password must have besides blocked words: the least that 63B-4 asks of any password."""

SHORT_NAME = 3
"""Letters of the shortest name that is looked for in a password (D-03)."""

_RUN = 3
_UNPRINTABLE = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class PasswordFacts:
    """What the rules ask that is not typed. None means unknown: the rules that need it are not judged yet."""

    user_id: str | None = field(default=None, repr=False)
    names: tuple[str, ...] | None = field(default=None, repr=False)
    """First and last name."""
    employers: tuple[str, ...] = field(default=(), repr=False)
    """Names of employers, for the blocklist."""
    now: datetime | None = None
    """The clock's instant, aware."""
    registered_at: datetime | None = None
    changed_at: datetime | None = None
    """When the password was last set, aware."""
    exempt: bool = False
    """External User Services force this reset, or it follows a reported or detected compromise (D-30)."""
    matches_previous: Callable[[str], bool] | None = field(default=None, repr=False)
    """Whether a password is the current one or one of the 5 before it (D-31); slow, so asked last and once."""
    is_breached: Callable[[str], bool] | None = field(default=None, repr=False)
    """Whether the list of common and compromised passwords holds it."""


@dataclass(frozen=True, slots=True)
class Profile:
    """A policy: its numbers, and the lists it shows, which are the rules it judges by, in order.

    Words name the profile's numbers by `{0.field}`, so that a list never tells another number than it is judged by.
    """

    name: str
    shortest: int
    longest: int
    """Both in code points after NFC."""
    lists: Mapping[str, tuple[tuple[str, str], ...]]
    """For each context, rule ids with their words."""
    special_characters: str = ""
    """What IA-PW-04 accepts; empty where any character will do."""
    life: timedelta | None = None
    history: int = 0
    """Earlier passwords refused, the current one included."""
    hours_between_changes: int = 0
    blocked_words: tuple[str, ...] = ()
    asks_questions: bool = False
    """Whether security questions are part of the account (IA-USEC-02)."""


def normalize(password: str) -> str:
    """The password as it is judged and hashed: NFC, never trimmed, never cut."""
    return unicodedata.normalize("NFC", password)


def holds_name(password: str, names: Iterable[str]) -> bool:
    """Whether a password contains a name, whatever the case; names under 3 letters are not looked for (D-03)."""
    folded = normalize(password).casefold()
    long_enough = (name for name in names if sum(map(str.isalpha, name)) >= SHORT_NAME)
    return any(normalize(name.strip()).casefold() in folded for name in long_enough)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is judged, with what is known besides."""

    profile: Profile
    facts: PasswordFacts
    password: str | None = field(repr=False)
    confirmation: str | None = field(repr=False)


def of_text(rule: str, attempt: Attempt) -> bool | None:
    """Whether a rule about the text is met; None where it cannot be judged."""
    if not attempt.password:
        return None if attempt.password is None else False  # IA-RST-02: an empty box breaks them all
    return ABOUT_TEXT[rule](attempt, attempt.password)


def _has_length(attempt: Attempt, password: str) -> bool:
    return attempt.profile.shortest <= len(password) <= attempt.profile.longest  # D-07: over all characters


def _is_special(attempt: Attempt, character: str) -> bool:
    return character in attempt.profile.special_characters


def _is_alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _has_run(password: str) -> bool:
    """D-06: three of one character in a row, upper and lower case being two."""
    return any(len(set(password[start : start + _RUN])) == 1 for start in range(len(password) - _RUN + 1))


def _differs_from_user_id(attempt: Attempt, password: str) -> bool | None:
    user_id = attempt.facts.user_id
    return None if user_id is None else password.casefold() != user_id.casefold()


def _holds_no_name(attempt: Attempt, password: str) -> bool | None:
    return None if attempt.facts.names is None else not holds_name(password, attempt.facts.names)


def _is_confirmed(attempt: Attempt, password: str) -> bool | None:
    return None if attempt.confirmation is None else password == attempt.confirmation


def _is_unexpected(attempt: Attempt, password: str) -> bool | None:
    """Whether enough is left without what an attacker tries first, and no list of known passwords has it.

    The whole password is looked up, never a part: 63B-4 wants it so. Words of the place and the person refuse only
    what is made of little else, or no passphrase could mention rent and medicare.
    """
    facts = attempt.facts
    words = (*attempt.profile.blocked_words, facts.user_id or "", *(facts.names or ()), *facts.employers)
    text = _letters(password)
    rest = text
    for word in sorted(map(_letters, words), key=len, reverse=True):
        if len(word) >= SHORT_NAME:
            rest = rest.replace(word, " ")  # a blank, so that what stood around it makes no new word
    if len(password) - (len(text) - len(rest.replace(" ", ""))) < REST:
        return False
    return None if facts.is_breached is None else not facts.is_breached(password)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, normalize(text).casefold()))


def is_new(attempt: Attempt) -> bool | None:
    """D-31: neither the current password nor one of those before it."""
    matches = attempt.facts.matches_previous
    return None if matches is None or attempt.password is None else not matches(attempt.password)


def may_change(attempt: Attempt) -> bool | None:
    """D-30: not within a day of the last change, except in the first day after registration, or when exempt."""
    facts, wait = attempt.facts, timedelta(hours=attempt.profile.hours_between_changes)
    if facts.exempt:
        return True
    if facts.now is None or facts.changed_at is None:
        return None
    is_fresh = facts.registered_at is not None and facts.now - facts.registered_at < DAY
    return is_fresh or facts.now - facts.changed_at >= wait


ABOUT_TEXT: Mapping[str, Callable[[Attempt, str], bool | None]] = MappingProxyType(
    {
        "IA-PW-01": _has_length,
        "IA-PW-02": lambda _, password: any(c.isascii() and c.isalpha() for c in password),
        "IA-PW-03": lambda _, password: any(c.isascii() and c.isdigit() for c in password),
        "IA-PW-04": lambda attempt, password: any(_is_special(attempt, c) for c in password),
        "IA-PW-05": lambda attempt, password: all(_is_alphanumeric(c) or _is_special(attempt, c) for c in password),
        "IA-PW-06": lambda _, password: not (password[0].isascii() and password[0].isdigit()),
        "IA-PW-07": lambda _, password: not _has_run(password),
        "IA-PW-08": _differs_from_user_id,
        "IA-PW-09": _is_confirmed,
        "IA-PW-10": _holds_no_name,
        "NIST-PW-01": _has_length,
        "NIST-PW-02": lambda _, password: all(unicodedata.category(c) not in _UNPRINTABLE for c in password),
        "NIST-PW-03": _is_unexpected,
    }
)
"""One engine for both profiles: a list chooses among these, and the two rules that are not about the text."""
