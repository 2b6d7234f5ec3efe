"""2.3 and section 7: what a password must be, by either profile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.password_policy import (
    CHANGE,
    IA,
    NIST_63B_4,
    PROFILES,
    REGISTRATION,
    PasswordFacts,
    Profile,
    State,
    days_left,
    holds_name,
    is_accepted,
    is_expired,
    judge,
    normalize,
)

MET, NOT_MET, NOT_YET = State.MET, State.NOT_MET, State.NOT_YET
NOW = datetime(2026, 6, 14, 12, tzinfo=UTC)
DAY, TICK = timedelta(days=1), timedelta(microseconds=1)
SPECIAL = "@#&)(-_'\".,*;:/$!"
GOOD = "tide-Pool42"

KNOWN = PasswordFacts(
    user_id="arivera26",
    names=("Ana", "Rivera"),
    now=NOW,
    registered_at=NOW - 90 * DAY,
    changed_at=NOW - 30 * DAY,
    matches_previous=lambda _: False,
    is_breached=lambda _: False,
)


def marks(
    password: str | None,
    *,
    profile: Profile = IA,
    context: str = CHANGE,
    confirmation: str | None = None,
    facts: PasswordFacts = KNOWN,
) -> dict[str, State]:
    again = password if confirmation is None else confirmation
    return {found.rule: found.state for found in judge(profile, context, password, again, facts)}


def broken(password: str, *, profile: Profile = IA, context: str = CHANGE, facts: PasswordFacts = KNOWN) -> set[str]:
    return {
        rule
        for rule, state in marks(password, profile=profile, context=context, facts=facts).items()
        if state is NOT_MET
    }


# The lists


def test_the_list_of_registration_is_the_decks_word_for_word() -> None:
    assert [found.words for found in judge(IA, REGISTRATION, "", "", KNOWN)] == [
        "Must be 8-12 alphanumeric characters.",
        "Must contain at least one letter.",
        "Must contain at least one number.",
        "Must contain at least one valid special character.",
        "Must not contain any invalid special characters.",
        "Must not start with numeric characters.",
        "Must not contain three repeating characters.",
        "Must not be the same as your User ID.",
        "Password must match Confirm Password.",
    ]


def test_the_list_of_reset_password_is_the_decks_word_for_word() -> None:
    assert [found.words for found in judge(IA, CHANGE, "", "", KNOWN)] == [
        "Must be different from your previous 6 passwords.",
        "Passwords may only be changed once every 24 hours.",
        "Must be 8-12 alphanumeric characters.",
        "Must contain at least one letter.",
        "Must contain at least one number.",
        "Must contain at least one valid special character.",
        "Must not contain any invalid special characters.",
        "Must not start with numeric characters.",
        "Must not contain three repeating characters.",
        "Must not contain first name or last name.",
        "Must not be the same as the User ID.",
        "New Password must match Confirm New Password.",
    ]


def test_each_context_judges_by_its_own_column_of_the_table() -> None:
    registration = {f"IA-PW-{number:02}" for number in range(1, 10)}
    assert set(marks(GOOD, context=REGISTRATION)) == registration
    assert set(marks(GOOD, context=CHANGE)) == registration | {"IA-PW-10", "IA-PW-11", "IA-PW-12"}


@pytest.mark.parametrize("context", [REGISTRATION, CHANGE])
@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_good_password_meets_every_rule(profile: Profile, context: str) -> None:
    password = {"ia": GOOD, "nist-63b-4": "quiet tide pools at noon"}[profile.name]
    assert is_accepted(judge(profile, context, password, password, KNOWN))


def test_a_deployments_own_number_is_told_and_judged_by() -> None:
    longer = replace(IA, shortest=10, longest=20)
    assert judge(longer, REGISTRATION, "", "", KNOWN)[0].words == "Must be 10-20 alphanumeric characters."
    assert broken("tidePool42!-longer", profile=longer) == set()
    assert broken("tide-P42", profile=longer) == {"IA-PW-01"}


def test_an_unknown_context_is_refused() -> None:
    with pytest.raises(KeyError):
        judge(IA, "elsewhere", GOOD, GOOD, KNOWN)


# IA-RST-02


def test_at_opening_rules_about_the_text_fail_the_wait_is_met_and_history_has_no_mark() -> None:
    opening = judge(IA, CHANGE, "", "", KNOWN)  # IA-RST-02
    assert [found.state for found in opening] == [NOT_YET, MET, *[NOT_MET] * 10]


def test_what_was_not_given_is_not_judged() -> None:
    assert set(marks(None, facts=PasswordFacts()).values()) == {NOT_YET}


def test_what_is_not_judged_is_not_accepted() -> None:
    assert is_accepted(judge(IA, CHANGE, GOOD, GOOD, KNOWN))
    for facts in (
        replace(KNOWN, matches_previous=None),
        replace(KNOWN, changed_at=None),
        replace(KNOWN, now=None),
        replace(KNOWN, names=None),
        replace(KNOWN, user_id=None),
    ):
        assert not is_accepted(judge(IA, CHANGE, GOOD, GOOD, facts))
    assert not is_accepted(judge(IA, CHANGE, GOOD, None, KNOWN))


# The rules about the text


@pytest.mark.parametrize(("length", "state"), [(7, NOT_MET), (8, MET), (12, MET), (13, NOT_MET)])
def test_a_password_has_8_to_12_characters_of_any_kind(length: int, state: State) -> None:
    password = "a1-b2-c3-d4-e5"[:length]
    assert marks(password)["IA-PW-01"] is state  # IA-PW-01, D-07


@pytest.mark.parametrize(("password", "state"), [("1-2-3-4-5", NOT_MET), ("-1-2-3-z", MET), ("-1-2-3-Z", MET)])
def test_a_password_has_a_letter(password: str, state: State) -> None:
    assert marks(password)["IA-PW-02"] is state  # IA-PW-02


def test_a_letter_beyond_ascii_is_no_letter_here() -> None:
    assert marks("é-1-2-3-4")["IA-PW-02"] is NOT_MET
    assert marks("a-\u0661-b-c-d")["IA-PW-03"] is NOT_MET


@pytest.mark.parametrize(("password", "state"), [("tide-Pool", NOT_MET), ("tide-Pool4", MET)])
def test_a_password_has_a_number(password: str, state: State) -> None:
    assert marks(password)["IA-PW-03"] is state  # IA-PW-03


@pytest.mark.parametrize("special", SPECIAL)
def test_each_of_the_17_special_characters_is_valid_anywhere(special: str) -> None:
    assert len(set(SPECIAL)) == 17
    assert broken(f"tide{special}Pool42") == set()  # IA-PW-04
    assert broken(f"{special}tidePool42") == set()  # D-07: first, too


def test_a_password_without_a_special_character_is_refused() -> None:
    assert broken("tidePool42") == {"IA-PW-04"}  # IA-PW-04


@pytest.mark.parametrize("character", [*" %^+=?<>\\~[]{}|`", "\t", "é", "ß", "\u0661", "\U0001f511", "\0"])
def test_anything_else_is_an_invalid_special_character(character: str) -> None:
    assert broken(f"tide-Po{character}42") == {"IA-PW-05"}  # IA-PW-05, D-02: the backslash among them


@given(st.characters())
def test_a_character_is_valid_exactly_when_it_is_a_letter_a_digit_or_one_of_the_17(character: str) -> None:
    valid = character in SPECIAL or (character.isascii() and character.isalnum())
    assert (marks(f"a{character}-b1")["IA-PW-05"] is MET) == valid


@pytest.mark.parametrize("digit", "0123456789")
def test_a_password_does_not_start_with_a_number(digit: str) -> None:
    assert broken(f"{digit}tide-Pool") == {"IA-PW-06"}  # IA-PW-06
    assert broken(f"t{digit}ide-Pool") == set()


@pytest.mark.parametrize(
    ("password", "state"),
    [
        ("aaa1b-cd", NOT_MET),
        ("b1-cdaaa", NOT_MET),
        ("ab1---cd", NOT_MET),
        ("abab-ab1", MET),
        ("aabbaab-1", MET),
        ("aAab-cd1", MET),
    ],
)
def test_three_of_one_character_in_a_row_are_refused(password: str, state: State) -> None:
    assert marks(password)["IA-PW-07"] is state  # IA-PW-07, D-06


def test_a_password_differs_from_the_user_id_in_any_case() -> None:
    assert marks("ARivera26")["IA-PW-08"] is NOT_MET  # IA-PW-08
    assert marks("ARivera2-")["IA-PW-08"] is MET
    assert marks(GOOD, facts=replace(KNOWN, user_id=None))["IA-PW-08"] is NOT_YET


def test_a_password_that_is_the_user_id_breaks_another_rule_as_well() -> None:
    assert broken("arivera26") >= {"IA-PW-08", "IA-PW-04"}


@pytest.mark.parametrize(
    ("confirmation", "state"),
    [(GOOD, MET), (GOOD.lower(), NOT_MET), (GOOD + " ", NOT_MET), ("", NOT_MET)],
)
def test_a_password_matches_its_confirmation(confirmation: str, state: State) -> None:
    assert marks(GOOD, confirmation=confirmation)["IA-PW-09"] is state  # IA-PW-09


def test_a_confirmation_that_was_not_given_is_not_judged() -> None:
    assert judge(IA, REGISTRATION, GOOD, None, KNOWN)[-1].state is NOT_YET


@pytest.mark.parametrize("password", ["my-aNa-42x", "rivera-42x", "x-RIVERA42"])
def test_a_change_refuses_first_and_last_name_in_any_case(password: str) -> None:
    assert broken(password) == {"IA-PW-10"}  # IA-PW-10, D-03


def test_registration_does_not_ask_for_names() -> None:
    assert broken("rivera-42x", context=REGISTRATION) == set()  # D-03
    assert holds_name("rivera-42x", ("Ana", "Rivera"))  # what step 2 warns of


@pytest.mark.parametrize(
    ("names", "held"),
    [
        (("Al", "Bo"), False),
        (("Alx", "Bo"), False),
        (("Ali", "Bo"), True),
        (("", "  "), False),
        (("O'", "Bo"), False),
        (("O'ali", "Bo"), True),
        ((" Ali ", "Bo"), True),
    ],
)
def test_names_under_three_letters_are_ignored(names: tuple[str, str], held: bool) -> None:
    assert holds_name("Bo-Al-o'ali4", names) == held  # D-03


# The rules that ask for facts


def test_one_of_the_previous_six_is_refused() -> None:
    facts = replace(KNOWN, matches_previous=lambda password: password == GOOD)
    assert broken(GOOD, facts=facts) == {"IA-PW-11"}  # IA-PW-11, D-31
    assert broken("tide-Pool43", facts=facts) == set()
    assert IA.history == 6


@pytest.mark.parametrize("password", ["", "short-1", "tide-Pool42 "])
def test_the_slow_look_at_previous_passwords_waits_until_the_text_is_right(password: str) -> None:
    asked: list[str] = []
    facts = replace(KNOWN, matches_previous=lambda password: bool(asked.append(password)))  # type: ignore[func-returns-value]
    assert marks(password, facts=facts)["IA-PW-11"] is NOT_YET
    assert asked == []
    assert marks(GOOD, confirmation="other", facts=facts)["IA-PW-11"] is NOT_YET
    assert asked == []
    assert marks(GOOD, facts=facts)["IA-PW-11"] is MET
    assert asked == [GOOD]


@pytest.mark.parametrize(("profile", "context"), [(IA, REGISTRATION), (NIST_63B_4, CHANGE)])
def test_previous_passwords_are_not_looked_at_where_no_rule_asks(profile: Profile, context: str) -> None:
    def never(_: str) -> bool:
        raise AssertionError

    marks("quiet tide pools at noon", profile=profile, context=context, facts=replace(KNOWN, matches_previous=never))
    marks(GOOD, profile=profile, context=context, facts=replace(KNOWN, matches_previous=never))


@pytest.mark.parametrize(
    ("since", "state"),
    [(timedelta(0), NOT_MET), (DAY - TICK, NOT_MET), (DAY, MET), (DAY + TICK, MET), (-TICK, NOT_MET)],
)
def test_a_password_changes_once_in_24_hours(since: timedelta, state: State) -> None:
    facts = replace(KNOWN, changed_at=NOW - since)
    assert marks(GOOD, facts=facts)["IA-PW-12"] is state  # IA-PW-12


@pytest.mark.parametrize(("age", "state"), [(timedelta(0), MET), (DAY - TICK, MET), (DAY, NOT_MET)])
def test_the_first_24_hours_after_registration_are_exempt(age: timedelta, state: State) -> None:
    facts = replace(KNOWN, registered_at=NOW - age, changed_at=NOW - timedelta(hours=1))
    assert marks(GOOD, facts=facts)["IA-PW-12"] is state  # D-30


def test_a_forced_reset_and_one_after_compromise_are_exempt() -> None:
    hot = replace(KNOWN, changed_at=NOW)
    assert marks(GOOD, facts=hot)["IA-PW-12"] is NOT_MET
    assert marks(GOOD, facts=replace(hot, exempt=True))["IA-PW-12"] is MET  # D-30


# The life of a password


@pytest.mark.parametrize(
    ("since", "left"),
    [
        (timedelta(0), 60),
        (DAY - TICK, 60),
        (3 * DAY, 57),
        (4 * DAY - TICK, 57),
        (60 * DAY - TICK, 1),
        (60 * DAY, 0),
        (90 * DAY, 0),
        (-timedelta(seconds=1), 60),
    ],
)
def test_days_left_are_60_minus_the_whole_days_since_the_change(since: timedelta, left: int) -> None:
    assert days_left(NOW - since, NOW) == left  # IA-PW-13, D-31: 3 days after, 57


@given(st.timedeltas(timedelta(0), 100 * DAY))
def test_a_password_is_expired_exactly_when_no_day_is_left(since: timedelta) -> None:
    assert is_expired(NOW - since, NOW) == (days_left(NOW - since, NOW) == 0) == (since >= 60 * DAY)


def test_a_password_expires_at_60_times_24_hours_to_the_instant() -> None:
    assert not is_expired(NOW - 60 * DAY + TICK, NOW)
    assert is_expired(NOW - 60 * DAY, NOW)  # D-31


def test_days_are_24_hours_whatever_the_clocks_do() -> None:
    before_spring = datetime(2026, 3, 7, 12, tzinfo=UTC)
    assert days_left(before_spring, before_spring + timedelta(hours=23)) == 60
    assert days_left(before_spring, before_spring + timedelta(hours=24)) == 59


def test_a_password_of_the_nist_profile_has_no_end() -> None:
    assert days_left(NOW - 900 * DAY, NOW, profile=NIST_63B_4) is None
    assert not is_expired(NOW - 900 * DAY, NOW, profile=NIST_63B_4)


# The NIST profile


def test_the_nist_profile_has_no_composition_no_history_no_wait_no_questions() -> None:
    for context in (REGISTRATION, CHANGE):
        assert set(marks("", profile=NIST_63B_4, context=context)) == {
            "NIST-PW-01",
            "NIST-PW-02",
            "NIST-PW-03",
            "IA-PW-09",
        }
    assert not NIST_63B_4.asks_questions
    assert IA.asks_questions
    facts = replace(KNOWN, changed_at=NOW, matches_previous=lambda _: True)
    assert broken("1ooo ooo ooo ooo", profile=NIST_63B_4, facts=facts) == set()


@pytest.mark.parametrize(("length", "state"), [(14, NOT_MET), (15, MET), (128, MET), (129, NOT_MET)])
def test_a_nist_password_has_15_to_128_code_points(length: int, state: State) -> None:
    password = ("quiet tide pools at noon, " * 6)[:length]
    assert marks(password, profile=NIST_63B_4)["NIST-PW-01"] is state


def test_code_points_are_counted_after_composing() -> None:
    apart = "e\u0301" * 14  # 28 before, 14 after
    assert marks(apart, profile=NIST_63B_4)["NIST-PW-01"] is NOT_MET
    assert marks(apart + "x", profile=NIST_63B_4)["NIST-PW-01"] is MET
    assert marks("\U0001f511" * 15, profile=NIST_63B_4)["NIST-PW-01"] is MET


def test_two_ways_to_type_one_text_are_one_password() -> None:
    assert normalize("cafe\u0301") == normalize("caf\u00e9")
    apart, composed = "quiet cafe\u0301s at noon", "quiet caf\u00e9s at noon"
    assert marks(apart, profile=NIST_63B_4, confirmation=composed)["IA-PW-09"] is MET


@pytest.mark.parametrize(
    "password", ["quiet\ttide pools at noon", "quiet tide pools\0 at noon", "quiet tide\u2028pools at"]
)
def test_what_cannot_be_printed_is_refused(password: str) -> None:
    assert broken(password, profile=NIST_63B_4) == {"NIST-PW-02"}


@pytest.mark.parametrize(
    "password",
    ["тихие приливы в полдень", "静かな潮だまりは正午にとても美しい", "a family: \U0001f468\u200d\U0001f469 at noon"],
)
def test_any_script_is_welcome(password: str) -> None:
    assert broken(password, profile=NIST_63B_4) == set()


@pytest.mark.parametrize(
    "password",
    [
        "medicaremedicare",
        "Medicare-Medicare-2026",
        "PecosNppesCms!!",
        "arivera26arivera26",
        "AnaRivera-Pecos-1",
        "Harbor Point Medical",
        "HarborPointMedical123",
    ],
)
def test_words_of_the_place_and_the_person_make_no_password(password: str) -> None:
    facts = replace(KNOWN, employers=("Harbor Point Medical",))
    assert broken(password, profile=NIST_63B_4, facts=facts) == {"NIST-PW-03"}


@pytest.mark.parametrize("password", ["medicare pays my rent", "banana bread at noon", "cms is an acronym too"])
def test_a_phrase_may_mention_them(password: str) -> None:
    assert broken(password, profile=NIST_63B_4) == set()


def test_eight_code_points_besides_blocked_words_are_enough_and_seven_are_not() -> None:
    assert marks("medicare-tidePool"[:16], profile=NIST_63B_4)["NIST-PW-03"] is MET
    assert marks("medicare-tidePool"[:15], profile=NIST_63B_4)["NIST-PW-03"] is NOT_MET


def test_a_breached_password_is_refused_whole_and_composed() -> None:
    asked: list[str] = []

    def is_breached(password: str) -> bool:
        asked.append(password)
        return password == "correct horse batt\u00e9ry"

    facts = replace(KNOWN, is_breached=is_breached)
    assert broken("correct horse batte\u0301ry", profile=NIST_63B_4, facts=facts) == {"NIST-PW-03"}
    assert broken("my correct horse batt\u00e9ry", profile=NIST_63B_4, facts=facts) == set()
    assert asked == ["correct horse batt\u00e9ry", "my correct horse batt\u00e9ry"]


def test_without_the_list_of_breached_passwords_none_is_accepted() -> None:
    facts = replace(KNOWN, is_breached=None)
    assert marks("quiet tide pools at noon", profile=NIST_63B_4, facts=facts)["NIST-PW-03"] is NOT_YET


# What may be printed


def test_facts_keep_persons_out_of_their_own_picture() -> None:
    assert "Rivera" not in repr(KNOWN)
    assert "arivera26" not in repr(KNOWN)


@given(st.text(max_size=20), st.text(max_size=20))
def test_every_text_is_judged_by_every_profile_without_fail(password: str, confirmation: str) -> None:
    for profile in PROFILES.values():
        for context in (REGISTRATION, CHANGE):
            found = judge(profile, context, password, confirmation, KNOWN)
            assert [judgement.rule for judgement in found] == [rule for rule, _ in profile.lists[context]]
            assert not any(password in judgement.words for judgement in found if len(password) > 12)
