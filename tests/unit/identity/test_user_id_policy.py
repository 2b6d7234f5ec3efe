"""IA-UID-01 to IA-UID-05: what a user id must be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.domain.compliance import State
from services.identity.domain.password_policy import is_accepted
from services.identity.domain.user_id_policy import UserIdFacts, compliance, folded, judge

MET, NOT_MET, NOT_YET = State.MET, State.NOT_MET, State.NOT_YET
FREE = UserIdFacts(is_taken=False)


def marks(user_id: str | None, facts: UserIdFacts = FREE) -> dict[str, State]:
    return {found.rule: found.state for found in judge(user_id, facts)}


def broken(user_id: str, facts: UserIdFacts = FREE) -> set[str]:
    return {rule for rule, state in marks(user_id, facts).items() if state is NOT_MET}


def test_the_list_is_the_decks_word_for_word() -> None:
    assert [line.words for line in compliance(judge("", FREE))] == [
        "Must be 6-12 alphanumeric characters and unique within the Identity & Access Management System and NPPES.",
        "Must not contain more than four numeric characters, any spaces, or any special characters.",
        "Must not contain personally identifiable information such as SSN or NPI.",
    ]


@pytest.mark.parametrize("user_id", ["arivera26", "ARIVERA", "a1b2c3d4", "2026anar"])
def test_a_good_user_id_meets_every_rule(user_id: str) -> None:
    assert is_accepted(judge(user_id, FREE))


@pytest.mark.parametrize(("length", "state"), [(5, NOT_MET), (6, MET), (12, MET), (13, NOT_MET)])
def test_a_user_id_has_6_to_12_characters(length: int, state: State) -> None:
    assert marks("ariveramontoya"[:length])["IA-UID-01"] is state  # IA-UID-01


def test_a_user_id_is_unique() -> None:
    assert broken("arivera26", UserIdFacts(is_taken=True)) == {"IA-UID-02"}  # IA-UID-02
    assert marks("arivera26", UserIdFacts())["IA-UID-02"] is NOT_YET
    assert not is_accepted(judge("arivera26", UserIdFacts()))


def test_user_ids_that_differ_in_case_are_one() -> None:
    assert folded("ARivera26") == folded("arivera26")  # IA-UID-02


@pytest.mark.parametrize(("user_id", "state"), [("arivera2026", MET), ("a2r0i2v6era", MET), ("arivera20261", NOT_MET)])
def test_a_user_id_has_at_most_four_numbers(user_id: str, state: State) -> None:
    assert marks(user_id)["IA-UID-03"] is state  # IA-UID-03


@pytest.mark.parametrize("character", [*" -_.@'\t", "é", "ß", "\u0661", "\u200b"])
def test_a_user_id_has_no_space_and_no_special_character(character: str) -> None:
    assert broken(f"ana{character}rivera") == {"IA-UID-04"}  # IA-UID-04


@pytest.mark.parametrize("user_id", ["ana1234", "1234ana", "an12a34"])
def test_a_user_id_does_not_hold_the_last_four_of_the_persons_ssn(user_id: str) -> None:
    assert broken(user_id, UserIdFacts(is_taken=False, ssn_last_four="1234")) == {"IA-UID-05"}  # IA-UID-05, D-04
    assert broken(user_id, UserIdFacts(is_taken=False, ssn_last_four="1235")) == set()


def test_before_the_ssn_is_known_nothing_of_it_can_be_held() -> None:
    assert marks("ana1234")["IA-UID-05"] is MET  # D-04: judged again at step 2


@pytest.mark.parametrize("number", ["881401234", "2000000002"])
def test_a_whole_ssn_or_npi_is_told_by_its_own_rule_too(number: str) -> None:
    assert broken(number) == {"IA-UID-03", "IA-UID-05"}


def test_an_empty_user_id_fails_and_one_not_given_is_not_judged() -> None:
    assert marks("") == dict.fromkeys(marks(""), NOT_MET) | {"IA-UID-02": NOT_YET}
    assert set(marks(None).values()) == {NOT_YET}


def test_a_line_of_two_rules_is_met_when_both_are() -> None:
    def lines(user_id: str, facts: UserIdFacts = FREE) -> list[State]:
        return [line.state for line in compliance(judge(user_id, facts))]

    assert lines("arivera26") == [MET, MET, MET]
    assert lines("arivera26", UserIdFacts(is_taken=True)) == [NOT_MET, MET, MET]
    assert lines("arivera26", UserIdFacts()) == [NOT_YET, MET, MET]
    assert lines("ari", UserIdFacts()) == [NOT_MET, MET, MET]
    assert lines("arivera20261") == [MET, NOT_MET, MET]  # the page of the portal's look
    assert [line.rule for line in compliance(judge("", FREE))] == ["IA-UID-01", "IA-UID-03", "IA-UID-05"]


@given(st.text(max_size=20))
def test_every_text_is_judged_and_only_ascii_letters_and_digits_are_accepted(user_id: str) -> None:
    found = judge(user_id, FREE)
    assert [judgement.rule for judgement in found] == [f"IA-UID-{number:02}" for number in range(1, 6)]
    if is_accepted(found):
        assert user_id.isascii()
        assert user_id.isalnum()


def test_facts_keep_the_ssn_out_of_their_picture() -> None:
    assert "1234" not in repr(UserIdFacts(ssn_last_four="1234"))
