"""Small parts: command ids, phones, codes, compliance lines, challenges, tracking ids, addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from mandate.identity.v1 import service_pb2 as m
from starlette.requests import Request

from chassis import nature
from chassis.nature import Nature
from services.portal.web import clock, codes, commands, compliance, phones, templating, words
from services.portal.web.challenge import Challenges
from services.portal.web.forms import Field, Form
from services.portal.web.visits import client_address


def test_command_ids_are_of_the_seventh_kind() -> None:
    made = commands.new()
    assert commands.read(made) == made
    assert nature.made_at(UUID(made)) is not None


def test_a_second_command_of_a_form_has_the_same_id_at_every_repeat() -> None:
    first = commands.new()
    second = commands.then(first, "send")
    assert second == commands.then(first, "send")
    assert second not in {first, commands.then(first, "other")}
    assert commands.read(second) == second
    assert nature.made_at(UUID(second)) == nature.made_at(UUID(first))


@pytest.mark.parametrize(
    ("typed", "sent", "shown"),
    [
        ("5855550142", "+15855550142", "(585) 555-0142"),
        ("+1 585-555-0142", "+15855550142", "(585) 555-0142"),
        ("585.555.0142 ext. 12", "+15855550142;ext=12", "(585) 555-0142 x12"),
        ("+44 20 7946 0958", "+442079460958", "+44 20 7946 0958"),
    ],
)
def test_phones_are_taken_in_any_format(typed: str, sent: str, shown: str) -> None:
    assert phones.parse(typed) == sent
    assert phones.show(sent) == shown


def test_a_phone_of_the_registry_is_shown_as_any_other() -> None:
    """IA-CONF-01: NPPES writes ten digits and no country."""
    assert phones.show("5855550142") == "(585) 555-0142"


@pytest.mark.parametrize("typed", ["", "12", "no number", "+"])
def test_what_is_no_phone_is_none(typed: str) -> None:
    assert phones.parse(typed) is None


def test_codes_forgive_spaces_and_dashes() -> None:
    assert codes.plain(" 12 3-456 ") == "123456"


def test_lines_of_two_rules_are_met_when_both_are() -> None:
    """2.3: the deck prints IA-UID-01 with IA-UID-02, and IA-UID-03 with IA-UID-04."""
    met, not_met, open_ = m.COMPLIANCE_STATE_MET, m.COMPLIANCE_STATE_NOT_MET, m.COMPLIANCE_STATE_NOT_YET

    def state(first: m.ComplianceState, second: m.ComplianceState) -> str:
        rules = [m.ComplianceRule(rule="IA-UID-01", state=first), m.ComplianceRule(rule="IA-UID-02", state=second)]
        (line,) = compliance.lines(rules, words.load("en"))
        return line.state

    assert state(met, met) == "met"
    assert state(met, not_met) == "not"
    assert state(not_met, open_) == "not"
    assert state(met, open_) == "open"


def test_a_challenge_is_good_once_and_for_a_while(challenges: Challenges) -> None:
    """IA-REG-04."""
    token = challenges.issue()
    text = challenges.text(token)
    assert text is not None
    assert len(text) == 6
    assert challenges.solve(token, f" {text[:3]} {text[3:]} ") == token.partition(".")[0]
    assert challenges.solve(token, text) is None


def test_an_old_challenge_is_dead(challenges: Challenges) -> None:
    token = challenges.issue()
    later = datetime.now(UTC) + timedelta(minutes=11)
    before = nature.use(Nature(now=lambda: later, random_bytes=nature.random_bytes))
    try:
        assert challenges.text(token) is None
    finally:
        nature.use(before)


@pytest.mark.parametrize("token", ["", ".", "a.b.c", "a.9999999999.x", "é.9999999999.é"])
def test_a_challenge_of_others_is_none(challenges: Challenges, token: str) -> None:
    assert challenges.text(token) is None


def test_copies_of_the_portal_know_each_other_s_challenges(challenges: Challenges) -> None:
    twin = Challenges(challenges.key, challenges.life)
    token = challenges.issue()
    assert twin.text(token) == challenges.text(token)
    assert Challenges(b"another key of thirty-two bytes!", challenges.life).text(token) is None


def test_tracking_ids_stand_in_fours() -> None:
    assert templating.tracking("R8WKT4C1GX") == "R8WK-T4C1-GX"


def test_times_are_eastern_as_the_deck_prints_them() -> None:
    """IA-SIGN-05, D-48."""
    at = datetime(2026, 5, 7, 14, 43, tzinfo=UTC)
    assert clock.day_and_time(at, "America/New_York") == "05/07/2026 10:43AM"
    assert clock.time_of_day(at, "America/New_York") == "10:43AM EDT"
    assert clock.day("1980-04-17") == "04/17/1980"


@pytest.mark.parametrize(
    ("hops", "forwarded", "address"),
    [(0, "203.0.113.7", "10.0.0.9"), (1, "6.6.6.6, 203.0.113.7", "203.0.113.7"), (2, "203.0.113.7", ""), (1, "", "")],
)
def test_only_our_proxies_are_believed(hops: int, forwarded: str, address: str) -> None:
    """S-32."""
    headers = [(b"x-forwarded-for", forwarded.encode())]
    request = Request({"type": "http", "headers": headers, "client": ("10.0.0.9", 1)})
    assert client_address(request, hops) == address


def test_a_line_s_end_counts_once_as_in_the_box() -> None:
    """A browser's `maxlength` counts it as one character, and sends two."""
    form = Form(words.load("en"), Field("reason", "IA-RREQ-01.reason", longest=5))
    assert form.read({"reason": "ab\r\ncd"})
    assert form["reason"] == "ab\ncd"
