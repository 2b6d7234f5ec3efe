"""What a password must be: two policies as data, judged by one set of rules (2.3, section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from services.identity.domain.compliance import Judgement, State, is_accepted
from services.identity.domain.password_rules import (
    ABOUT_TEXT,
    DAY,
    Attempt,
    PasswordFacts,
    Profile,
    holds_name,
    is_new,
    may_change,
    normalize,
    of_text,
)

__all__ = [
    "CHANGE",
    "IA",
    "NIST_63B_4",
    "PROFILES",
    "REGISTRATION",
    "Judgement",
    "PasswordFacts",
    "Profile",
    "State",
    "days_left",
    "holds_name",
    "is_accepted",
    "is_expired",
    "judge",
    "normalize",
]

REGISTRATION = "registration"
CHANGE = "change"
"""The two columns of 2.3; a reset is a change."""

_TEXT = (
    ("IA-PW-01", "Must be {0.shortest}-{0.longest} alphanumeric characters."),
    ("IA-PW-02", "Must contain at least one letter."),
    ("IA-PW-03", "Must contain at least one number."),
    ("IA-PW-04", "Must contain at least one valid special character."),
    ("IA-PW-05", "Must not contain any invalid special characters."),
    ("IA-PW-06", "Must not start with numeric characters."),
    ("IA-PW-07", "Must not contain three repeating characters."),
)

IA = Profile(
    name="ia",
    shortest=8,
    longest=12,
    special_characters="@#&)(-_'\".,*;:/$!",  # D-02: 17, and the backslash is none of them
    life=60 * DAY,
    history=6,
    hours_between_changes=24,
    asks_questions=True,
    lists=MappingProxyType(
        {
            REGISTRATION: (
                *_TEXT,
                ("IA-PW-08", "Must not be the same as your User ID."),
                ("IA-PW-09", "Password must match Confirm Password."),
            ),
            CHANGE: (
                ("IA-PW-11", "Must be different from your previous {0.history} passwords."),
                ("IA-PW-12", "Passwords may only be changed once every {0.hours_between_changes} hours."),
                *_TEXT,
                ("IA-PW-10", "Must not contain first name or last name."),
                ("IA-PW-08", "Must not be the same as the User ID."),
                ("IA-PW-09", "New Password must match Confirm New Password."),
            ),
        }
    ),
)
"""The deck exactly, its words and their order: the default (D-03: names bind from the first change on)."""

_NIST = (
    ("NIST-PW-01", "Must be {0.shortest}-{0.longest} characters."),
    ("NIST-PW-02", "Must not contain control characters."),
    ("NIST-PW-03", "Must not be a common, expected or compromised password."),
)

NIST_63B_4 = Profile(
    name="nist-63b-4",
    shortest=15,
    longest=128,
    blocked_words=("cms", "pecos", "nppes", "medicare"),
    lists=MappingProxyType(
        {
            # Typing it twice guards against a slip of the keyboard and says nothing about the password.
            REGISTRATION: (*_NIST, ("IA-PW-09", "Password must match Confirm Password.")),
            CHANGE: (*_NIST, ("IA-PW-09", "New Password must match Confirm New Password.")),
        }
    ),
)
"""Length and a blocklist; no composition, no life, no history, no wait between changes."""

PROFILES: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in (IA, NIST_63B_4)})


def judge(
    profile: Profile, context: str, password: str | None, confirmation: str | None, facts: PasswordFacts
) -> tuple[Judgement, ...]:
    """Judge by all rules of a profile in a context, in the list's order.

    An empty password fails every rule about the text (IA-RST-02); None, like a fact that is None, leaves it not yet
    judged. The previous passwords cost a slow hash each: they are asked for once no rule about the text is broken.
    Raises `KeyError` for an unknown context.
    """
    attempt = Attempt(
        profile=profile,
        facts=facts,
        password=None if password is None else normalize(password),
        confirmation=None if confirmation is None else normalize(confirmation),
    )
    listed = profile.lists[context]
    verdicts = {rule: of_text(rule, attempt) for rule, _ in listed if rule in ABOUT_TEXT}
    is_sound = bool(password) and False not in verdicts.values()
    verdicts["IA-PW-12"] = may_change(attempt)
    if any(rule == "IA-PW-11" for rule, _ in listed):
        verdicts["IA-PW-11"] = is_new(attempt) if is_sound else None
    return tuple(Judgement(rule, words.format(profile), _STATES[verdicts[rule]]) for rule, words in listed)


def days_left(changed_at: datetime, now: datetime, *, profile: Profile = IA) -> int | None:
    """Whole days of a password's life that are left: its life minus the whole days since the change (IA-PW-13, D-31).

    Never below 0, never above the life; None where passwords do not expire.
    """
    if profile.life is None:
        return None
    whole_days = max((now - changed_at) // DAY, 0)  # clocks of two machines may differ by a second
    return max(profile.life // DAY - whole_days, 0)


def is_expired(changed_at: datetime, now: datetime, *, profile: Profile = IA) -> bool:
    """Whether a password's life is over: at 60 x 24 h to the instant (D-31). It may then only be changed (X-01)."""
    return profile.life is not None and now - changed_at >= profile.life


_STATES = MappingProxyType({True: State.MET, False: State.NOT_MET, None: State.NOT_YET})
